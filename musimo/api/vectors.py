"""``Library.vectors``: what was analyzed, as matrices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from math import nan
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from musimo.api.session import Session
from musimo.errors import NotFoundError
from musimo.library.db.heard import heard_scores
from musimo.records import FloatArray, Track
from musimo.records.fields import path_fields
from musimo.search.index import VectorIndex
from musimo.search.selection import Selection, select_tracks
from musimo.search.space import Ids, split_rows

VectorKind = Literal["both", "sound", "mood", "embedding", "emotion"]
Arrays = Mapping[str, NDArray[Any]]


def vectors(session: Session, by: VectorKind, selection: Selection) -> tuple[list[Track], FloatArray]:
    """Answer :meth:`musimo.Library.vectors`."""
    if by == "emotion":
        tracks = _tracks(session, selection, session.moods())
        return tracks, _emotions(tracks)
    if by == "embedding":
        tracks = _tracks(session, selection, session.sounds("both"))
        return tracks, _embeddings(session, tracks)
    index = session.sounds(by)
    tracks = _tracks(session, selection, index)
    return tracks, _sound_vectors(index, tracks)


def arrays(session: Session, selection: Selection) -> Arrays:
    """Return the arrays that ``export --vectors`` writes; NotFoundError where no track is analyzed."""
    index = session.sounds("both")
    tracks = _tracks(session, selection, index)
    if not tracks:
        raise NotFoundError(
            "there is no analyzed track to export", "choose others with --where, or scan: musimo scan FOLDER"
        )
    emotions = _emotions(tracks)
    return {
        "id": np.array([track.id for track in tracks], np.int64),
        "path": np.array([path_fields(track.path_bytes)["path"] for track in tracks], np.str_),
        "valence": emotions[:, 0],
        "arousal": emotions[:, 1],
        "embedding": _embeddings(session, tracks),
        "sound": _sound_vectors(index, tracks),
        "heard": _heard(session, tracks),
        "heard_tags": np.array(session.store.heard_tags(), np.str_),
        "model": np.array(session.store.model, np.str_),
        **_parts(tracks),
    }


def _tracks(session: Session, selection: Selection, index: VectorIndex) -> list[Track]:
    """Return the tracks of a selection that an index has, by path."""
    indexed = set(index.ids.tolist())
    tracks = select_tracks(session.store, replace(selection, limit=None))
    return list(islice((track for track in tracks if track.content in indexed), selection.limit))


def _parts(tracks: list[Track]) -> Arrays:
    """Return where tracks of cue sheets begin and end in their files, s; NaN for whole files."""
    parts = [(nan, nan) if one.part is None else (one.part.start_s, one.part.end_s) for one in tracks]
    starts, ends = np.array(parts, np.float64).T
    return {"start": starts, "end": ends}


def _contents(tracks: list[Track]) -> Ids:
    return np.array([track.content for track in tracks], np.int64)


def _emotions(tracks: list[Track]) -> FloatArray:
    emotions = [(track.valence, track.arousal) for track in tracks]
    return np.array(emotions, np.float32).reshape(-1, 2)


def _embeddings(session: Session, tracks: list[Track]) -> FloatArray:
    wanted = _contents(tracks)
    ids, found = session.store.descriptors(np.unique(wanted))
    return found.embedding[np.searchsorted(ids, wanted)]


def _heard(session: Session, tracks: list[Track]) -> FloatArray:
    """Return the scores of all tags [shape=(n, n_tags)]."""
    known = heard_scores(session.store)
    at = np.searchsorted(known.track_ids, [track.id or 0 for track in tracks])
    return known.scores[at] if known.tags else np.empty((len(tracks), 0), np.float32)


def _sound_vectors(index: VectorIndex, tracks: list[Track]) -> FloatArray:
    return split_rows(index.vectors(_contents(tracks)))[0]
