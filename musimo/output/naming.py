"""Names of tracks in print, and their fields in JSON and CSV."""

from __future__ import annotations

import base64
import math
import os
import re
from pathlib import Path
from typing import Final

from musimo.library.db.ratings import Opinion
from musimo.records import TempoKey, Track
from musimo.search.scale import Scale, from_unit

Value = str | int | float | None
Fields = dict[str, Value]

MOOD_DIGITS: Final = 4  # the network is uncertain in the second
SCORE_DIGITS: Final = 6  # neighbors may be this close
SECOND_DIGITS: Final = 3
LIKINGS: Final = {1: "like", -1: "dislike"}
TEMPO_DIGITS: Final = 1  # of beats per minute; the estimate of a steady click is good to 0.05
CONFIDENCE_DIGITS: Final = 2
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def artist_and_title(track: Track) -> tuple[str | None, str]:
    """Return the artist, and the title or else the file name without its ending."""
    tags = track.tags
    return tags.artist or tags.albumartist, tags.title or Path(os.fsdecode(track.path)).stem


def full_name(track: Track) -> str:
    """Return ``Artist – Title`` of a track, not escaped."""
    artist, title = artist_and_title(track)
    return f"{artist} – {title}" if artist else title


def track_fields(track: Track, scale: Scale) -> Fields:
    """Return the fields of a track; unknown values are None."""
    tags = track.tags
    return {
        "id": track.id,
        **path_fields(track.path),
        "title": tags.title,
        "artist": tags.artist,
        "album": tags.album,
        "albumartist": tags.albumartist,
        "genre": tags.genre,
        "year": tags.year,
        "duration": number(track.duration_s, SECOND_DIGITS),
        "format": tags.codec,
        "bitrate": tags.bitrate,
        "valence": mood(track.valence, scale),
        "arousal": mood(track.arousal, scale),
        "partial": number(track.partial, SECOND_DIGITS),
        **tempo_key_fields(track.tempo_key),
    }


def tempo_key_fields(tempo_key: TempoKey | None) -> Fields:
    """Return the fields of tempo and key; None where they were not estimated or not found."""
    if tempo_key is None:
        return dict.fromkeys(TempoKey.__dataclass_fields__)
    return {
        "tempo": number(tempo_key.tempo, TEMPO_DIGITS),
        "tempo_confidence": number(tempo_key.tempo_confidence, CONFIDENCE_DIGITS),
        "key": tempo_key.key,
        "key_confidence": number(tempo_key.key_confidence, CONFIDENCE_DIGITS),
    }


def opinion_fields(opinion: Opinion, scale: Scale) -> Fields:
    """Return the fields of a rating; values that were not given are None."""
    return {
        "valence": mood(opinion.valence, scale),
        "arousal": mood(opinion.arousal, scale),
        "liking": LIKINGS.get(opinion.liking or 0),
    }


def path_fields(path: bytes) -> Fields:
    """Return ``path`` as text; if it is not UTF-8, with U+FFFD, and ``path_bytes`` in base64 beside it."""
    try:
        return {"path": path.decode()}
    except UnicodeDecodeError:
        return {"path": path.decode(errors="replace"), "path_bytes": base64.b64encode(path).decode()}


def number(value: float | None, digits: int) -> float | None:
    """Return a rounded number; None if it is not finite."""
    return None if value is None or not math.isfinite(value) else round(float(value), digits)


def mood(value: float | None, scale: Scale) -> float | None:
    """Return valence or arousal, 0..1, rounded, on a scale."""
    return None if value is None else number(from_unit(value, scale), MOOD_DIGITS)


def unicode_text(text: str) -> str:
    """Return text that UTF-8 can hold: lone surrogates become U+FFFD."""
    return _SURROGATES.sub("\ufffd", text)
