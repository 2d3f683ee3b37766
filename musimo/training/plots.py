"""Figures of a study, as bytes of PNG files. Needs matplotlib, the extra ``train``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from musimo.output.colors import BLUE, GRAY, ORANGE, VERMILION
from musimo.output.figures import picture
from musimo.training.markdown import DIMENSIONS, number, plain
from musimo.training.metrics import pearson
from musimo.training.study import LearningCurve, Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLORS = (BLUE, VERMILION)  # valence, arousal, in every picture
MAX_GENRES = 24  # rows per plot; rarer genres are combined
CLIPS_PER_BIN = 15  # of a calibration curve: fewer make it noisy
MAX_BINS = 10
MAX_LABEL_LENGTH = 28  # characters


def scatter(study: Study) -> bytes:
    """Plot predicted against mean ratings, with the diagonal."""
    all_predicted = study.mean_predictions(study.ours)

    def draw(figure: Figure) -> None:
        for column, axes in enumerate(figure.subplots(1, 2)):
            rated, predicted = study.targets[:, column], all_predicted[:, column]
            _diagonal(axes, np.concatenate([rated, predicted]))
            axes.plot(rated, predicted, "o", color=COLORS[column], alpha=0.6, ms=4.5, mew=0)
            r = np.mean([pearson(rated, each[:, column]) for each in study.predictions[study.ours]])
            axes.set_title(f"{DIMENSIONS[column]}, r = {number(float(r))}")
            axes.set_xlabel("rated by listeners (1-9)")
            axes.set_ylabel("predicted")
            axes.legend(loc="upper left")

    return picture(draw, (8.6, 4.5), "png")


def calibration(study: Study) -> bytes:
    """Plot the mean rating per bin of predictions, with the regression line."""
    all_predicted = study.mean_predictions(study.ours)

    def draw(figure: Figure) -> None:
        for column, axes in enumerate(figure.subplots(1, 2)):
            rated, predicted = study.targets[:, column], all_predicted[:, column]
            bins = calibration_bins(predicted)
            x, y = (np.array([values[b].mean() for b in bins]) for values in (predicted, rated))
            error = np.array([rated[b].std() / np.sqrt(len(b)) for b in bins])
            _diagonal(axes, np.concatenate([x, y - error, y + error]))
            axes.errorbar(x, y, error, fmt="o", color=COLORS[column], ms=6, capsize=3, label="mean ± SE")
            slope, intercept = calibration_line(rated, predicted)
            if np.isfinite(slope):
                ends = np.array([predicted.min(), predicted.max()])
                axes.plot(ends, slope * ends + intercept, color="black", lw=1.2, label=f"slope {slope:.2f}")
            axes.set_title(DIMENSIONS[column])
            axes.set_xlabel("predicted")
            axes.set_ylabel("mean rating of the bin (1-9)")
            axes.legend(loc="upper left")

    return picture(draw, (8.6, 4.5), "png")


def residuals_by_genre(study: Study) -> bytes:
    """Plot predicted minus mean rating of every clip, one row per genre, with the mean of each."""
    residuals = study.mean_predictions(study.ours) - study.targets
    genres = clips_by_genre(study.genres)

    def draw(figure: Figure) -> None:
        for column, axes in enumerate(figure.subplots(1, 2, sharex=True, sharey=True)):
            for row, clips in enumerate(genres.values()):
                values = residuals[clips, column]
                height = row + np.linspace(-0.22, 0.22, len(values)) if len(values) > 1 else [row]
                axes.plot(values, height, "o", color=COLORS[column], alpha=0.5, ms=3.5, mew=0)
                axes.plot([values.mean()] * 2, [row - 0.38, row + 0.38], color="black", lw=2)
            axes.axvline(0, color=GRAY, lw=1, ls="--")
            axes.set_title(DIMENSIONS[column])
            axes.set_xlabel("predicted minus rated, rating points; bar: mean")
        axes.set_yticks(range(len(genres)), [_label(genre) for genre in genres])
        axes.set_ylim(len(genres) - 0.4, -0.6)

    return picture(draw, (8.6, 1.3 + 0.27 * len(genres)), "png")


def learning_curves(curves: Sequence[LearningCurve]) -> bytes:
    """Plot losses over epochs, one thin line per training, with a dot at the best epoch."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for index, curve in enumerate(curves):
            names = ("training", "validation", "best epoch") if index == 0 else ("_", "_", "_")
            width = 1.6 if len(curves) == 1 else 0.9
            axes.plot(curve.epochs, curve.training, color=ORANGE, lw=width, ls="--", label=names[0])
            axes.plot(curve.epochs, curve.validation, color=BLUE, lw=width, label=names[1])
            if np.isfinite(curve.validation).any():
                best = int(np.nanargmin(curve.validation))
                axes.plot(
                    curve.epochs[best],
                    curve.validation[best],
                    "o",
                    color="black",
                    ms=4,
                    label=names[2],
                    ls="",
                )
        axes.set_title(f"learning curves of {len(curves)} trainings" if len(curves) > 1 else "learning curve")
        axes.set_xlabel("epoch")
        axes.set_ylabel("loss")
        axes.locator_params(axis="x", integer=True)
        axes.legend(loc="upper right")

    return picture(draw, (6.4, 4.0), "png")


def calibration_bins(predicted: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    """Return the clips in order of their prediction, divided into bins of equal size."""
    n_bins = max(1, min(MAX_BINS, len(predicted) // CLIPS_PER_BIN))
    return [np.asarray(part) for part in np.array_split(np.argsort(predicted, kind="stable"), n_bins)]


def calibration_line(rated: NDArray[np.float64], predicted: NDArray[np.float64]) -> tuple[float, float]:
    """Return slope and intercept of ratings over predictions; 1 and 0 if calibrated, NaN for a constant."""
    if np.ptp(predicted) <= 1e-9:  # constant up to rounding
        return float("nan"), float("nan")
    slope, intercept = np.polyfit(predicted, rated, 1)
    return float(slope), float(intercept)


def clips_by_genre(genres: Sequence[str]) -> dict[str, list[int]]:
    """Return the clips of each genre; an empty genre is ``unknown``, the rarest are ``other``."""
    members: dict[str, list[int]] = {}
    for clip, genre in enumerate(genres):
        members.setdefault(plain(genre) or "unknown", []).append(clip)
    if len(members) > MAX_GENRES:
        by_size = sorted(members, key=lambda genre: (-len(members[genre]), genre))
        rest = [clip for genre in by_size[MAX_GENRES - 1 :] for clip in members.pop(genre)]
        members["other"] = sorted(members.get("other", []) + rest)
    return dict(sorted(members.items()))


def _diagonal(axes: Axes, values: NDArray[np.float64]) -> None:
    """Draw equal axes around all values, and the identity line."""
    low, high = values.min() - 0.3, values.max() + 0.3  # margin in rating points
    axes.plot([low, high], [low, high], color=GRAY, lw=1, ls="--", label="perfect")
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.set_aspect("equal")


def _label(text: str) -> str:
    return text if len(text) <= MAX_LABEL_LENGTH else text[: MAX_LABEL_LENGTH - 1] + "…"
