"""Matrix of data sets: figures of methods trained on one data set and tested on another, or out of fold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from musimo.training.binary_metrics import CONTRASTS, quadrant_aucs
from musimo.training.bootstrap import N_RESAMPLES, Interval, correlations, interval, resample_groups
from musimo.training.markdown import DIMENSIONS, UNDEFINED, escape, table, with_interval
from musimo.training.metrics import Matrix
from musimo.training.study import Study

BANDWIDTH = "bandwidth alone"
UNTRAINED = ""


@dataclass(frozen=True, slots=True)
class CrossRow:
    """Figures of a method, with 95 % intervals over the artists of the test set.

    Parameters
    ----------
    trained_on : name of the training set, or of weights; equal to ``tested_on`` for out-of-fold predictions;
        empty for a score that needs no training
    tested_on : name of the test set
    method : name
    n_train : clips of the training set, without the artists of the test set; None if unknown
    n_clips : of the test set
    r : correlation with the ratings of valence and arousal
    aucs : `CONTRASTS` by name; empty without quadrants
    """

    trained_on: str
    tested_on: str
    method: str
    n_train: int | None
    n_clips: int
    r: tuple[Interval, Interval]
    aucs: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """Labels of the clips that methods are tested on.

    Parameters
    ----------
    name : of the data set
    targets : valence and arousal [shape=(n, 2)]
    groups, quadrants : of each clip; an empty quadrant is unknown
    seed : of the bootstrap
    """

    name: str
    targets: Matrix
    groups: Sequence[str]
    quadrants: Sequence[str]
    seed: int = 0

    def rows(
        self, trained_on: str, n_train: int | None, predictions: Mapping[str, Sequence[Matrix] | Matrix]
    ) -> list[CrossRow]:
        """Compute the figures of each method.

        Parameters
        ----------
        trained_on, n_train : as in `CrossRow`
        predictions : by method, one entry per seed [shape=(n, 2)]; figures are averaged over seeds
        """
        n = len(self.groups)
        weights = np.vstack([np.ones(n), resample_groups(self.groups, N_RESAMPLES, self.seed)])
        return [
            CrossRow(
                trained_on,
                self.name,
                method,
                n_train,
                n,
                (self._r(weights, values, 0), self._r(weights, values, 1)),
                quadrant_aucs(weights, self.quadrants, values) if any(self.quadrants) else {},
            )
            for method, values in predictions.items()
        ]

    def _r(self, weights: Matrix, values: Sequence[Matrix] | Matrix, column: int) -> Interval:
        target = self.targets[:, column]
        draws = np.mean([correlations(weights, target, each[:, column]) for each in values], axis=0)
        return interval(float(draws[0]), draws[1:])


def out_of_fold_rows(study: Study, name: str, seed: int = 0) -> list[CrossRow]:
    """Return the rows of a study: all methods but those with constant predictions.

    Parameters
    ----------
    name : of the data set
    seed : of the bootstrap
    """
    predictions = {
        method: values for method, values in study.predictions.items() if not study.is_constant(method)
    }
    tested = EvaluationSet(name, study.targets, study.groups, study.quadrants, seed)
    return tested.rows(name, None, predictions)


def cross_section(rows: Iterable[CrossRow]) -> str:
    """Return a Markdown table, one row per method and pair of data sets, ordered by test set."""
    ordered = _by_test_set(rows)
    names = [contrast.name for contrast in CONTRASTS]
    cells = [
        [
            _title(row),
            UNDEFINED if row.n_train is None else str(row.n_train),
            str(row.n_clips),
            *(with_interval(each) for each in row.r),
            *(with_interval(row.aucs[name]) if name in row.aucs else UNDEFINED for name in names),
        ]
        for row in ordered
    ]
    head = [
        "trained on → tested on",
        "trained on clips",
        "tested on clips",
        *(f"r, {dimension}" for dimension in DIMENSIONS),
        *(f"AUC, {name}" for name in names),
    ]
    return f"{table(head, cells)}\n\n{_LEGEND}"


def _by_test_set(rows: Iterable[CrossRow]) -> list[CrossRow]:
    """Return rows by test set in order of appearance: out of fold, other training sets, no training."""
    found = list(rows)
    tested = list(dict.fromkeys(row.tested_on for row in found))
    return sorted(
        found,
        key=lambda row: (
            tested.index(row.tested_on),
            row.trained_on != row.tested_on,
            row.trained_on == UNTRAINED,
        ),
    )


def _title(row: CrossRow) -> str:
    method, tested_on = escape(row.method), escape(row.tested_on)
    if row.trained_on == UNTRAINED:
        return f"{tested_on}, {method}"
    if row.trained_on == row.tested_on:
        return f"{tested_on} out of fold, {method}"
    return f"{escape(row.trained_on)} → {tested_on}, {method}"


_LEGEND = (
    "Artists in both data sets were left out of training. 95 % intervals: cluster bootstrap over the artists "
    f"of the test set, {N_RESAMPLES:,} resamples. AUC: share of pairs of a clip of each kind that are in the "
    "right order, .5 by chance; valence: Q1 and Q4 against Q2 and Q3, arousal: Q1 and Q2 against Q3 and Q4; "
    "calm / sad (Q4 against Q3) and happy / tense (Q1 against Q2) by valence. Bandwidth alone orders clips "
    "by their highest frequency; far from .5, the sampling rate or codec of the files is a cue."
)
