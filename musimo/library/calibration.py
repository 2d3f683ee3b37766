"""Fit the network's emotions to the user's ratings; see :mod:`musimo.emotion.calibration`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musimo.emotion.calibration import Calibration, DimensionFit, fit_dimension
from musimo.library.db import calibrations
from musimo.library.db.queries import Store
from musimo.records import Emotion

DIMENSIONS = 2  # valence, arousal


@dataclass(frozen=True, slots=True)
class CalibrationFits:
    """Fits of the ratings under the active model.

    Parameters
    ----------
    valence, arousal : one fit each
    n_ratings : contents that are rated in one or both and analyzed by the model
    n_not_analyzed : contents that are rated, but not analyzed by the model, and do not count
    """

    valence: DimensionFit
    arousal: DimensionFit
    n_ratings: int
    n_not_analyzed: int

    @property
    def calibration(self) -> Calibration | None:
        """The calibration that the fits make; None where they improve nothing."""
        return Calibration.from_fits(self.valence, self.arousal)


def fit_ratings(store: Store) -> CalibrationFits:
    """Fit the emotions of the store's model to the ratings."""
    known = calibrations.rated_emotions(store)
    fits: list[DimensionFit] = []
    for dimension in range(DIMENSIONS):
        rated = ~np.isnan(known.rated[:, dimension])
        fits.append(
            fit_dimension(
                known.rated[rated, dimension], known.predicted[rated], known.embeddings[rated], dimension
            )
        )
    valence, arousal = fits
    return CalibrationFits(valence, arousal, len(known.rated), known.n_not_analyzed)


def calibrated_emotion(store: Store, emotion: Emotion) -> tuple[float, float]:
    """Return valence and arousal of a file outside the library, with the library's calibration."""
    predicted = (emotion.valence, emotion.arousal)
    calibration = calibrations.read(store)
    if calibration is None:
        return predicted
    [own] = calibration.apply(np.array([predicted]), emotion.embedding[None])
    valence, arousal = (
        before if after is None else after for before, after in zip(predicted, own, strict=True)
    )
    return valence, arousal


def carry_over(store: Store, before: str | None) -> None:
    """Calibrate the store's model, if it is not calibrated yet and the model ``before`` is."""
    if (
        before is None
        or calibrations.applied(store, before) is None
        or calibrations.applied(store) is not None
    ):
        return
    fits = fit_ratings(store)
    if fits.calibration is not None:
        calibrations.apply(store, fits.calibration, fits.n_ratings)
