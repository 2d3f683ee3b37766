"""What a training tells while it runs: frozen events, for whoever draws bars or writes logs."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stage:
    """A new stretch of work begins.

    Parameters
    ----------
    name : in words, lower case
    total : how many steps it has; None where nobody knows
    done : how many of them an earlier run has done
    unit : of a step, singular
    """

    name: str
    total: int | None = None
    done: int = 0
    unit: str = "step"


@dataclass(frozen=True, slots=True)
class Step:
    """``n`` more steps of the stage are done."""

    n: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One epoch, or the batches up to a checkpoint: a row of ``log.csv``.

    Parameters
    ----------
    part : which of the trainings of a run: ``final``, ``seed-0/fold-2``, ``backbone``
    number : of the epoch or batch, from 1
    values : losses, learning rate and seconds, by name
    best : whether it is the best so far, where something is held apart to tell
    """

    part: str
    number: int
    values: Mapping[str, float]
    best: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence a user should read."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event.

    Parameters
    ----------
    figures : what was measured; JSON
    tables : the same as Markdown
    report : the whole report
    weights, card : what was made, None where nothing was
    """

    figures: Mapping[str, object]
    tables: str
    report: Path
    weights: Path | None = None
    card: Path | None = None


Event = Stage | Step | Row | Note | Finished
Work = Generator[Event, None, T]
"""Work that tells of itself while it runs and comes to a ``T`` at its end (``yield from``)."""
