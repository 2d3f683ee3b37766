"""``Library.analyses``: exchange of analyses with other libraries, and of arrays with other programs."""

from __future__ import annotations

import gzip
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from musimo.api.session import Session
from musimo.atomic import replacing
from musimo.audio.paths import AnyPath, path_bytes
from musimo.errors import MusimoError, WeightsError
from musimo.library.active_model import activate_if_complete, keep_weights
from musimo.library.db.analyses import (
    BATCH,
    Analysis,
    AnalysisModel,
    analysis_model,
    stored_analyses,
    write_analyses,
)
from musimo.library.db.lock import hold
from musimo.library.db.queries import Store
from musimo.library.portable import (
    InvalidLine,
    opened,
    read_analyses,
    read_header,
    to_lines,
)
from musimo.records.indexing import Indexing
from musimo.search.selection import EVERYTHING, Selection, Where, filters_of

FIRST_LINE = 2  # of analyses; the line before names their model
OTHER_SPACE = "it lies in another space than others of its model, or scores other tags"


@dataclass(frozen=True, slots=True)
class Imported:
    """Progress of an import, or its result.

    Parameters
    ----------
    model : of the analyses
    new, known, refused : how many were stored, were known already, or cannot be used
    interrupted : it was stopped before its end
    """

    model: str
    new: int
    known: int
    refused: int
    interrupted: bool = False


class Analyses:
    """Analyses leave a library by their content hash, wherever the files are, and enter another."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def export(self, target: AnyPath, where: Where = ()) -> tuple[str, int]:
        """Write the analyses of the active model to ``target``, gzipped if it ends in ``.gz``.

        Returns the model, and the number of contents. The file is written whole or not at all.

        Raises
        ------
        MusimoError : it cannot be written
        """
        store = self._session.store
        maker, filters = analysis_model(store), filters_of(where)
        counted = _Counted(stored_analyses(store, filters))
        with _written(target) as (path, file):
            _write_lines(file, to_lines(maker, counted), zipped=path.suffix.lower() == ".gz")
        return maker.model, counted.n

    def export_vectors(self, target: AnyPath, selection: Selection | None = None) -> int:
        """Write analyzed tracks as arrays to ``target``, a NumPy ``.npz``, and return their number.

        The arrays are ``id, path, valence, arousal, embedding (n, 256), sound (n, d), heard (n, n_tags),
        heard_tags, model, start`` and ``end``. The file is written whole or not at all.

        Raises
        ------
        NotFoundError : no track of the selection is analyzed
        MusimoError : the file cannot be written
        """
        from musimo.api.vectors import arrays
        from musimo.output.npz import write_npz

        found = arrays(self._session, selection or EVERYTHING)
        with _written(target) as (_, file):
            write_npz(file, found)
        return len(found["id"])

    def load(
        self, source: AnyPath, stop: Callable[[], bool] = lambda: False
    ) -> Iterator[InvalidLine | Indexing | Imported]:
        """Store the analyses of a file that :meth:`export` wrote; the last event is the result.

        Each batch is one transaction, so an import that was killed goes on where it stopped. The library is
        created where there is none; a first scan then finds its tracks analyzed.

        Parameters
        ----------
        stop : asked between batches

        Raises
        ------
        MusimoError : the file cannot be read, or holds no analyses that this musimo can use
        LibraryError : another process writes to the library
        """
        path = _path(source)
        try:
            with path.open("rb") as file:
                unpacked = opened(file)  # outlives its use, or it would close the file first
                yield from _load(self._session, path, unpacked, stop)
        except OSError as error:
            raise MusimoError(f"cannot read {path}: {error.strerror or error}") from error


class _Counted:
    """Analyses, counted as they pass."""

    def __init__(self, found: Iterable[Analysis]) -> None:
        self._found = found
        self.n = 0

    def __iter__(self) -> Iterator[Analysis]:
        for analysis in self._found:
            self.n += 1
            yield analysis


def _path(named: AnyPath) -> Path:
    return Path(os.fsdecode(path_bytes(named)))


@contextmanager
def _written(target: AnyPath) -> Iterator[tuple[Path, IO[bytes]]]:
    """Open a file that replaces ``target`` once it is complete."""
    path = _path(target)
    try:
        with replacing(path.resolve()) as beside, beside.open("wb") as file:
            yield path, file
    except OSError as error:
        raise MusimoError(
            f"cannot write {path}: {error.strerror}",
            "name another place, or make its folder and its rights fit",
        ) from error


def _load(
    session: Session, path: Path, file: IO[bytes], stop: Callable[[], bool]
) -> Iterator[InvalidLine | Indexing | Imported]:
    maker = _read_maker(file, path)
    n_axes = _checked_axes(maker, session.weights)
    store = Store.open(session.settings.library, session.weights.stem, create=True)
    with hold(store.path):
        done = Imported(maker.model, 0, 0, 0)
        for event in _import(store, maker, n_axes, file, stop):
            done = event if isinstance(event, Imported) else done
            yield event
        activate_if_complete(store)
        with suppress(MusimoError):  # the next scan tries again, and reports it
            keep_weights(store, session.weights)
        session.close()  # another model may be active now
        yield from session.build_indexes()
        yield done


def _import(
    store: Store, maker: AnalysisModel, n_axes: int | None, file: IO[bytes], stop: Callable[[], bool]
) -> Iterator[InvalidLine | Imported]:
    """Store analyses batch by batch, yielding lines that cannot be used, and the counts so far."""
    counts: Counter[str] = Counter()
    batch: dict[int, Analysis] = {}  # by line

    def so_far(*, interrupted: bool = False) -> Imported:
        return Imported(maker.model, counts["new"], counts["known"], counts["refused"], interrupted)

    def stored() -> Iterator[InvalidLine]:
        fates = write_analyses(store, maker, list(batch.values()), n_axes)
        counts.update(fates)
        yield from (
            InvalidLine(line, OTHER_SPACE)
            for line, fate in zip(batch, fates, strict=True)
            if fate == "refused"
        )
        batch.clear()

    for line, read in enumerate(read_analyses(file), FIRST_LINE):
        if isinstance(read, InvalidLine):
            counts["refused"] += 1
            yield read
            continue
        batch[line] = read
        if len(batch) >= BATCH:
            yield from stored()
            yield so_far()
            if stop():
                yield so_far(interrupted=True)
                return
    yield from stored()
    yield so_far()


def _read_maker(file: IO[bytes], path: Path) -> AnalysisModel:
    try:
        return read_header(file)
    except MusimoError as error:
        raise MusimoError(f"cannot import {path}: {error.message}", error.hint) from error


def _checked_axes(maker: AnalysisModel, weights: Path) -> int | None:
    """Return the width of a fused row, if the model is the one in use; features and tags must be its own."""
    from musimo.audio.features import FEATURE_ID
    from musimo.emotion.space import load_space
    from musimo.emotion.weights import read_card

    if maker.model != weights.stem:
        return None
    if maker.features != FEATURE_ID:
        raise MusimoError(
            f"its analyses are by {maker.model} on features {maker.features}, which takes {FEATURE_ID}",
            "export them again with the musimo that has these weights",
        )
    if maker.tags != read_card(weights).tags:
        raise MusimoError(
            f"its analyses name other tags than {maker.model} hears",
            "export them again with the musimo that has these weights",
        )
    try:
        return int(load_space(weights).fused.axes.shape[1])
    except WeightsError:  # a network without a space
        return None


def _write_lines(file: IO[bytes], written: Iterable[bytes], *, zipped: bool) -> None:
    if not zipped:
        file.writelines(written)
        return
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6, mtime=0, filename="") as packed:
        packed.writelines(written)
