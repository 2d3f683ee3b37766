"""Calibrations: coefficients fitted to the user's ratings, and the calibrated emotion of every content.

Predictions of the network stay in their own columns; a calibration is written beside them and can be removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from musimo.library.db import models
from musimo.library.db.queries import Store
from musimo.library.db.schema import calibrations, emotions, ratings
from musimo.library.db.transactions import now, renew_generation, transaction
from musimo.records import FloatArray

if TYPE_CHECKING:
    from musimo.emotion.calibration import Calibration

CHUNK = 4096  # contents at once: 4 MB of embeddings
CALIBRATED = ("own_valence", "own_arousal")


@dataclass(frozen=True, slots=True)
class AppliedCalibration:
    """The calibration in use: which dimensions it changes, how many ratings it was fitted to, and when."""

    valence: bool
    arousal: bool
    n_ratings: int
    fitted_at: str

    def as_dict(self) -> dict[str, object]:
        """Return the fields of the JSON contract."""
        bends = {"valence": self.valence, "arousal": self.arousal}
        return {**bends, "ratings": self.n_ratings, "fitted_at": self.fitted_at}


@dataclass(frozen=True, slots=True)
class RatedEmotions:
    """Rated contents, as the user and as the network have them.

    Parameters
    ----------
    rated : (n, 2), valence and arousal as rated; NaN where not rated
    predicted : (n, 2), valence and arousal as predicted
    embeddings : (n, 256)
    n_not_analyzed : contents that are rated, but not analyzed by the model
    """

    rated: NDArray[np.float64]
    predicted: NDArray[np.float64]
    embeddings: FloatArray
    n_not_analyzed: int


def rated_emotions(store: Store) -> RatedEmotions:
    """Return every content with a rated valence or arousal."""
    analyzed = emotions.c.content_id == ratings.c.content_id
    query = (
        select(
            ratings.c.valence.label("rated_valence"),
            ratings.c.arousal.label("rated_arousal"),
            emotions.c.valence,
            emotions.c.arousal,
            emotions.c.embedding,
        )
        .select_from(
            ratings.outerjoin(emotions, analyzed & (emotions.c.model_id == models.id_of(store.model)))
        )
        .where(or_(ratings.c.valence.is_not(None), ratings.c.arousal.is_not(None)))
        .order_by(ratings.c.content_id)
    )
    rows = store.rows(query)
    known = [row for row in rows if row.embedding is not None]
    rated = np.array([(row.rated_valence, row.rated_arousal) for row in known], np.float64)
    predicted = np.array([(row.valence, row.arousal) for row in known], np.float64)
    return RatedEmotions(
        rated.reshape(-1, 2), predicted.reshape(-1, 2), _embeddings(known), len(rows) - len(known)
    )


def apply(store: Store, calibration: Calibration, n_ratings: int) -> int:
    """Calibrate every content that the model has analyzed, and those to come; return how many there are."""
    with transaction(store) as connection:
        model_id = connection.execute(select(models.id_of(store.model))).scalar_one()
        facts = {
            "coefficients": np.ascontiguousarray(calibration.coefficients, dtype="<f4").tobytes(),
            "n_ratings": n_ratings,
            "fitted_at": now(),
        }
        written = insert(calibrations).values(model_id=model_id, **facts)
        connection.execute(written.on_conflict_do_update(index_elements=["model_id"], set_=facts))
        n_contents = _calibrate_all(connection, model_id, calibration)
        renew_generation(connection)
    return n_contents


def undo(store: Store) -> bool:
    """Remove every calibration; return whether there was one."""
    with transaction(store) as connection:
        if not connection.execute(delete(calibrations)).rowcount:
            return False
        calibrated = or_(*(emotions.c[name].is_not(None) for name in CALIBRATED))
        connection.execute(update(emotions).where(calibrated).values(dict.fromkeys(CALIBRATED)))
        renew_generation(connection)
    return True


def applied(store: Store, model: str | None = None) -> AppliedCalibration | None:
    """Return the calibration of a model by name; by default the store's own."""
    rows = store.rows(select(calibrations).where(_of_model(model or store.model)))
    if not rows:
        return None
    [row] = rows
    valence, arousal = map(np.any, _decoded(row.coefficients).coefficients)
    return AppliedCalibration(bool(valence), bool(arousal), row.n_ratings, row.fitted_at)


def read(store: Store) -> Calibration | None:
    """Return the calibration of the store's model."""
    rows = store.rows(select(calibrations.c.coefficients).where(_of_model(store.model)))
    return _decoded(rows[0].coefficients) if rows else None


def calibrated_columns(
    connection: Connection, model_id: int, predicted: NDArray[np.float64], embeddings: FloatArray
) -> list[dict[str, float | None]]:
    """Return the columns of the calibrated emotion for contents that are about to be written.

    Parameters
    ----------
    predicted : (n, 2), valence and arousal
    embeddings : (n, 256)
    """
    query = select(calibrations.c.coefficients).where(calibrations.c.model_id == model_id)
    coefficients = connection.execute(query).scalar()
    if coefficients is None:
        return [dict.fromkeys(CALIBRATED)] * len(predicted)
    calibrated = _decoded(coefficients).apply(predicted, embeddings)
    return [dict(zip(CALIBRATED, pair, strict=True)) for pair in calibrated]


def _calibrate_all(connection: Connection, model_id: int, calibration: Calibration) -> int:
    """Write the calibrated emotion of every content of a model; return how many there are."""
    of_model = emotions.c.model_id == model_id
    query = select(emotions.c.content_id, emotions.c.valence, emotions.c.arousal, emotions.c.embedding)
    last, n_contents = 0, 0
    while rows := connection.execute(
        query.where(of_model, emotions.c.content_id > last).order_by(emotions.c.content_id).limit(CHUNK)
    ).all():
        predicted = np.array([(row.valence, row.arousal) for row in rows])
        calibrated = calibration.apply(predicted, _embeddings(rows))
        connection.exec_driver_sql(
            "UPDATE emotions SET own_valence = ?, own_arousal = ? WHERE content_id = ? AND model_id = ?",
            [(*pair, row.content_id, model_id) for pair, row in zip(calibrated, rows, strict=True)],
        )
        last, n_contents = rows[-1].content_id, n_contents + len(rows)
    return n_contents


def _of_model(model: str) -> Any:
    return calibrations.c.model_id == models.id_of(model)


def _decoded(coefficients: bytes) -> Calibration:
    from musimo.emotion.calibration import Calibration

    return Calibration(np.frombuffer(coefficients, "<f4").astype(np.float32).reshape(len(CALIBRATED), -1))


def _embeddings(rows: Sequence[Any]) -> FloatArray:
    numbers = np.frombuffer(b"".join(row.embedding for row in rows), "<f4").astype(np.float32)
    return numbers.reshape(len(rows), -1) if rows else np.empty((0, 0), np.float32)
