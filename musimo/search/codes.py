"""A short list of near rows from one bit a number: what makes a large library quick to ask.

RaBitQ (Gao & Long, SIGMOD 2024), as FAISS scans it: 57 bytes a sound in the place of 1,540, and all of them
are looked at, so that nothing depends on clusters. It needs no training. The codes say which few thousand
rows may be nearest; which of them are, their full vectors say.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musimo.records import FloatArray
from musimo.search.space import Ids

SEED = 1  # of the rotation; any will do, and the same makes the same codes


class Encoder:
    """Codes of rows, part by part.

    Parameters
    ----------
    sample : (m, d) rows, from whose mean the bits count
    """

    def __init__(self, sample: FloatArray) -> None:
        import faiss

        d = sample.shape[1]
        turn = faiss.RandomRotationMatrix(
            d, d
        )  # one axis is then worth as much as another, as a bit takes them
        turn.init(SEED)
        self._bits = faiss.IndexRaBitQFastScan(d, faiss.METRIC_INNER_PRODUCT)
        self._index: Any = faiss.IndexPreTransform(turn, self._bits)
        self._index.train(sample)

    def add(self, rows: FloatArray) -> None:
        """Encode the next rows [shape=(n, d)]."""
        self._index.add(np.ascontiguousarray(rows))

    def codes(self) -> NDArray[np.uint8]:
        """All codes, as FAISS writes them."""
        import faiss

        return np.asarray(faiss.serialize_index(self._index))


class Codes:
    """Codes of a segment, loaded when they are first asked.

    Parameters
    ----------
    data : what :class:`Encoder` made; whoever gives it has checked it, for FAISS believes what it reads
    """

    def __init__(self, data: NDArray[np.uint8]) -> None:
        self._data = data

    def nearest(self, question: FloatArray, n: int) -> Ids:
        """Positions of about the ``n`` rows of largest inner product with ``question``, in no order."""
        found: Ids = self._index.search(question[None], n)[1][0]
        return found[found >= 0]

    @cached_property
    def _index(self) -> Any:
        import faiss

        return faiss.deserialize_index(self._data)
