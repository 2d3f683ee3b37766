"""Facts of every track that descriptions are scored by, in columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from musimo.library.db.conditions import AROUSAL, VALENCE
from musimo.library.db.queries import Ids, Store
from musimo.library.db.schema import emotions, tempo_keys, tracks
from musimo.library.db.tracks import joined
from musimo.records import DoubleArray, FloatArray


@dataclass(frozen=True, slots=True)
class TrackFacts:
    """Facts of n tracks; NaN and None where one is not known.

    Parameters
    ----------
    track_ids, contents : [shape=(n,)]
    genres : as in the tags of the files [shape=(n,), object]
    years : [shape=(n,)]
    moods : valence and arousal, 0..1 [shape=(n, 2)]
    tempi : estimated, in beats per minute [shape=(n,)]
    keys : estimated, of ``KEYS`` [shape=(n,), object]
    """

    track_ids: Ids
    contents: Ids
    genres: NDArray[Any]
    years: DoubleArray
    moods: FloatArray
    tempi: DoubleArray
    keys: NDArray[Any]

    def __len__(self) -> int:
        return len(self.track_ids)


def track_facts(store: Store) -> TrackFacts:
    """Return the facts of all present tracks that the model of the store has analyzed, by id."""
    query = (
        select(
            tracks.c.id,
            tracks.c.content_id,
            tracks.c.genre,
            tracks.c.year,
            VALENCE,
            AROUSAL,
            tempo_keys.c.tempo,
            tempo_keys.c.key,
        )
        .select_from(joined(store.model))
        .where(tracks.c.missing_since.is_(None), emotions.c.content_id.is_not(None))
        .order_by(tracks.c.id)
    )
    number, text = np.float64, object
    columns: list[tuple[str, type]] = [
        *(("id", np.int64), ("content", np.int64), ("genre", text), ("year", number)),
        *(("valence", number), ("arousal", number), ("tempo", number), ("key", text)),
    ]
    table = store.table(query, columns)
    moods = np.stack([table["valence"], table["arousal"]], axis=1).astype(np.float32)
    return TrackFacts(
        *(table["id"], table["content"], table["genre"], table["year"], moods),
        *(table["tempo"], table["key"]),
    )
