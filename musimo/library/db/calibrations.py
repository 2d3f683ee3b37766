"""The owner's ear in the library: what is fitted to the ratings, and what every sound is by it.

The network's own answers stay where they are; a calibration is written beside them, and taken away again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from musimo.emotion.calibration import Calibration, DimensionFit, fit_dimension
from musimo.library.db.queries import Store
from musimo.library.db.schema import calibrations, emotions, models, ratings
from musimo.library.db.transactions import now, renew_generation, transaction
from musimo.records import Emotion, FloatArray

CHUNK = 4096  # sounds at once: 4 MB of embeddings
OWN = ("own_valence", "own_arousal")


@dataclass(frozen=True, slots=True)
class CalibrationFits:
    """What the ratings come to under the model that answers.

    Parameters
    ----------
    valence, arousal : how well each is fitted
    n_ratings : sounds that were rated in one or both, and heard by the model
    n_unheard : sounds that were rated, but not heard by the model, and do not count
    """

    valence: DimensionFit
    arousal: DimensionFit
    n_ratings: int
    n_unheard: int

    @property
    def calibration(self) -> Calibration | None:
        """What is gained; None where nothing is."""
        return Calibration.from_fits(self.valence, self.arousal)


@dataclass(frozen=True, slots=True)
class AppliedCalibration:
    """The calibration that answers: which dimensions it bends, how many ratings it came of, and when."""

    valence: bool
    arousal: bool
    n_ratings: int
    fitted_at: str


def fit_ratings(store: Store) -> CalibrationFits:
    """Fit the network's answers to what the owner rated."""
    heard = emotions.c.content_id == ratings.c.content_id
    query = (
        select(
            ratings.c.valence.label("rated_valence"),
            ratings.c.arousal.label("rated_arousal"),
            emotions.c.valence,
            emotions.c.arousal,
            emotions.c.embedding,
        )
        .select_from(ratings.outerjoin(emotions, heard & (emotions.c.model_id == _model_id(store.model))))
        .where(or_(ratings.c.valence.is_not(None), ratings.c.arousal.is_not(None)))
        .order_by(ratings.c.content_id)
    )
    rows = store.rows(query)
    known = [row for row in rows if row.embedding is not None]
    valence, arousal = (
        _fit([row for row in known if row[place] is not None], place) for place in range(len(OWN))
    )
    return CalibrationFits(valence, arousal, len(known), len(rows) - len(known))


def apply(store: Store, calibration: Calibration, n_ratings: int) -> int:
    """Let every sound that the model heard, and will hear, answer by a calibration; returns how many did."""
    with transaction(store) as connection:
        model_id = connection.execute(select(_model_id(store.model))).scalar_one()
        facts = {
            "coefficients": np.ascontiguousarray(calibration.coefficients, dtype="<f4").tobytes(),
            "n_ratings": n_ratings,
            "fitted_at": now(),
        }
        written = insert(calibrations).values(model_id=model_id, **facts)
        connection.execute(written.on_conflict_do_update(index_elements=["model_id"], set_=facts))
        n_bent = _bend(connection, model_id, calibration)
        renew_generation(connection)
    return n_bent


def undo(store: Store) -> bool:
    """Let the networks alone answer again; says whether there was any calibration."""
    with transaction(store) as connection:
        if not connection.execute(delete(calibrations)).rowcount:
            return False
        bent = or_(*(emotions.c[name].is_not(None) for name in OWN))
        connection.execute(update(emotions).where(bent).values(dict.fromkeys(OWN)))
        renew_generation(connection)
    return True


def applied(store: Store, model: str | None = None) -> AppliedCalibration | None:
    """The calibration of a model, by name; None is the store's own."""
    rows = store.rows(select(calibrations).where(_of_model(store, model)))
    if not rows:
        return None
    [row] = rows
    valence, arousal = map(np.any, _calibration(row.coefficients).coefficients)
    return AppliedCalibration(bool(valence), bool(arousal), row.n_ratings, row.fitted_at)


def own_mood(connection: Connection, model_id: int, emotion: Emotion) -> dict[str, float | None]:
    """The columns of the owner's ear for a sound that was just heard."""
    moods = np.array([[emotion.valence, emotion.arousal]])
    [own] = own_moods(connection, model_id, moods, emotion.embedding[None])
    return own


def own_moods(
    connection: Connection, model_id: int, moods: NDArray[np.float64], embeddings: FloatArray
) -> list[dict[str, float | None]]:
    """The columns of the owner's ear for sounds that come to the library.

    Parameters
    ----------
    moods : (n, 2), valence and arousal as the network has them
    embeddings : (n, 256)
    """
    query = select(calibrations.c.coefficients).where(calibrations.c.model_id == model_id)
    coefficients = connection.execute(query).scalar()
    if coefficients is None:
        return [dict.fromkeys(OWN)] * len(moods)
    return [dict(zip(OWN, own, strict=True)) for own in _calibration(coefficients).apply(moods, embeddings)]


def answered_mood(store: Store, emotion: Emotion) -> tuple[float, float]:
    """Valence and arousal of a sound outside the library, as the library would answer them."""
    rows = store.rows(select(calibrations.c.coefficients).where(_of_model(store)))
    own = _own(rows[0].coefficients, emotion) if rows else (None, None)
    valence, arousal = (
        heard if bent is None else bent
        for heard, bent in zip((emotion.valence, emotion.arousal), own, strict=True)
    )
    return valence, arousal


def carry_over(store: Store, before: str | None) -> None:
    """Fit the model of ``store`` to the ratings, if ``before`` was and it is not yet."""
    if before is None or applied(store, before) is None or applied(store) is not None:
        return
    fits = fit_ratings(store)
    if fits.calibration is not None:
        apply(store, fits.calibration, fits.n_ratings)


def _fit(rows: Sequence[Any], place: int) -> DimensionFit:
    rated = np.array([row[place] for row in rows], np.float64)
    moods = np.array([(row.valence, row.arousal) for row in rows], np.float64).reshape(-1, len(OWN))
    return fit_dimension(rated, moods, _embeddings(rows), place)


def _bend(connection: Connection, model_id: int, calibration: Calibration) -> int:
    """Write the columns of the owner's ear of every sound of a model; returns how many there are."""
    of_model = emotions.c.model_id == model_id
    query = select(emotions.c.content_id, emotions.c.valence, emotions.c.arousal, emotions.c.embedding)
    last, n_bent = 0, 0
    while rows := connection.execute(
        query.where(of_model, emotions.c.content_id > last).order_by(emotions.c.content_id).limit(CHUNK)
    ).all():
        moods = np.array([(row.valence, row.arousal) for row in rows])
        own = calibration.apply(moods, _embeddings(rows))
        connection.exec_driver_sql(
            "UPDATE emotions SET own_valence = ?, own_arousal = ? WHERE content_id = ? AND model_id = ?",
            [(*pair, row.content_id, model_id) for pair, row in zip(own, rows, strict=True)],
        )
        last, n_bent = rows[-1].content_id, n_bent + len(rows)
    return n_bent


def _own(coefficients: bytes, emotion: Emotion) -> tuple[float | None, float | None]:
    moods = np.array([[emotion.valence, emotion.arousal]])
    [own] = _calibration(coefficients).apply(moods, emotion.embedding[None])
    return own


def _of_model(store: Store, model: str | None = None) -> Any:
    return calibrations.c.model_id == _model_id(model or store.model)


def _model_id(model: str) -> Any:
    return select(models.c.id).where(models.c.name == model).scalar_subquery()


def _calibration(coefficients: bytes) -> Calibration:
    return Calibration(np.frombuffer(coefficients, "<f4").astype(np.float32).reshape(len(OWN), -1))


def _embeddings(rows: Sequence[Any]) -> FloatArray:
    numbers = np.frombuffer(b"".join(row.embedding for row in rows), "<f4").astype(np.float32)
    return numbers.reshape(len(rows), -1) if rows else np.empty((0, 0), np.float32)
