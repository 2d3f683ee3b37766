"""What the owner says of sounds: their valence and arousal, and whether they are liked.

It belongs to the sound, as emotion does: it survives whatever becomes of a file, and exact copies share it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert

from musimo.library.db.queries import IDS_PER_QUERY, Store
from musimo.library.db.schema import contents, emotions, models, ratings
from musimo.library.db.transactions import now, transaction
from musimo.records import Track
from musimo.records.fields import Fields, point
from musimo.records.scale import Scale

SAID = ("valence", "arousal", "liking")
LIKINGS: Final = {1: "like", -1: "dislike"}


@dataclass(frozen=True, slots=True)
class Opinion:
    """What is said of a sound; None is nothing.

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
    """A rated sound.

    Parameters
    ----------
    content : id of the sound
    sound : its hash
    opinion : what was said of it
    rated_at : when, ISO 8601, UTC
    track : that has the sound: a present one before a missing one; None where the library has none any more
    """

    content: int
    sound: bytes
    opinion: Opinion
    rated_at: str
    track: Track | None

    def as_dict(self, scale: Scale = "0-1") -> dict[str, object]:
        """Return the fields of the JSON contract."""
        return {
            "track": self.track and self.track.as_dict(scale),
            "sound": self.sound.hex(),
            **self.opinion.as_dict(scale),
            "rated_at": self.rated_at,
        }


def rated(store: Store) -> list[Rating]:
    """Every rating, by path; those without a track come last."""
    rows = store.rows(select(ratings, contents.c.hash).join(contents, contents.c.id == ratings.c.content_id))
    ids = [row.content_id for row in rows]
    tracks = {track.content or 0: track for track in reversed(store.missing_tracks())}
    tracks |= store.tracks_of(ids)
    found = [
        Rating(row.content_id, row.hash, _opinion(row), row.rated_at, tracks.get(row.content_id))
        for row in rows
    ]
    return sorted(
        found, key=lambda one: (one.track is None, one.track.path_bytes if one.track else one.sound)
    )


def opinion_of(store: Store, content: int) -> Opinion | None:
    """What was said of one sound."""
    rows = store.rows(select(ratings).where(ratings.c.content_id == content))
    return _opinion(rows[0]) if rows else None


def liked(store: Store, liking: int) -> list[int]:
    """Ids of the sounds that are liked (1) or disliked (-1), ascending."""
    query = select(ratings.c.content_id).where(ratings.c.liking == liking)
    return [row.content_id for row in store.rows(query.order_by(ratings.c.content_id))]


def n_rated(store: Store) -> int:
    """How many sounds are rated or liked or disliked."""
    return int(store.rows(select(func.count().label("n")).select_from(ratings))[0].n)


def heard_mood(store: Store, content: int) -> tuple[float, float] | None:
    """Valence and arousal of a sound as the network has them, whatever the owner's calibration."""
    of_model = select(models.c.id).where(models.c.name == store.model).scalar_subquery()
    query = select(emotions.c.valence, emotions.c.arousal)
    rows = store.rows(query.where(emotions.c.content_id == content, emotions.c.model_id == of_model))
    return (rows[0].valence, rows[0].arousal) if rows else None


def rate(store: Store, said: Mapping[int, Opinion]) -> None:
    """Store what is said of some sounds, by id, all or none; what is not said anew stays as it was said."""
    at = now()
    with transaction(store) as connection:
        for content, opinion in said.items():
            facts = {name: value for name in SAID if (value := getattr(opinion, name)) is not None}
            facts = {**facts, "rated_at": at}
            written = insert(ratings).values(content_id=content, **facts)
            connection.execute(written.on_conflict_do_update(index_elements=["content_id"], set_=facts))


def forget(store: Store, content_ids: Iterable[int]) -> int:
    """Delete what was said of some sounds; returns how many had been rated."""
    ids = [*content_ids]
    with transaction(store) as connection:
        return sum(
            connection.execute(
                delete(ratings).where(ratings.c.content_id.in_(ids[start : start + IDS_PER_QUERY]))
            ).rowcount
            for start in range(0, len(ids), IDS_PER_QUERY)
        )


def _opinion(row: Any) -> Opinion:
    return Opinion(row.valence, row.arousal, row.liking)
