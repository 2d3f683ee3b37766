"""The log of a run: ``log.csv``, one row per epoch or checkpoint, and its plot ``curves.png``."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterable
from pathlib import Path

from musimo.atomic import write_atomically
from musimo.training.plots import learning_curves
from musimo.training.progress import Row, T, Work
from musimo.training.study import LearningCurve

REDRAW_S = 10.0  # a plot takes half a second, an epoch of a small training less


class RunLog:
    """Both files of a folder.

    Parameters
    ----------
    folder : that contains them; rows of an earlier run are kept, and none is written twice
    """

    def __init__(self, folder: Path) -> None:
        self.table, self.picture = folder / "log.csv", folder / "curves.png"
        self._written = {(row["part"], row["number"]) for row in read_log(self.table)}
        self._drawn_at: float | None = None
        self._drawn = len(self._written)

    def add(self, row: Row) -> None:
        """Append a row unless it exists."""
        key = (row.part, str(row.number))
        if key in self._written:
            return
        cells = {"part": row.part, "number": str(row.number)}
        cells |= {name: f"{value:.6g}" for name, value in row.values.items()}
        with self.table.open("a", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(cells))
            if not self._written:
                writer.writeheader()
            writer.writerow(cells)
        self._written.add(key)
        if self._drawn_at is None or time.monotonic() - self._drawn_at > REDRAW_S:
            self.draw()

    def draw(self) -> None:
        """Draw the curves if there are new rows."""
        if len(self._written) > self._drawn:
            write_atomically(self.picture, learning_curves(curves_of(read_log(self.table))))
            self._drawn_at, self._drawn = time.monotonic(), len(self._written)


def read_log(table: Path) -> list[dict[str, str]]:
    """Return the rows of a ``log.csv``; [] if there is no such file."""
    if not table.is_file():
        return []
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def curves_of(rows: Iterable[dict[str, str]], parts: Iterable[str] | None = None) -> list[LearningCurve]:
    """Return the rows of a log as learning curves, one per training; ``parts`` None selects all."""
    by_part: dict[str, list[tuple[int, float, float]]] = {}
    for row in rows:
        point = int(row["number"]), float(row["training"]), float(row.get("validation") or "nan")
        by_part.setdefault(row["part"], []).append(point)
    names = by_part if parts is None else [part for part in parts if part in by_part]
    return [LearningCurve(name, *zip(*sorted(by_part[name]), strict=True)) for name in names]


def write_log(work: Work[T], folder: Path) -> Work[T]:
    """Yield from the work, and log its rows in ``folder``."""
    log = RunLog(folder)
    try:
        while True:
            try:
                event = next(work)
            except StopIteration as end:
                result: T = end.value
                return result
            if isinstance(event, Row):
                log.add(event)
            yield event
    finally:
        work.close()
        log.draw()
