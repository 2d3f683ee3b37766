"""What one machine heard, for another, from Python: what ``export --analyses`` and ``import`` do.

from musimo import Library, sharing
sharing.export_analyses(Library.open(), "analyses.jsonl.gz")
*_, done = sharing.import_analyses(Library.open("on-the-nas.db"), "analyses.jsonl.gz")
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from musimo.api import Library
from musimo.atomic import replacing
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
from musimo.library.scan.events import Indexing
from musimo.records import Filter
from musimo.resources import weights_path

FIRST_LINE = 2  # of analyses; the one before says who made them
OTHER_SPACE = "it lies in another space than others of its model"


@dataclass(frozen=True, slots=True)
class Imported:
    """How far an import is, or what it came to.

    Parameters
    ----------
    model : that heard the analyses
    new, known, refused : how many were stored, were there already, or cannot be used
    interrupted : it was stopped before its end
    """

    model: str
    new: int
    known: int
    refused: int
    interrupted: bool = False


def export_analyses(library: Library, target: str | Path, where: Sequence[Filter] = ()) -> tuple[str, int]:
    """Write what the model that answers heard to ``target``, whole or not at all; ``.gz`` is gzipped.

    Returns the model and how many sounds.

    Raises
    ------
    MusimoError : it cannot be written
    """
    store = library.opened.store
    maker = analysis_model(store)
    path = Path(target).expanduser()
    n = 0

    def counted() -> Iterator[Analysis]:
        nonlocal n
        for analysis in stored_analyses(store, where):
            n += 1
            yield analysis

    try:
        with replacing(path.resolve()) as beside, beside.open("wb") as file:
            _write(file, to_lines(maker, counted()), zipped=path.suffix.lower() == ".gz")
    except OSError as error:
        raise MusimoError(
            f"cannot write {path}: {error.strerror}",
            "name another place, or make its folder and its rights fit",
        ) from error
    return maker.model, n


def import_analyses(
    library: Library, source: str | Path, stop: Callable[[], bool] = lambda: False
) -> Iterator[InvalidLine | Indexing | Imported]:
    """Take in what another library heard; the last event tells what it came to.

    Batch by batch, one transaction each; what a kill leaves behind is there, and known the next time. The
    library is made where there is none, so that a first scan finds its sounds heard already.

    Raises
    ------
    MusimoError : the file cannot be read, or holds no analyses that this musimo can use
    LibraryError : another process is writing to the library
    """
    path = Path(source).expanduser()
    try:
        with path.open("rb") as file:
            told = opened(file)
            maker = _read_maker(told, path)
            weights = weights_path(library.settings.weights)
            n_axes = _checked_axes(maker, weights)
            store = Store.open(library.settings.library, library.model, create=True)
            with hold(store.path):
                done = Imported(maker.model, 0, 0, 0)
                for event in _import(store, maker, n_axes, told, stop):
                    done = event if isinstance(event, Imported) else done
                    yield event
                activate_if_complete(store)
                with suppress(MusimoError):  # the next scan tries it again, and tells
                    keep_weights(store, weights)
                yield from Library(library.settings).build_indexes()
                yield done
    except OSError as error:
        raise MusimoError(f"cannot read {path}: {error.strerror or error}") from error


def _import(
    store: Store, maker: AnalysisModel, n_axes: int | None, file: IO[bytes], stop: Callable[[], bool]
) -> Iterator[InvalidLine | Imported]:
    counts: Counter[str] = Counter()

    def told(*, interrupted: bool = False) -> Imported:
        return Imported(maker.model, counts["new"], counts["known"], counts["refused"], interrupted)

    batch: dict[int, Analysis] = {}  # by line

    def kept() -> Iterator[InvalidLine]:
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
            yield from kept()
            yield told()
            if stop():
                yield told(interrupted=True)
                return
    yield from kept()
    yield told()


def _read_maker(file: IO[bytes], path: Path) -> AnalysisModel:
    try:
        return read_header(file)
    except MusimoError as error:
        raise MusimoError(f"cannot import {path}: {error.message}", error.hint) from error


def _checked_axes(maker: AnalysisModel, weights: Path) -> int | None:
    """Numbers of a fused row, where the model is the one in use; it must have heard its own features."""
    from musimo.audio.features import FEATURE_ID
    from musimo.emotion.space import load_space

    if maker.model != weights.stem:
        return None
    if maker.features != FEATURE_ID:
        raise MusimoError(
            f"its analyses are of {maker.model} by features {maker.features}, which hears {FEATURE_ID}",
            "export them again by the musimo that has these weights",
        )
    try:
        return int(load_space(weights).fused.axes.shape[1])
    except WeightsError:  # a network without a space
        return None


def _write(file: IO[bytes], written: Iterable[bytes], *, zipped: bool) -> None:
    if not zipped:
        file.writelines(written)
        return
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6, mtime=0, filename="") as packed:
        packed.writelines(written)
