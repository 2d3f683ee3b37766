"""What a track is called in print, and its fields as scripts read them."""

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

MOOD_DIGITS: Final = 4  # the network is far from certain in the second
SCORE_DIGITS: Final = 6  # neighbours may lie this close
SECOND_DIGITS: Final = 3
LIKINGS: Final = {1: "like", -1: "dislike"}
TEMPO_DIGITS: Final = 1  # of beats a minute: a steady click is told to a few hundredths
CONFIDENCE_DIGITS: Final = 2
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def artist_and_title(track: Track) -> tuple[str | None, str]:
    """Artist, and title or else the file's name without its ending."""
    tags = track.tags
    return tags.artist or tags.albumartist, tags.title or Path(os.fsdecode(track.path)).stem


def full_name(track: Track) -> str:
    """``Artist – Title`` of a track, unsafe characters and all."""
    artist, title = artist_and_title(track)
    return f"{artist} – {title}" if artist else title


def track_fields(track: Track, scale: Scale) -> Fields:
    """A track as scripts read it; what is not known is None."""
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


def tempo_key_fields(told: TempoKey | None) -> Fields:
    """Tempo and key as scripts read them; None where nobody listened for them, or there are none."""
    if told is None:
        return dict.fromkeys(TempoKey.__dataclass_fields__)
    return {
        "tempo": number(told.tempo, TEMPO_DIGITS),
        "tempo_confidence": number(told.tempo_confidence, CONFIDENCE_DIGITS),
        "key": told.key,
        "key_confidence": number(told.key_confidence, CONFIDENCE_DIGITS),
    }


def opinion_fields(opinion: Opinion, scale: Scale) -> Fields:
    """What was said of a track, as scripts read it; what was not said is None."""
    return {
        "valence": mood(opinion.valence, scale),
        "arousal": mood(opinion.arousal, scale),
        "liking": LIKINGS.get(opinion.liking or 0),
    }


def path_fields(path: bytes) -> Fields:
    """``path`` as text; where it is not UTF-8, with U+FFFD in it, and ``path_bytes``, base64, beside it."""
    try:
        return {"path": path.decode()}
    except UnicodeDecodeError:
        return {"path": path.decode(errors="replace"), "path_bytes": base64.b64encode(path).decode()}


def number(value: float | None, digits: int) -> float | None:
    """Value rounded for print; what is no finite number is not known."""
    return None if value is None or not math.isfinite(value) else round(float(value), digits)


def mood(value: float | None, scale: Scale) -> float | None:
    """Valence or arousal, 0..1, as it is printed."""
    return None if value is None else number(from_unit(value, scale), MOOD_DIGITS)


def unicode_text(text: str) -> str:
    """Text that UTF-8 can hold: lone surrogates become U+FFFD."""
    return _SURROGATES.sub("\ufffd", text)
