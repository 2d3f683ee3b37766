"""What a track is called in print."""

from __future__ import annotations

import re
from typing import Final

from musimo.records import Track

_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def artist_and_title(track: Track) -> tuple[str | None, str]:
    """Return the artist, and the title or else the file name without its ending."""
    tags = track.tags
    return tags.artist or tags.albumartist, tags.title or f"{track.path.stem}{number_in_file(track)}"


def number_in_file(track: Track) -> str:
    """Return ``#3`` for the third track of a cue sheet, by which its file's path names it; else nothing."""
    return "" if track.part is None or track.tags.track is None else f"#{track.tags.track}"


def full_name(track: Track) -> str:
    """Return ``Artist – Title`` of a track, not escaped."""
    artist, title = artist_and_title(track)
    return f"{artist} – {title}" if artist else title


def unicode_text(text: str) -> str:
    """Return text that UTF-8 can hold: lone surrogates become U+FFFD."""
    return _SURROGATES.sub("\ufffd", text)
