"""Figures on music of another data set than the one learnt from, and the sections that show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musimo.training.groups import grouped_folds
from musimo.training.markdown import DIMENSIONS, escape, heading, number, table
from musimo.training.metrics import Column, affine_r2, pair_accuracy, pearson, spearman

N_PARTS = 2  # halves: one for the line, one to judge it, then the other way round


@dataclass(frozen=True, slots=True)
class Transfer:
    """Learnt on one data set, judged on another.

    Parameters
    ----------
    trained_on, tested_on : names of the data sets
    method : what was fitted
    n_clips : judged
    r, spearman, pairs, affine_r2 : (valence, arousal); measures that another scale does not spoil
    """

    trained_on: str
    tested_on: str
    method: str
    n_clips: int
    r: tuple[float, float]
    spearman: tuple[float, float]
    pairs: tuple[float, float]
    affine_r2: tuple[float, float]


def transfer(
    trained_on: str,
    tested_on: str,
    method: str,
    targets: NDArray[np.float64],
    predictions: NDArray[np.float64],
    groups: Sequence[str],
    seed: int = 0,
) -> Transfer:
    """Figures of predictions for a data set that took no part in the training.

    Parameters
    ----------
    targets, predictions : (n, 2), ratings on the 1-9 scale; predictions are one seed's, or a mean
    groups : of the clips; the line behind ``affine_r2`` is fitted on other groups than it is judged on
    seed : of that split
    """
    both = [(targets[:, column], predictions[:, column]) for column in range(2)]
    if len(set(groups)) < N_PARTS:
        fitted = (float("nan"), float("nan"))
    else:
        parts = grouped_folds(groups, targets, N_PARTS, seed)
        fitted = (affine_r2(*both[0], parts), affine_r2(*both[1], parts))
    r, rho, pairs = ((metric(*both[0]), metric(*both[1])) for metric in (pearson, spearman, pair_accuracy))
    return Transfer(trained_on, tested_on, method, len(targets), r, rho, pairs, fitted)


def transfer_section(transfers: Sequence[Transfer]) -> str:
    """As Markdown, one row a dimension and transfer."""
    rows = [
        [
            f"{dimension}: {escape(each.trained_on)} → {escape(each.tested_on)}, {escape(each.method)}",
            str(each.n_clips),
            *(number(pair[column]) for pair in (each.r, each.spearman, each.pairs, each.affine_r2)),
        ]
        for column, dimension in enumerate(DIMENSIONS)
        for each in transfers
    ]
    return table(
        ["learnt on → judged on", "clips", *map(heading, ("r", "Spearman", "pairs")), "R² after a line"], rows
    ) + (
        "\n\nData sets differ in scale and offset, so only measures stand here that these do not spoil. For "
        "the last one a line from predictions to ratings is fitted on one half of the artists and judged on "
        "the other, then the other way round."
    )


@dataclass(frozen=True, slots=True)
class SmokeTest:
    """Predictions beside ratings of a few excerpts: enough to see that nothing is upside down.

    Parameters
    ----------
    title : which excerpts
    n_clips : their number
    valence, energy, tension : r of (predicted valence, predicted arousal) with that rating
    valence_without_energy : partial r of predicted valence with rated valence, rated energy held fixed
    """

    title: str
    n_clips: int
    valence: tuple[float, float]
    energy: tuple[float, float]
    tension: tuple[float, float]
    valence_without_energy: float


def smoke_test(
    title: str, predictions: NDArray[np.float64], valence: Column, energy: Column, tension: Column
) -> SmokeTest:
    """Correlations of predictions (n, 2) with three ratings, (n,) each, on any scale."""
    v, a = predictions.T
    with_valence, with_energy, with_tension = (
        (pearson(ratings, v), pearson(ratings, a)) for ratings in (valence, energy, tension)
    )
    partial = partial_correlation(v, valence, energy)
    return SmokeTest(title, len(predictions), with_valence, with_energy, with_tension, partial)


def partial_correlation(one: Column, other: Column, given: Column) -> float:
    """Correlation of what a line on ``given`` leaves of both; NaN where it leaves nothing."""
    r, a, b = pearson(one, other), pearson(one, given), pearson(other, given)
    left = (1 - a * a) * (1 - b * b)
    return float((r - a * b) / np.sqrt(left)) if left > 1e-12 else float("nan")  # rounding leaves as much


def smoke_section(smokes: Sequence[SmokeTest]) -> str:
    """As Markdown, two rows a test."""
    rows = [
        [
            f"predicted {dimension}, {escape(each.title)}",
            str(each.n_clips),
            *(number(pair[column]) for pair in (each.valence, each.energy, each.tension)),
            number(each.valence_without_energy if dimension == "valence" else float("nan")),
        ]
        for each in smokes
        for column, dimension in enumerate(DIMENSIONS)
    ]
    head = ["r of", "clips", "with valence", "with energy", "with tension", "with valence, energy held fixed"]
    return table(head, rows) + (
        "\n\nA smoke test: so few excerpts tell a reversed sign from a right one, and no more. On film music "
        "valence and energy pull apart, so predicted valence that follows energy shows here."
    )
