"""``Library.show`` and ``Library.status``: what is known of a track, and of the library."""

from __future__ import annotations

import os
from pathlib import Path

from musimo.api.seeds import AnyTrack, known_track
from musimo.api.session import Session
from musimo.library.db import calibrations
from musimo.library.db.heard import count_heard
from musimo.library.db.ratings import count_ratings, opinion_of, predicted_emotion
from musimo.library.overview import Details, Status
from musimo.search.plane import quadrant_counts


def details(session: Session, track: AnyTrack) -> Details:
    """Answer :meth:`musimo.Library.show`."""
    known, store = known_track(session, track), session.store
    if known.content is None:
        return Details(known)
    valence_sd, arousal_sd = store.emotion_sd(known.content) or (None, None)
    return Details(
        known,
        valence_sd,
        arousal_sd,
        tuple(store.windows_of(known.content)),
        predicted_emotion(store, known.content),
        opinion_of(store, known.content),
    )


def status(session: Session) -> Status:
    """Answer :meth:`musimo.Library.status`."""
    store = session.store
    counts = store.counts()
    return Status(
        library=store.path,
        tracks=counts.tracks,
        analyzed=counts.analyzed,
        failed=counts.failed,
        missing=counts.missing,
        model=store.model,
        indexed=session.n_indexed(),
        roots=tuple(Path(os.fsdecode(root)) for root in store.root_paths()),
        partial=counts.partial,
        upgrade=session.upgrade(),
        quadrants=quadrant_counts(store.emotions()[1]),
        ratings=count_ratings(store),
        calibration=calibrations.applied(store),
        heard=count_heard(store) if store.heard_tags() else None,
    )
