"""What a file says about itself: its tags, as sane text and numbers.

Tags are written by strangers and by broken programs. What cannot be made sense of is None, and no tag is
reason enough to lose the track: nothing here raises.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from io import BytesIO
from math import isfinite
from pathlib import Path
from typing import IO, Any

import mutagen
from mutagen import MutagenError
from mutagen.aac import AACInfo
from mutagen.apev2 import APEv2
from mutagen.mp3 import BitrateMode, MPEGInfo

from musimo.audio.decode import container_metadata
from musimo.audio.files import AnyPath
from musimo.audio.id3 import end_of_frames, id3_tags, synchsafe
from musimo.records import Tags

MAX_TEXT = 1_000  # characters; no title is longer, and terminals, tables and indexes have to carry it
MAX_FRAMES = 1_000  # of an ID3 tag; busy ones have some fifty
MAX_TAG = 16_777_216  # bytes read of a tag with more frames
SOME_SOUND = 65_536  # bytes, by which mutagen knows the format
MAX_BPM = 1_000.0  # beats a minute, well above the fastest music

NAMES: dict[str, tuple[str, ...]] = {
    "title": ("tit2", "title", "©nam"),
    "artist": ("tpe1", "artist", "©art", "author"),
    "albumartist": ("tpe2", "albumartist", "album artist", "album_artist", "aart", "wm/albumartist"),
    "album": ("talb", "album", "©alb", "wm/albumtitle"),
    "genre": ("tcon", "genre", "©gen", "wm/genre"),
    "composer": ("tcom", "composer", "©wrt", "wm/composer"),
    "year": ("tdrc", "date", "year", "©day", "wm/year", "tdor", "originaldate"),
    "track": ("trck", "tracknumber", "track", "trkn", "wm/tracknumber"),
    "disc": ("tpos", "discnumber", "disc", "disk", "wm/partofset"),
    "bpm": ("tbpm", "bpm", "tmpo", "wm/beatsperminute"),
}
"""Names of each field in ID3, Vorbis comments and APE, MP4 and ASF, lower case; the first found counts."""

WANTED = frozenset(name for names in NAMES.values() for name in names)


def read_tags(path: AnyPath) -> Tags:
    """The tags of a file, in whatever format they are; all None where there are none.

    Texts are at most 1,000 characters; several values are joined by "; ". NUL parts values; lone surrogates,
    which no database takes, are removed; other control characters are left to whoever prints. The codec
    is left to the decoder, which knows.
    """
    try:
        named, info = _by_mutagen(path)
    except Exception:  # mutagen meets hostile bytes with any exception there is; the sound may still be fine
        named, info = {}, None
    if not any(name in named for names in NAMES.values() for name in names):
        named = {name.lower(): list(_values(value)) for name, value in container_metadata(path).items()}
    texts = {field: _text(named, names) for field, names in NAMES.items()}
    return Tags(
        title=texts["title"],
        artist=texts["artist"],
        albumartist=texts["albumartist"],
        album=texts["album"],
        genre=texts["genre"],
        composer=texts["composer"],
        year=_year(texts["year"]),
        track=_number(texts["track"]),
        disc=_number(texts["disc"]),
        bpm=_bpm(texts["bpm"]),
        duration_s=None if _guessed(info) else _positive(info, "length"),
        sample_rate=_whole(_positive(info, "sample_rate")),
        channels=_whole(_positive(info, "channels")),
        bitrate=_whole((_positive(info, "bitrate") or 0) / 1000),
    )


def _by_mutagen(path: AnyPath) -> tuple[dict[str, list[str]], Any]:
    """Every tag by its name in lower case, and mutagen's stream info, if it knows the format."""
    where = Path(os.fsdecode(path))
    if not where.is_file():
        return {}, None
    with where.open("rb") as file:
        found = mutagen.File(_with_few_frames(file))
        if found is None:
            return {}, None
        tags = dict(_items(found.tags)) or dict(_items(_ape_tag(file)))
    return {str(name).lower(): list(_values(raw)) for name, raw in tags.items()}, found.info


def _with_few_frames(file: IO[bytes]) -> IO[bytes]:
    """The file; or its first ``MAX_FRAMES`` ID3 frames and some sound, where mutagen would take minutes.

    Its time grows with the number of frames times the size of the tag.
    """
    end = end_of_frames(file, MAX_FRAMES)
    file.seek(0)
    if end is None:
        return file
    header, [(_, tag_end)] = file.read(10), id3_tags(file)[:1]
    file.seek(10)
    frames = file.read(min(end - 10, MAX_TAG))
    file.seek(tag_end)
    return BytesIO(header[:6] + synchsafe(len(frames)) + frames + file.read(SOME_SOUND))


def _ape_tag(file: IO[bytes]) -> Any:
    """The APEv2 tag that some programs put behind mp3, where mutagen looks for ID3 alone."""
    read: Callable[[Any], Any] = APEv2
    file.seek(0)
    with suppress(MutagenError):
        return read(file)
    return None


def _items(tags: Any) -> Iterable[tuple[Any, Any]]:
    """Those that are asked for: to make text of a cover takes a multiple of its size."""
    names = () if tags is None else tags.keys()  # not all are dicts
    return ((name, tags[name]) for name in names if str(name).lower() in WANTED)


def _values(raw: Any) -> Iterator[str]:
    """The texts in a tag's value, whatever mutagen made of it: frame, attribute, list, number, bytes."""
    if isinstance(raw, str):
        yield from raw.split("\0")  # as APEv2 and ID3 part several values
    elif isinstance(raw, bytes):
        yield raw[: 4 * MAX_TEXT].decode("utf-8", "replace")
    elif isinstance(raw, int | float):
        yield str(raw)
    elif isinstance(raw, tuple):  # MP4's (number, of how many)
        yield str(raw[0])
    elif (inner := _inner(raw)) is not None:
        yield from _values(inner)
    elif isinstance(raw, Iterable):
        for value in raw:
            yield from _values(value)
    else:
        yield str(raw)


def _inner(raw: Any) -> Any:
    """What a mutagen object wraps: ``genres`` are the names that ID3's genre numbers stand for."""
    for attribute in ("genres", "text", "value"):
        if hasattr(raw, attribute):
            return getattr(raw, attribute)
    return None


def _text(named: dict[str, list[str]], names: Iterable[str]) -> str | None:
    """The first of the names that says something."""
    for name in names:
        values = (_cleaned(value) for value in named.get(name, ()))
        if text := "; ".join(dict.fromkeys(filter(None, values))):
            return text[:MAX_TEXT].rstrip()
    return None


def _cleaned(value: str) -> str:
    return value[: 2 * MAX_TEXT].encode("utf-8", "ignore").decode().strip()


def _year(text: str | None) -> int | None:
    """The first number of four digits that can be a year: of 1998-05-12, 12.5.1998, "(c) 1998"."""
    found = re.search(r"(?<!\d)[12]\d{3}(?!\d)", text or "", re.ASCII)
    return int(found.group()) if found else None


def _number(text: str | None) -> int | None:
    """The number before the slash of "3/12"."""
    found = re.match(r"0*([1-9]\d{0,3})(?!\d)", text or "", re.ASCII)
    return int(found.group(1)) if found else None


def _bpm(text: str | None) -> float | None:
    found = re.match(r"\d{1,4}([.,]\d{1,6})?(?!\d)", text or "", re.ASCII)
    bpm = float(found.group().replace(",", ".")) if found else 0.0
    return bpm if 0 < bpm < MAX_BPM else None


def _positive(info: Any, name: str) -> float | None:
    """A number of the stream info, if it is one and above 0."""
    value = getattr(info, name, None)
    return float(value) if isinstance(value, int | float) and isfinite(value) and value > 0 else None


def _guessed(info: Any) -> bool:
    """Whether its length is no count of samples, but the file's size by the bit rate of its beginning."""
    if isinstance(info, MPEGInfo):
        return bool(info.sketchy) or info.bitrate_mode == BitrateMode.UNKNOWN
    return isinstance(info, AACInfo)


def _whole(value: float | None) -> int | None:
    return round(value) or None if value else None
