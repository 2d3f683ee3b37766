"""Ratings by the user: valence, arousal, liked or disliked.

A rating belongs to a content, as emotion does: it survives any change of files, and exact copies share it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert

from musimo.library.db.engine import slices
from musimo.library.db.heard import with_heard
from musimo.library.db.models import id_of
from musimo.library.db.queries import Store
from musimo.library.db.schema import contents, emotions, ratings
from musimo.library.db.transactions import now, transaction
from musimo.records import Track
from musimo.records.fields import Fields, point
from musimo.records.scale import Scale

FIELDS = ("valence", "arousal", "liking")
LIKINGS: Final = {1: "like", -1: "dislike"}


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the user says about a content; None where nothing is said.

    Parameters
    ----------
    valence, arousal : 0..1
    liking : 1 liked, -1 disliked
    """

    valence: float | None = None
    arousal: float | None = None
    liking: int | None = None

    def as_dict(self, scale: Scale = "0-1") -> Fields:
        """Return the fields of the JSON contract."""
        return {**point(self.valence, self.arousal, scale), "liking": LIKINGS.get(self.liking or 0)}


@dataclass(frozen=True, slots=True)
class Rating:
    """A rated content.

    Parameters
    ----------
    content : its id
    content_hash : hash of its audio
    opinion : valence, arousal, liking
    rated_at : ISO 8601, UTC
    track : a track with that content, present ones first; None where the library has none any more
    """

    content: int
    content_hash: bytes
    opinion: Opinion
    rated_at: str
    track: Track | None

    def as_dict(self, scale: Scale = "0-1") -> dict[str, object]:
        """Return the fields of the JSON contract."""
        return {
            "track": self.track and self.track.as_dict(scale),
            "sound": self.content_hash.hex(),
            **self.opinion.as_dict(scale),
            "rated_at": self.rated_at,
        }


def all_ratings(store: Store) -> list[Rating]:
    """Return every rating, by path; those without a track come last."""
    rows = store.rows(select(ratings, contents.c.hash).join(contents, contents.c.id == ratings.c.content_id))
    ids = [row.content_id for row in rows]
    tracks = {track.content or 0: track for track in reversed(store.missing_tracks())}
    tracks |= store.tracks_of(ids)
    rated = with_heard(store, [tracks[id_] for id_ in ids if id_ in tracks])
    tracks = {track.content or 0: track for track in rated}
    found = [
        Rating(row.content_id, row.hash, _opinion(row), row.rated_at, tracks.get(row.content_id))
        for row in rows
    ]
    return sorted(
        found, key=lambda one: (one.track is None, one.track.path_bytes if one.track else one.content_hash)
    )


def opinion_of(store: Store, content: int) -> Opinion | None:
    """Return the opinion on one content."""
    rows = store.rows(select(ratings).where(ratings.c.content_id == content))
    return _opinion(rows[0]) if rows else None


def count_ratings(store: Store) -> int:
    """Count the contents that are rated, liked or disliked."""
    return int(store.rows(select(func.count().label("n")).select_from(ratings))[0].n)


def predicted_emotion(store: Store, content: int) -> tuple[float, float] | None:
    """Return valence and arousal of a content as the network predicted them, without calibration."""
    query = select(emotions.c.valence, emotions.c.arousal).where(
        emotions.c.content_id == content, emotions.c.model_id == id_of(store.model)
    )
    rows = store.rows(query)
    return (rows[0].valence, rows[0].arousal) if rows else None


def rate(store: Store, opinions: Mapping[int, Opinion]) -> None:
    """Store opinions by content id, all or none; fields that are None keep their stored value."""
    at = now()
    with transaction(store) as connection:
        for content, opinion in opinions.items():
            facts = {name: value for name in FIELDS if (value := getattr(opinion, name)) is not None}
            facts = {**facts, "rated_at": at}
            written = insert(ratings).values(content_id=content, **facts)
            connection.execute(written.on_conflict_do_update(index_elements=["content_id"], set_=facts))


def forget(store: Store, content_ids: Iterable[int]) -> int:
    """Delete the ratings of some contents; return how many there were."""
    ids = [*content_ids]
    with transaction(store) as connection:
        return sum(
            connection.execute(delete(ratings).where(ratings.c.content_id.in_(ids[part]))).rowcount
            for part in slices(len(ids))
        )


def _opinion(row: Any) -> Opinion:
    return Opinion(row.valence, row.arousal, row.liking)
