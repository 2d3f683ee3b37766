"""Tags heard: all scores of a content in one blob, and a row for each tag that is set."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from musimo.library.db.engine import slices
from musimo.library.db.models import id_of
from musimo.library.db.queries import Store
from musimo.library.db.schema import heard, models, tag_scores, tracks
from musimo.records import FloatArray, Heard, HeardScores, HeardTag, Track
from musimo.records.heard import SCORE_DTYPE, set_tags, stored_scores


def name_tags(connection: Connection, model_id: int, tags: Sequence[str]) -> None:
    """Store the names of the tags that a model hears."""
    named = json.dumps(tags) if tags else None
    connection.execute(update(models).where(models.c.id == model_id).values(tags=named))


def delete_scores(connection: Connection, model_id: int, contents: Collection[int]) -> None:
    """Delete what a model heard in some contents."""
    for table in (heard, tag_scores):
        of_model = delete(table).where(table.c.model_id == model_id)
        connection.execute(of_model.where(table.c.content_id.in_(contents)))


def write_scores(
    connection: Connection, model_id: int, tags: Sequence[str], scores: Iterable[tuple[int, bytes]]
) -> None:
    """Store what a model heard in some contents, of which nothing is stored.

    Parameters
    ----------
    tags : names of the tags
    scores : content ids, and the scores of all tags as :func:`to_blob` encodes them
    """
    scores = list(scores)
    if not scores or not tags:
        return
    rows = [{"content_id": id_, "model_id": model_id, "scores": blob} for id_, blob in scores]
    connection.execute(insert(tag_scores), rows)
    set_rows = [
        {"content_id": id_, "model_id": model_id, "tag": one.tag, "score": one.score}
        for id_, blob in scores
        for one in set_tags(tags, np.frombuffer(blob, SCORE_DTYPE))
    ]
    if set_rows:
        connection.execute(insert(heard), set_rows)


def to_blob(scores: FloatArray) -> bytes:
    """Encode the scores of a content [shape=(n_tags,)] as the library stores them."""
    return stored_scores(scores).tobytes()


def heard_in(store: Store, contents: Sequence[int]) -> dict[int, Heard]:
    """Return the tags that the store's model set for some contents; none is set for those left out."""
    found: dict[int, list[HeardTag]] = {}
    for part in slices(len(contents)):
        query = select(heard.c.content_id, heard.c.tag, heard.c.score).where(
            heard.c.model_id == id_of(store.model), heard.c.content_id.in_(contents[part])
        )
        for row in store.rows(query.order_by(heard.c.score.desc(), heard.c.tag)):
            found.setdefault(row.content_id, []).append(HeardTag(row.tag, row.score))
    return {content: tuple(tags) for content, tags in found.items()}


def with_heard(store: Store, found: Sequence[Track]) -> list[Track]:
    """Return tracks with the tags heard in them; those outside the library stay as they are."""
    contents = sorted({track.content for track in found if _is_analyzed(track) and track.content is not None})
    if not contents or not store.tags_of_analyses:
        return list(found)
    known = heard_in(store, contents)
    return [
        replace(track, heard=known.get(track.content or 0, ())) if _is_analyzed(track) else track
        for track in found
    ]


def heard_scores(store: Store) -> HeardScores:
    """Return the scores of all tags for the present tracks that the store's model has analyzed."""
    tags = store.heard_tags()
    query = (
        select(tracks.c.id, tag_scores.c.scores)
        .join(tag_scores, tag_scores.c.content_id == tracks.c.content_id)
        .where(tag_scores.c.model_id == id_of(store.model), tracks.c.missing_since.is_(None))
        .where(func.length(tag_scores.c.scores) == SCORE_DTYPE.itemsize * len(tags))
        .order_by(tracks.c.id)
    )
    rows: Sequence[Row[Any]] = store.rows(query) if tags else []
    scores = np.frombuffer(b"".join(row.scores for row in rows), SCORE_DTYPE).astype(np.float32)
    ids = np.array([row.id for row in rows], np.int64)
    return HeardScores(ids, tags, scores.reshape(len(rows), len(tags)))


def count_heard(store: Store) -> dict[str, int]:
    """Return the number of contents of present tracks in which each tag is heard, the most frequent first."""
    present = select(tracks.c.content_id).where(tracks.c.missing_since.is_(None))
    n = func.count().label("n")
    query = (
        select(heard.c.tag, n)
        .where(heard.c.model_id == id_of(store.model), heard.c.content_id.in_(present))
        .group_by(heard.c.tag)
        .order_by(n.desc(), heard.c.tag)
    )
    return {row.tag: row.n for row in store.rows(query)}


def _is_analyzed(track: Track) -> bool:
    return track.content is not None and track.valence is not None
