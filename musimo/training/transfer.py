"""Transfer: figures on another data set than the one trained on, and their sections of the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musimo.training.groups import grouped_folds
from musimo.training.markdown import DIMENSIONS, escape, heading, number, table
from musimo.training.metrics import Column, affine_r2, pair_accuracy, pearson, spearman

N_PARTS = 2  # halves: a line is fitted on one and evaluated on the other, and vice versa


@dataclass(frozen=True, slots=True)
class Transfer:
    """Figures of a method trained on one data set and evaluated on another.

    Parameters
    ----------
    trained_on, tested_on : names of the data sets
    method : name
    n_clips : of the test set
    r, spearman, pairs, affine_r2 : (valence, arousal); metrics that do not depend on the scale
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
    """Compute the figures of predictions for a data set that was not used in training.

    Parameters
    ----------
    trained_on, tested_on, method : names
    targets, predictions : on the 1-9 scale, one seed's or a mean [shape=(n, 2)]
    groups : of the clips; the line of ``affine_r2`` is fitted on other groups than it is evaluated on
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
    """Return a Markdown table, one row per dimension and transfer."""
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
        ["trained on → tested on", "clips", *map(heading, ("r", "Spearman", "pairs")), "R² after a line"],
        rows,
    ) + (
        "\n\nData sets differ in scale and offset, so only metrics independent of them are shown. For the "
        "last one, a line from predictions to ratings is fitted on one half of the artists and evaluated on "
        "the other, and vice versa."
    )


@dataclass(frozen=True, slots=True)
class SmokeTest:
    """Correlations of predictions with ratings of a few excerpts, to detect reversed signs.

    Parameters
    ----------
    title : which excerpts
    n_clips : their number
    valence, energy, tension : r of (predicted valence, predicted arousal) with that rating
    valence_without_energy : partial r of predicted with rated valence, given rated energy
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
    """Correlate predictions [shape=(n, 2)] with three ratings [shape=(n,)] on any scale."""
    v, a = predictions.T
    with_valence, with_energy, with_tension = (
        (pearson(ratings, v), pearson(ratings, a)) for ratings in (valence, energy, tension)
    )
    partial = partial_correlation(v, valence, energy)
    return SmokeTest(title, len(predictions), with_valence, with_energy, with_tension, partial)


def partial_correlation(one: Column, other: Column, third: Column) -> float:
    """Return the partial correlation of two columns given a third; NaN if the third explains one fully."""
    r, a, b = pearson(one, other), pearson(one, third), pearson(other, third)
    left = (1 - a * a) * (1 - b * b)
    return float((r - a * b) / np.sqrt(left)) if left > 1e-12 else float("nan")  # zero up to rounding


def smoke_section(smokes: Sequence[SmokeTest]) -> str:
    """Return a Markdown table, two rows per test."""
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
        "\n\nA smoke test: so few excerpts reveal a reversed sign, and no more. In film music, valence and "
        "energy diverge, so predicted valence that follows energy becomes visible."
    )
