"""Plots open, are deterministic, and change no global state."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from musimo.training.plots import (
    calibration,
    calibration_bins,
    calibration_line,
    clips_by_genre,
    learning_curves,
    residuals_by_genre,
    scatter,
)
from musimo.training.study import LearningCurve, Study
from tests.training.test_report import miniature

pytest.importorskip("matplotlib")

CURVES = (
    LearningCurve("seed 0, fold 0", (1, 2, 3), (3.0, 2.0, 1.0), (3.0, 2.5, 2.7)),
    LearningCurve("without validation", (1, 2), (3.0, 2.0), (float("nan"), float("nan"))),
    LearningCurve("none yet", (), (), ()),
)


def pixels(data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    from matplotlib.image import imread

    return np.asarray(imread(io.BytesIO(data), format="png"))


@pytest.mark.parametrize(
    "draw", [scatter, calibration, residuals_by_genre, lambda study: learning_curves(study.curves)]
)
def test_plots_open_and_are_deterministic(draw: Callable[[Study], bytes]) -> None:
    import matplotlib as mpl

    mpl.rcParams["lines.linewidth"] = 7.0  # somebody's own taste
    before = dict(mpl.rcParams)
    study = miniature(curves=CURVES)
    data = draw(study)
    assert dict(mpl.rcParams) == before
    mpl.rcParams["lines.linewidth"] = 1.5
    image = pixels(data)
    assert image.shape[0] > 200
    assert image.shape[1] > 600
    assert image[..., :3].std() > 0.02, "not an empty page"
    assert draw(study) == data


def test_hostile_names_are_drawn_literally() -> None:
    genres = ("$\\frac{1}{0$", "a\x00b\n" * 30, "演歌", "_x", "") * 6
    assert pixels(residuals_by_genre(miniature(genres=genres[:30]))).std() > 0.02


def test_constant_predictions_can_be_plotted() -> None:
    study = miniature()
    flat = replace(study, predictions={"MASE-Net": np.full((2, 30, 2), 5.0)})
    assert pixels(scatter(flat)).std() > 0.02
    assert pixels(calibration(flat)).std() > 0.02


def test_bins_are_of_equal_size_and_in_order() -> None:
    predicted = np.random.default_rng(0).normal(5, 1, 47)
    bins = calibration_bins(predicted)
    assert [len(part) for part in bins] == [16, 16, 15]
    assert sorted(np.concatenate(bins).tolist()) == list(range(47))
    assert all(predicted[a].max() <= predicted[b].min() for a, b in itertools.pairwise(bins))
    assert len(calibration_bins(predicted[:3])) == 1


def test_calibration_line() -> None:
    predicted = np.array([4.0, 5.0, 6.0])
    assert calibration_line(2 * predicted - 5, predicted) == pytest.approx((2, -5))
    assert np.isnan(calibration_line(predicted, np.full(3, 5.0))).all()


def test_rare_genres_are_combined() -> None:
    genres = [f"genre {number:02d}" for number in range(30) for _ in range(1 + (number < 20))] + ["", " "]
    found = clips_by_genre(genres)
    assert len(found) == 24
    assert sorted(clip for clips in found.values() for clip in clips) == list(range(len(genres)))
    assert len(found["unknown"]) == 2
    assert len(found["other"]) == 8
    assert clips_by_genre(["b", "a", "b"]) == {"a": [1], "b": [0, 2]}
