"""Events of a training: frozen dataclasses for progress bars and logs."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of work starts.

    Parameters
    ----------
    name : lower case
    total : number of steps; None if unknown
    done : steps that an earlier run has completed
    unit : of a step, singular
    """

    name: str
    total: int | None = None
    done: int = 0
    unit: str = "step"


@dataclass(frozen=True, slots=True)
class Step:
    """``n`` steps of the stage are completed."""

    n: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """Result of one epoch, or of the batches up to a checkpoint: a row of ``log.csv``.

    Parameters
    ----------
    part : name of the training: ``final``, ``seed-0/fold-2``, ``backbone``
    number : of the epoch or batch, from 1
    values : losses, learning rate and seconds, by name
    best : whether the validation loss is the lowest so far
    """

    part: str
    number: int
    values: Mapping[str, float]
    best: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A warning or remark for the user."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event.

    Parameters
    ----------
    figures : results as JSON values
    tables : results as Markdown
    report : path of the report
    weights, card : paths of weights and model card, None if there are none
    """

    figures: Mapping[str, object]
    tables: str
    report: Path
    weights: Path | None = None
    card: Path | None = None


Event = Stage | Step | Row | Note | Finished
Work = Generator[Event, None, T]
"""Generator of events that returns a ``T`` (``yield from``)."""
