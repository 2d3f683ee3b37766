"""Read cue sheets: text that lists where the tracks of an album lie in one audio file.

The format is that of CDRWIN, as EAC, XLD, foobar2000 and others write it. Sheets are written by hand, too, in
any encoding, and come from anywhere: one that contradicts itself is refused as a whole, since its other times
cannot be trusted either. Kept by hand because no maintained library reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from typing import Final

from musimo.audio.tag_text import repaired
from musimo.errors import SheetError
from musimo.records import CueSheet, SheetTrack, Tags

FRAMES_PER_S: Final = 75  # of a CD
TIME_DIGITS: Final = 6  # of seconds: a sample is 5 to 125 microseconds
MAX_SHEET: Final = 1_048_576  # bytes; a hundred tracks take some ten thousand
MAX_TRACKS: Final = 250  # a CD has at most 99
MAX_TEXT: Final = 300  # characters of a title
MAX_TIME: Final = 20  # characters of a time that are quoted

_COMMAND: Final = re.compile(r"\s*(REM\s+)?(\w+)\s+(.*?)\s*", re.DOTALL)
_FILE: Final = re.compile(r'(?:"(.*)"|(.+?))(?:\s+\w+)?', re.DOTALL)
_BEGINNING: Final = re.compile(r"0?1\s+(.+)", re.DOTALL)  # an INDEX 01, and its time
_TIME: Final = re.compile(r"(\d{1,4}):(\d{1,2}):(\d{1,2})", re.ASCII)
_YEAR: Final = re.compile(r"(?<!\d)[12]\d{3}(?!\d)", re.ASCII)
_NUMBER: Final = re.compile(r"0*([1-9]\d{0,3})\b", re.ASCII)
_BREAKS: Final = re.compile("\r\n|\r|\n")

_ALBUM: Final = {
    "TITLE": "album",
    "PERFORMER": "albumartist",
    "SONGWRITER": "composer",
    "REM COMPOSER": "composer",
    "REM GENRE": "genre",
    "REM DATE": "date",
    "REM DISCNUMBER": "disc",
}
"""Names of the album's fields before the first track, and of the tags they stand for."""

_TRACK: Final = {
    "TITLE": "title",
    "PERFORMER": "artist",
    "SONGWRITER": "composer",
    "REM COMPOSER": "composer",
    "REM GENRE": "genre",
    "REM DATE": "date",
}
"""The same of one track."""


@dataclass(slots=True)
class _Entry:
    """A track while it is read. ``frames`` is its INDEX 01; None until that is read."""

    number: str
    is_audio: bool
    frames: int | None = None
    texts: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Listed:
    """A FILE of a sheet, and the tracks that begin in it."""

    name: str
    entries: list[_Entry] = field(default_factory=list)


def parse_sheet(data: bytes | str) -> list[tuple[str, CueSheet]]:
    """Return the files that a sheet divides into tracks, by name, each with its tracks in order of time.

    A track begins at its INDEX 01 and ends where the next one begins. Files of one track are left out: such
    a sheet says nothing of where the tracks are. Bytes of names that are not UTF-8 are surrogates, see
    :pep:`383`; text of tags has none.

    Raises
    ------
    SheetError : it contains no track, too many, or times that are no times or do not increase
    """
    if len(data) > MAX_SHEET:
        raise SheetError(f"it is larger than {MAX_SHEET >> 20} MiB")
    album: dict[str, str] = {}
    files: list[_Listed] = []
    entry: _Entry | None = None
    n_tracks = 0
    for line in _BREAKS.split(_decoded(data) if isinstance(data, bytes) else data):
        found = _COMMAND.fullmatch(line)
        if found is None:
            continue
        command = f"{'REM ' if found[1] else ''}{found[2].upper()}"
        value = found[3]
        if command == "FILE" and (named := _FILE.fullmatch(value)):
            files.append(_Listed(named[1] if named[1] is not None else named[2]))
        elif command == "TRACK":
            n_tracks += 1
            if n_tracks > MAX_TRACKS:
                raise SheetError(f"it has more than {MAX_TRACKS} tracks")
            number, _, kind = value.partition(" ")
            entry = _Entry(number, kind.strip().upper() in ("AUDIO", ""))
        elif command == "INDEX" and entry is not None and (at := _BEGINNING.fullmatch(value)):
            if entry.frames is None and files:
                entry.frames = _frames(at[1])
                files[-1].entries.append(entry)
        elif entry is None and command in _ALBUM:
            album.setdefault(_ALBUM[command], _unquoted(value))
        elif entry is not None and command in _TRACK:
            entry.texts.setdefault(_TRACK[command], _unquoted(value))
    if not any(listed.entries for listed in files):
        raise SheetError("it lists no track of a file")
    return [
        (listed.name, _tracks(listed.entries, album))
        for listed in files
        if sum(entry.is_audio for entry in listed.entries) > 1
    ]


def sheet_of_times(starts_s: Iterable[tuple[int, float]]) -> CueSheet:
    """Return the sheet of track numbers and the times at which they begin; empty for fewer than two.

    Raises
    ------
    SheetError : the times do not increase, or there are too many
    """
    entries = [_Entry(str(number), True, round(start_s * FRAMES_PER_S)) for number, start_s in starts_s]
    if len(entries) > MAX_TRACKS:
        raise SheetError(f"it has more than {MAX_TRACKS} tracks")
    return _tracks(entries, {}) if len(entries) > 1 else ()


def with_sheet(tags: Tags, track: SheetTrack) -> Tags:
    """Return the tags of a track: what its sheet says, and else what the file says of the whole album."""
    own = {one.name: getattr(track.tags, one.name) for one in fields(Tags)}
    given = {name: value for name, value in own.items() if value is not None}
    return replace(tags, **({"title": None, "track": None, "bpm": None, "duration_s": None} | given))


def _decoded(data: bytes) -> str:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    return data.decode("utf-8", "surrogateescape")


def _frames(text: str) -> int:
    time = _TIME.fullmatch(text)
    minutes, seconds, frames = map(int, time.groups()) if time else (0, 60, 0)
    if seconds >= 60 or frames >= FRAMES_PER_S:
        raise SheetError(f"{text[:MAX_TIME]} is no time: minutes, seconds below 60, frames below 75")
    return (minutes * 60 + seconds) * FRAMES_PER_S + frames


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value


def _tracks(entries: list[_Entry], album: dict[str, str]) -> CueSheet:
    """Return the audio tracks of one file."""
    starts = [entry.frames for entry in entries if entry.frames is not None]
    if any(start >= end for start, end in pairwise(starts)):
        raise SheetError("the times of its tracks do not increase")
    ends = [*starts[1:], None]
    meant = repaired_texts(
        text for texts in (album, *(one.texts for one in entries)) for text in texts.values()
    )
    album = {name: meant[text] for name, text in album.items() if meant[text]}
    return tuple(
        SheetTrack(
            _seconds(start),
            None if end is None else _seconds(end),
            _tags(entry, {name: meant[text] for name, text in entry.texts.items()}, album),
        )
        for entry, start, end in zip(entries, starts, ends, strict=True)
        if entry.is_audio
    )


def _seconds(frames: int) -> float:
    return round(frames / FRAMES_PER_S, TIME_DIGITS)


def repaired_texts(texts: Iterable[str]) -> dict[str, str]:
    """Return texts of one sheet as they are meant, by how they were read.

    They are repaired together: what encoding they are in may show in one of them only.
    """
    every = list(dict.fromkeys(texts))
    odd = [text for text in every if not text.isascii()]
    meant = (repaired({"": "\n".join(odd)})[""] or "").split("\n")
    fixed = dict(zip(odd, meant, strict=True)) if len(meant) == len(odd) else {}
    return {text: _cleaned(fixed.get(text, text)) for text in every}


def _cleaned(text: str) -> str:
    return text.encode("utf-8", "ignore").decode().replace("\0", "").strip()[:MAX_TEXT].rstrip()


def _tags(entry: _Entry, own: dict[str, str], album: dict[str, str]) -> Tags:
    year = _first(_YEAR.search(own.get("date") or album.get("date", "")))
    return Tags(
        title=own.get("title") or None,
        artist=own.get("artist") or album.get("albumartist"),
        albumartist=album.get("albumartist"),
        album=album.get("album"),
        genre=own.get("genre") or album.get("genre"),
        composer=own.get("composer") or album.get("composer"),
        year=year,
        release_year=year,
        track=_first(_NUMBER.match(entry.number)),
        disc=_first(_NUMBER.match(album.get("disc", ""))),
    )


def _first(found: re.Match[str] | None) -> int | None:
    return None if found is None else int(found[found.re.groups])
