"""Playlists: M3U, PLS and XSPF.

- ``m3u8`` is UTF-8 throughout; it cannot contain a file whose name is not UTF-8.
- ``m3u`` and ``pls`` contain names byte for byte as the file system has them, which players on the same
  system open; titles are UTF-8.
- ``xspf`` contains percent-encoded URIs, which can name any file.

A track of a cue sheet is its file with the times at which it begins and ends, as VLC and others read them; in
``pls``, which has no place for times, it is the file, once for all of its tracks.

The line formats cannot contain a name with a line break. Files that a format cannot contain are left out and
reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Final

from musimo.output.naming import artist_and_title, unicode_text
from musimo.output.playlist_paths import PathStyle, location, written
from musimo.output.text import xml_text
from musimo.records import Track, Window
from musimo.records.fields import SECOND_DIGITS, number

VLC: Final = "http://www.videolan.org/vlc/playlist/0"
UNKNOWN_S: Final = -1  # a duration, in M3U and PLS

_LINE_BREAKING: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that a playlist cannot contain."""

    path: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class _Entry:
    path: bytes
    track: Track


def m3u8(tracks: Iterable[Track], style: PathStyle) -> tuple[bytes, list[Skipped]]:
    """Return extended M3U in UTF-8, and the files it cannot contain."""
    entries, skipped = _entries(tracks, style, only_utf8=True)
    return _extended_m3u(entries), skipped


def m3u(tracks: Iterable[Track], style: PathStyle) -> tuple[bytes, list[Skipped]]:
    """Return extended M3U with names as the bytes of the file system, and the files it cannot contain."""
    entries, skipped = _entries(tracks, style)
    return _extended_m3u(entries), skipped


def pls(tracks: Iterable[Track], style: PathStyle) -> tuple[bytes, list[Skipped]]:
    """Return PLS version 2, and the files it cannot contain."""
    entries, skipped = _entries(each_file_once(tracks), style)
    lines = [b"[playlist]"]
    for place, entry in enumerate(entries, 1):
        lines.append(b"File%d=%s" % (place, entry.path))
        lines.append(b"Title%d=%s" % (place, _one_line(_display(entry.track))))
        lines.append(
            b"Length%d=%d" % (place, _seconds(entry.track) if entry.track.part is None else UNKNOWN_S)
        )
    lines += [b"NumberOfEntries=%d" % len(entries), b"Version=2", b""]
    return b"\n".join(lines), skipped


def xspf(tracks: Iterable[Track], style: PathStyle) -> tuple[bytes, list[Skipped]]:
    """Return XSPF version 1; characters that XML cannot contain become U+FFFD."""
    tracks = list(tracks)
    extension = f' xmlns:vlc="{VLC}"' if any(track.part for track in tracks) else ""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<playlist version="1" xmlns="http://xspf.org/ns/0/"{extension}>',
        "  <trackList>",
    ]
    for track in tracks:
        artist, title = artist_and_title(track)
        seconds = number(track.duration_s, SECOND_DIGITS)
        duration = None if seconds is None else str(round(1000 * seconds))
        elements = [
            ("location", location(track.path_bytes, style)),
            ("title", title),
            ("creator", artist),
            ("album", track.tags.album),
            ("trackNum", str(track.tags.track) if track.tags.track else None),
            ("duration", duration),
        ]
        written_out = [f"      <{name}>{_xml(text)}</{name}>" for name, text in elements if text]
        if track.part is not None:
            options = (f"        <vlc:option>{option}</vlc:option>" for option in _vlc_options(track.part))
            written_out += [f'      <extension application="{VLC}">', *options, "      </extension>"]
        lines += ["    <track>", *written_out, "    </track>"]
    lines += ["  </trackList>", "</playlist>", ""]
    return "\n".join(lines).encode(), []


def _entries(
    tracks: Iterable[Track], style: PathStyle, *, only_utf8: bool = False
) -> tuple[list[_Entry], list[Skipped]]:
    entries: list[_Entry] = []
    skipped: list[Skipped] = []
    for track in tracks:
        path = written(track.path_bytes, style)
        if b"\n" in path or b"\r" in path:
            skipped.append(
                Skipped(
                    track.path_bytes, "its name has a line break, which this kind of playlist cannot contain"
                )
            )
        elif only_utf8 and not _is_utf8(path):
            skipped.append(Skipped(track.path_bytes, "its name is not UTF-8; m3u and xspf can contain it"))
        else:
            # Such a name would be read as a comment, or lose its leading spaces.
            entries.append(_Entry(b"./" + path if path[:1] in (b"#", b" ", b"\t") else path, track))
    return entries, skipped


def _extended_m3u(entries: Iterable[_Entry]) -> bytes:
    lines = [b"#EXTM3U"]
    for entry in entries:
        lines.append(b"#EXTINF:%d,%s" % (_seconds(entry.track), _one_line(_display(entry.track))))
        if entry.track.part is not None:
            lines += (b"#EXTVLCOPT:%s" % option.encode() for option in _vlc_options(entry.track.part))
        lines.append(entry.path)
    return b"\n".join(lines) + b"\n"


def each_file_once(tracks: Iterable[Track]) -> list[Track]:
    """Return the tracks, but of those that are parts of one file only the first."""
    files: set[bytes] = set()
    listed: list[Track] = []
    for track in tracks:
        if track.part is None or track.path_bytes not in files:
            listed.append(track)
        if track.part is not None:
            files.add(track.path_bytes)
    return listed


def _vlc_options(part: Window) -> tuple[str, str]:
    return f"start-time={part.start_s:.3f}", f"stop-time={part.end_s:.3f}"


def _display(track: Track) -> str:
    artist, title = artist_and_title(track)
    return f"{artist} - {title}" if artist else title  # a hyphen: players split at it


def _seconds(track: Track) -> int:
    seconds = number(track.duration_s, SECOND_DIGITS)
    return UNKNOWN_S if seconds is None else round(seconds)


def _one_line(text: str) -> bytes:
    return _LINE_BREAKING.sub(" ", unicode_text(text)).strip().encode()


def _xml(text: str) -> str:
    escaped = escape(xml_text(text), quote=False)
    return escaped.replace("\r", "&#13;")  # a bare one is read as a line feed


def _is_utf8(path: bytes) -> bool:
    try:
        path.decode()
    except UnicodeDecodeError:
        return False
    return True
