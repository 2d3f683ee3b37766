"""Tags heard in the audio of a library's tracks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class HeardScores:
    """Scores of every tag that a model hears, for the tracks of a library.

    Parameters
    ----------
    track_ids : [shape=(n,)]
    tags : names; empty where the model hears no tags
    scores : 0..1, at least 0.5 where a tag is set [shape=(n, n_tags), float32]
    """

    track_ids: NDArray[np.int64]
    tags: tuple[str, ...]
    scores: NDArray[np.float32]


NOTHING_HEARD = HeardScores(np.empty(0, np.int64), (), np.empty((0, 0), np.float32))
"""Scores of a model without tags."""
