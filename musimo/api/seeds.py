"""Which track is meant, and what queries are asked with."""

from __future__ import annotations

import os
from dataclasses import replace
from math import isnan
from pathlib import Path
from typing import Final

import numpy as np

from musimo.api.session import Session
from musimo.audio.paths import path_bytes
from musimo.errors import AudioError, NotFoundError, SheetTracksError, UsageError
from musimo.library.active_model import not_analyzed
from musimo.library.db.heard import with_heard
from musimo.records import Descriptors, FailedFile, Track, Window, WindowPlan
from musimo.search.find import find_track as find_named
from musimo.search.rows import FoundTrack, MoodTrack, PathTrack, SimilarTrack
from musimo.search.seeds import Seed

AnyTrack = str | Path | int | Track | SimilarTrack | MoodTrack | PathTrack | FoundTrack
"""A track: path of an audio file, id, name or words only one track has, or a track or row of a result."""

AnySeed = AnyTrack | Seed

PLAYLISTS: Final = (".m3u", ".m3u8", ".pls", ".xspf", ".wpl", ".asx", ".cue")
"""Endings of files that list tracks, and are no tracks."""


def find_track(session: Session, named: AnyTrack) -> Track | None:
    """Return the track of the library that is meant, with the tags heard; None for a file outside it.

    Raises
    ------
    NotFoundError, UsageError : no track is meant, or several
    """
    found = _find_track(session, named)
    return None if found is None else with_heard(session.store, [found])[0]


def _find_track(session: Session, named: AnyTrack) -> Track | None:
    store = session.store
    if isinstance(named, SimilarTrack | MoodTrack | PathTrack | FoundTrack):
        named = named.track
    if isinstance(named, int):
        if (known := store.track_by_id(named)) is None:
            raise NotFoundError(
                f"no track of the library has the id {named}", "musimo export lists every track"
            )
        return known
    if isinstance(named, Track):
        held = None if named.id is None else store.track_by_id(named.id)
        if held is not None and held.content == named.content:
            return held
        named = named.path
    found = find_named(store, named, session.notice)
    if found is None and (suffix := Path(os.fsdecode(path_bytes(named))).suffix.lower()) in PLAYLISTS:
        raise UsageError(
            f"{_shown(named)} is a playlist ({suffix}), not a track",
            "name tracks of it, as in: musimo similar TRACK TRACK",
        )
    return found


def known_track(session: Session, named: AnyTrack) -> Track:
    """Return the track of the library that is meant; NotFoundError also for a file outside it."""
    track = find_track(session, named)
    if track is None:
        raise NotFoundError(f"{_shown(named)} is not in the library", "scan its folder: musimo scan FOLDER")
    return track


def track_or_file(session: Session, named: AnyTrack) -> tuple[Track | None, bytes]:
    """Return the track of the library that is meant, if it is one, and its file.

    A file that a cue sheet divides into tracks is the whole file here, for one who names its path.
    """
    try:
        known = find_track(session, named)
    except SheetTracksError:
        known = None
    return known, file_of(named) if known is None else known.path_bytes


def file_of(named: AnyTrack) -> bytes:
    """Return the path of a file outside the library."""
    if isinstance(named, SimilarTrack | MoodTrack | PathTrack | FoundTrack):
        named = named.track
    return named.path_bytes if isinstance(named, Track) else path_bytes(str(named))


def seed(session: Session, named: AnySeed) -> Seed:
    """Return the seed for a track of the library, or for any audio file, which is analyzed now.

    Raises
    ------
    NotFoundError, UsageError : no track is meant, or several; or it is not analyzed
    AudioError : a file that cannot be analyzed
    """
    if isinstance(named, Seed):
        return named
    store = session.store
    known = find_track(session, named)
    if known is None:
        return file_seed(session, file_of(named))
    sound = None if known.content is None else store.descriptors_of(known.content)
    if sound is None:
        raise not_analyzed(store, os.fsdecode(known.path_bytes), store.analyzed_by(known.content or 0))
    return Seed(known, sound, known.content)


def file_seed(
    session: Session, path: bytes, plan: WindowPlan = "windows", part: Window | None = None
) -> Seed:
    """Analyze a file, or one window of it or of a part of it; AudioError where that is not possible."""
    from musimo.library.calibration import calibrated_emotion

    opened = session.opened
    [analyzed] = session.analyze([path], opened.weights, plan, part)
    if isinstance(analyzed, FailedFile):
        raise AudioError(analyzed.stage, f"cannot analyze {os.fsdecode(path)}: {analyzed.reason}")
    emotion = analyzed.emotion
    if isnan(emotion.valence):
        raise AudioError(
            "analyze",
            f"cannot compare {os.fsdecode(path)}: it contains digital silence only, which has no mood",
        )
    valence, arousal = calibrated_emotion(opened.store, emotion)
    track = Track(
        id=None,
        path_bytes=analyzed.path_bytes,
        tags=analyzed.tags,
        duration_s=analyzed.duration_s,
        content=None,
        valence=valence,
        arousal=arousal,
        partial=analyzed.partial,
        tempo_key=analyzed.tempo_key,
        content_hash=analyzed.content,
        heard=analyzed.heard,
    )
    sound = Descriptors(emotion.embedding[None], analyzed.statistics[None], emotion.fused[None])
    return Seed(track, sound, opened.store.content_id(analyzed.content))


def passage_seed(
    session: Session, named: AnySeed, from_s: float | None, to_s: float | None
) -> tuple[Seed, Window]:
    """Analyze a passage of a track or file; None is its start, or its end.

    Raises
    ------
    UsageError : the passage is not inside the track
    NotFoundError, UsageError, AudioError : see :func:`seed`
    """
    from musimo.library import curve
    from musimo.search.times import passage

    named = named.track if isinstance(named, Seed) else named
    known, path = track_or_file(session, named)
    part = None if known is None else known.part
    window = passage(from_s, to_s, curve.measure_duration(path, session.settings.jobs, part))
    found = file_seed(session, path, window, part)
    if known is None:
        return found, window
    if part is None:
        return replace(found, track=replace(found.track, id=known.id)), window
    track = replace(found.track, id=known.id, tags=known.tags, part=part)
    return replace(found, track=track, content=known.content), window


def liked_and_disliked(session: Session) -> tuple[list[Seed], list[Seed]]:
    """Return seeds of the tracks rated as liked, and as disliked, as far as they are analyzed."""
    from musimo.library.db.ratings import all_ratings

    store = session.store
    known = [one for one in all_ratings(store) if one.opinion.liking and one.track]
    ids, sounds = store.descriptors(np.array(sorted(one.content for one in known), np.int64))
    sides: dict[int | None, list[Seed]] = {1: [], -1: []}
    for one in known:
        at = int(np.searchsorted(ids, one.content))
        if one.track is not None and ids[at : at + 1] == [one.content]:
            row = Descriptors(sounds.embedding[[at]], sounds.statistics[[at]], sounds.fused[[at]])
            sides[one.opinion.liking].append(Seed(one.track, row, one.content))
    return sides[1], sides[-1]


def _shown(named: AnyTrack) -> str:
    if isinstance(named, str | Path | int):
        return str(named)
    return os.fsdecode(file_of(named))
