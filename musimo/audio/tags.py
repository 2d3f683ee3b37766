"""Read the tags of a file as clean text and numbers.

Tags may be damaged or hostile. A value that cannot be understood is None, and nothing here raises: a bad tag
must not cost the track.
"""

from __future__ import annotations

import os
import re
import unicodedata
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
from musimo.audio.id3 import end_of_frames, id3_tag_spans, synchsafe
from musimo.audio.paths import AnyPath
from musimo.audio.tag_text import repaired
from musimo.records import Tags

MAX_TEXT = 1_000  # characters; longer than any title, and short enough for tables and indexes
MAX_FRAMES = 1_000  # of an ID3 tag; large ones have some fifty
MAX_TAG = 16_777_216  # bytes read of a tag with more frames
LONE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
YEAR = re.compile(
    r"(?<!\d)(?:([12]\d{3})(?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])?(?:\d{6})?)?(?!\d)"
    r"|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])([12]\d{3})(?!\d))",
    re.ASCII,
)
"""A year, with month, day and time behind it or day and month before it."""
AUDIO_HEAD = 65_536  # bytes of audio, from which mutagen identifies the format
MAX_BPM = 1_000.0  # beats per minute, above the fastest music

NAMES: dict[str, tuple[str, ...]] = {
    "title": ("tit2", "title", "©nam"),
    "artist": ("tpe1", "artist", "©art", "author"),
    "albumartist": ("tpe2", "albumartist", "album artist", "album_artist", "aart", "wm/albumartist"),
    "album": ("talb", "album", "©alb", "wm/albumtitle"),
    "genre": ("tcon", "genre", "©gen", "wm/genre"),
    "composer": ("tcom", "composer", "©wrt", "wm/composer"),
    "track": ("trck", "tracknumber", "track", "trkn", "wm/tracknumber"),
    "disc": ("tpos", "discnumber", "disc", "disk", "wm/partofset"),
    "bpm": ("tbpm", "bpm", "tmpo", "wm/beatsperminute"),
}
"""Names of each field in ID3, Vorbis comments, APE, MP4 and ASF, lower case; the first one found counts."""


def _spelled(*names: str) -> tuple[str, ...]:
    """Return names, and how ID3 and MP4 have those that they do not define."""
    return *names, *(f"{prefix}:{name}" for name in names for prefix in ("txxx", "----:com.apple.itunes"))


ORIGINAL = (
    *("tdor", "tory", "wm/originalreleaseyear", "wm/originalreleasetime"),
    *_spelled("originaldate", "originalyear", "original date", "original year", "original_date"),
    *_spelled("original_year", "origdate", "origyear", "originalreleasedate", "originalreleaseyear"),
    *_spelled("original release date", "original release year"),
)
"""Names of the date when a recording was first released."""

DATED = (
    *("tdrc", "tyer", "©day", "wm/year", "icrd"),
    *_spelled("date", "year", "date_recorded", "recordingdate"),
)
"""Names of the date of a recording, which taggers use for that of its release."""

RELEASED = (
    *("tdrl", "date_released", "wm/releasedate", "wm/mediareleaseyear"),
    *_spelled("releasedate", "releaseyear", "release date", "release year", "release_date", "release_year"),
)
"""Names of the date of this release."""

WANTED = frozenset(name for names in (*NAMES.values(), ORIGINAL, DATED, RELEASED) for name in names)


def read_tags(path: AnyPath) -> Tags:
    """Return the tags of a file, of any format; all None if there are none.

    Text has at most 1,000 characters; several values are joined by "; ". NUL separates values; lone
    surrogates, which databases refuse, are removed; other control characters are left to the output.
    ``codec`` is always None: the decoder determines it.
    """
    try:
        named, info = _by_mutagen(path)
    except Exception:  # mutagen raises anything on hostile bytes; the audio may still be fine
        named, info = {}, None
    if not WANTED.intersection(named):
        named = {name.lower(): list(_values(value)) for name, value in container_metadata(path).items()}
    texts = {field: _text(named, names) for field, names in NAMES.items()}
    texts = {field: _without_surrogates(text) for field, text in repaired(texts).items()}
    return Tags(
        title=texts["title"],
        artist=texts["artist"],
        albumartist=texts["albumartist"],
        album=texts["album"],
        genre=texts["genre"],
        composer=texts["composer"],
        year=_first_year(named, (*ORIGINAL, *DATED, *RELEASED)),
        release_year=_first_year(named, (*RELEASED, *DATED)),
        track=_number(texts["track"]),
        disc=_number(texts["disc"]),
        bpm=_bpm(texts["bpm"]),
        duration_s=None if _is_estimated(info) else _positive(info, "length"),
        sample_rate=_rounded(_positive(info, "sample_rate")),
        channels=_rounded(_positive(info, "channels")),
        bitrate=_rounded((_positive(info, "bitrate") or 0) / 1000),
    )


def _by_mutagen(path: AnyPath) -> tuple[dict[str, list[str]], Any]:
    """Return all wanted tags by lower-case name, and mutagen's stream info, if it knows the format."""
    where = Path(os.fsdecode(path))
    if not where.is_file():
        return {}, None
    with where.open("rb") as file:
        found = mutagen.File(_limit_frames(file))
        if found is None:
            return {}, None
        tags = dict(_items(found.tags)) or dict(_items(_ape_tag(file)))
    return {str(name).lower(): list(_values(raw)) for name, raw in tags.items()}, found.info


def _limit_frames(file: IO[bytes]) -> IO[bytes]:
    """Return the file; or only its first ``MAX_FRAMES`` ID3 frames and some audio, if it has more frames.

    mutagen's time grows with the number of frames times the size of the tag, up to minutes.
    """
    end = end_of_frames(file, MAX_FRAMES)
    file.seek(0)
    if end is None:
        return file
    header, [(_, tag_end)] = file.read(10), id3_tag_spans(file)[:1]
    file.seek(10)
    frames = file.read(min(end - 10, MAX_TAG))
    file.seek(tag_end)
    return BytesIO(header[:6] + synchsafe(len(frames)) + frames + file.read(AUDIO_HEAD))


def _ape_tag(file: IO[bytes]) -> Any:
    """Return the APEv2 tag at the end of an mp3 file, where mutagen reads ID3 only."""
    read: Callable[[Any], Any] = APEv2
    file.seek(0)
    with suppress(MutagenError):
        return read(file)
    return None


def _items(tags: Any) -> Iterable[tuple[Any, Any]]:
    """Yield the wanted tags only: converting a cover to text takes a multiple of its size."""
    names = () if tags is None else tags.keys()  # not all are dicts
    return ((name, tags[name]) for name in names if str(name).lower() in WANTED)


def _values(raw: Any) -> Iterator[str]:
    """Yield the texts in a value of any type that mutagen returns: frame, attribute, list, number, bytes."""
    if isinstance(raw, str):
        yield from raw.split("\0")  # separates values in APEv2 and ID3
    elif isinstance(raw, bytes):
        yield raw[: 4 * MAX_TEXT].decode("utf-8", "replace")
    elif isinstance(raw, int | float):
        yield str(raw)
    elif isinstance(raw, tuple):  # MP4's (number, total)
        yield str(raw[0])
    elif (inner := _inner(raw)) is not None:
        yield from _values(inner)
    elif isinstance(raw, Iterable):
        for value in raw:
            yield from _values(value)
    else:
        yield str(raw)


def _inner(raw: Any) -> Any:
    """Return the value inside a mutagen object: ``genres`` are the names of ID3's genre numbers."""
    if hasattr(raw, "genres"):
        return [name for name in raw.genres if name != "Unknown"]  # so mutagen calls 255, which is none
    for attribute in ("text", "value"):
        if hasattr(raw, attribute):
            return getattr(raw, attribute)
    return None


def _text(named: dict[str, list[str]], names: Iterable[str]) -> str | None:
    """Return the text of the first name that has any."""
    for name in names:
        values = (_cleaned(value) for value in named.get(name, ()))
        if text := "; ".join(dict.fromkeys(filter(None, values))):
            return text[:MAX_TEXT].rstrip()
    return None


def _cleaned(value: str) -> str:
    """Return a value without surrogates, but for those that stand for bytes."""
    return LONE.sub("", value[: 2 * MAX_TEXT]).strip()


def _without_surrogates(text: str | None) -> str | None:
    return (text or "").encode("utf-8", "ignore").decode().strip() or None


def _first_year(named: dict[str, list[str]], names: Iterable[str]) -> int | None:
    """Return the year of the first name and value that has one."""
    values = (value for name in names for value in named.get(name, ()))
    return next((year for value in values if (year := _year(value[:MAX_TEXT])) is not None), None)


def _year(text: str | None) -> int | None:
    """Return the first number that can be a year: of 1998, 1998-05-12, 12.5.1998, 19980512, "(c) 1998"."""
    found = YEAR.search(unicodedata.normalize("NFKC", text or ""))
    return int(next(filter(None, found.groups()))) if found else None


def _number(text: str | None) -> int | None:
    """Return the number before the slash of "3/12"."""
    found = re.match(r"0*([1-9]\d{0,3})(?!\d)", text or "", re.ASCII)
    return int(found.group(1)) if found else None


def _bpm(text: str | None) -> float | None:
    found = re.match(r"\d{1,4}([.,]\d{1,6})?(?!\d)", text or "", re.ASCII)
    bpm = float(found.group().replace(",", ".")) if found else 0.0
    return bpm if 0 < bpm < MAX_BPM else None


def _positive(info: Any, name: str) -> float | None:
    """Return a number of the stream info, if it is finite and above 0."""
    value = getattr(info, name, None)
    return float(value) if isinstance(value, int | float) and isfinite(value) and value > 0 else None


def _is_estimated(info: Any) -> bool:
    """Return whether the duration is only estimated from the file size and the first bit rate."""
    if isinstance(info, MPEGInfo):
        return bool(info.sketchy) or info.bitrate_mode == BitrateMode.UNKNOWN
    return isinstance(info, AACInfo)


def _rounded(value: float | None) -> int | None:
    return round(value) or None if value else None
