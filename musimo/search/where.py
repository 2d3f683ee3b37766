"""The language of ``--where``: one condition on a track, in the range syntax of beets.

    [^]FIELD:VALUE

Text fields match if they contain VALUE, regardless of case: ``genre:jazz``, ``artist:"Nina Simone"``. An
empty VALUE matches any known text. ``path`` is compared byte for byte: ``path:Live/``.

Number fields take ``A..B`` (inclusive), ``A..``, ``..B``, ``..`` (any known value) or one number, which is
matched as precisely as it is written: ``year:1999`` is that year, ``bpm:120`` is 119.5 to 120.5. Durations
are written as in :mod:`musimo.search.times`: ``..45m``, ``1h..``, ``4:00``, ``240``. Bit rates are in kbit/s,
sample rates in Hz. ``tempo`` is estimated by musimo, ``bpm`` comes from the tags; both are beats per minute.

``key`` takes a key in any spelling, ``key:Am``, ``key:"A minor"``, ``key:8A`` (Camelot), or a mode,
``key:major``.

``heard`` takes a tag that musimo hears in the audio, ``heard:piano``, ``heard:"no vocals"``; an empty VALUE
is any of them.

Several values are alternatives: ``genre:jazz|blues``, ``year:1959|1975..1979``; quoted, ``|`` is a letter.
``key:~8A`` takes keys that mix well with a key: 7A, 8A, 9A and 8B. ``tempo:~170..180`` forgives octaves,
which estimates confuse: 85 to 90 and 340 to 360 as well. ``mood:calm`` takes tracks near a mood in
percentiles of the library, as ``musimo mood calm`` lists them; ``liked:`` and ``disliked:`` what is rated so.

An unknown value matches no condition. A leading ``^`` negates a condition, so ``^year:1990..`` matches tracks
before 1990 and those without a year.
"""

from __future__ import annotations

import difflib
import math
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeGuard, get_args

from musimo.audio.paths import typed_text
from musimo.errors import UsageError
from musimo.library.db.folding import as_text, fold
from musimo.records import (
    AnyFilter,
    Filter,
    HeardFilter,
    KeyFilter,
    LikedFilter,
    MoodFilter,
    NumberField,
    PathFilter,
    RangeFilter,
    TextField,
    TextFilter,
    Track,
)
from musimo.records.scale import RANGES, Scale, to_unit
from musimo.search.heard import tag_name
from musimo.search.keys import compatible_keys, parse_keys
from musimo.search.mood_words import point_of
from musimo.search.plane import Point
from musimo.search.times import read_time

TEXT_FIELDS: Final[tuple[TextField, ...]] = get_args(TextField)
NUMBER_FIELDS: Final[tuple[NumberField, ...]] = get_args(NumberField)
FIELDS: Final[tuple[str, ...]] = (
    *(*TEXT_FIELDS, "path", "key", "heard"),
    *(*NUMBER_FIELDS, "mood", "liked", "disliked"),
)
MOOD_RADIUS: Final = 0.25  # in percentiles: the circle in a quadrant, a fifth of the tracks
MAX_ALTERNATIVES: Final = 100

MEANT: Final[dict[str, str]] = {
    **dict.fromkeys(("band", "performer", "singer"), "artist"),
    **dict.fromkeys(("name", "song", "track_title"), "title"),
    **dict.fromkeys(("dir", "directory", "file", "filename", "folder"), "path"),
    **dict.fromkeys(("length", "lasts", "seconds", "time"), "duration"),
    **dict.fromkeys(("date", "decade", "released"), "year"),
    **dict.fromkeys(("codec", "type", "encoding"), "format"),
    **dict.fromkeys(("style",), "genre"),
    **dict.fromkeys(("instrument", "sounds", "tag", "voice"), "heard"),
    **dict.fromkeys(("energy", "excitement"), "arousal"),
    **dict.fromkeys(("happiness", "positivity"), "valence"),
    **dict.fromkeys(("beats", "speed"), "tempo"),
    **dict.fromkeys(("rate", "kbps"), "bitrate"),
}
"""Other names for a field, to suggest it: near in meaning, though not in spelling."""

EXAMPLES: Final[dict[NumberField, str]] = {
    "id": "1..100, 17.. or 17",
    "year": "1990..1999, 1990.., ..1999 or 1999",
    "release_year": "1990..1999, 1990.., ..1999 or 1999",
    "track": "1..3 or 1",
    "disc": "1..2 or 2",
    "duration": "2:30..4:00, 1h.. or ..45m",
    "bitrate": "256.., ..128 or 320, in kbit/s",
    "samplerate": "44100, 48000.. or ..32000, in Hz",
    "channels": "1, 2 or 2..",
    "bpm": "118..126, 120.. or 120",
    "tempo": "118..126, 120.. or 120",
    "valence": "0.6.., ..0.4 or 0.4..0.6",
    "arousal": "0.6.., ..0.4 or 0.4..0.6",
}
"""Values of each number field, for error messages."""
RATING_EXAMPLES: Final = "6.., ..4 or 4..6"  # of valence and arousal on the scale 1-9

_ALTERNATIVE: Final = re.compile(r'\s*("[^"]*")\s*(?:\||$)|([^|]*)(?:\||$)')
_YES_NO: Final = {"": True, "yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}

_WHOLE = frozenset({"id", "year", "release_year", "track", "disc", "bitrate", "samplerate", "channels"})
_OCTAVES = frozenset({"tempo", "bpm"})
_MOOD = frozenset({"valence", "arousal"})
_NUMBER = re.compile(r"[+-]?(\d+(?:\.(\d*))?|\.(\d+))", re.ASCII)


def parse(expression: str, scale: Scale = "0-1", moods: Mapping[str, Point] | None = None) -> Filter:
    """Parse one condition.

    Parameters
    ----------
    expression : ``[^]FIELD:VALUE``
    scale : of numbers for valence and arousal
    moods : words from the user's settings, see :mod:`musimo.search.mood_words`

    Raises
    ------
    UsageError : the field does not exist, or its value cannot be parsed
    """
    name, colon, value = expression.strip().removeprefix("^").partition(":")
    negated = expression.lstrip().startswith("^")
    field = name.strip().lower()
    if not colon:
        raise UsageError(f"--where {expression!r} names no field", f"write FIELD:VALUE; {_fields()}")
    value = value.strip()
    alternatives = _alternatives(field, value) if "|" in value else [value]
    read = [_parsed(name, field, _unquoted(one), negated, scale, moods) for one in alternatives]
    if len(read) == 1:
        return read[0]
    return AnyFilter(tuple(replace(one, negated=one.negated != negated) for one in read), negated)


def _parsed(
    name: str, field: str, value: str, negated: bool, scale: Scale, moods: Mapping[str, Point] | None
) -> Filter:
    """Parse one value of a field."""
    if field == "path":
        return PathFilter(_bytes(value), negated, _resolved(_bytes(value)))
    if field == "key":
        keys = parse_keys(value.removeprefix("~"))
        return KeyFilter(compatible_keys(keys) if value.startswith("~") else keys, negated)
    if field == "heard":
        return HeardFilter(tag_name(as_text(_bytes(typed_text(value)))), negated)
    if field == "mood":
        valence, arousal = point_of(value, moods)
        return MoodFilter(valence, arousal, MOOD_RADIUS, negated)
    if field in {"liked", "disliked"}:
        if (yes := _YES_NO.get(value.lower())) is None:
            raise UsageError(f"--where {field}:{value}: {value!r} is neither yes nor no", f"write {field}:")
        return LikedFilter(1 if field == "liked" else -1, negated != (not yes))
    if _is_text_field(field):
        return TextFilter(field, fold(as_text(_bytes(typed_text(value)))), negated)
    if field in _OCTAVES and _is_number_field(field) and value.startswith("~"):
        low, high = _range(field, value[1:].strip(), scale)
        return AnyFilter(tuple(_octave(field, low, high, factor) for factor in (1, 0.5, 2)), negated)
    if _is_number_field(field):
        low, high = _range(field, value, scale)
        return RangeFilter(field, low, high, negated)
    close = difflib.get_close_matches(field, (*FIELDS, *MEANT), n=1)
    guess = f"did you mean {MEANT.get(close[0], close[0])}? " if close else ""
    raise UsageError(f"--where {field}:{value}: there is no field {name.strip()!r}", guess + _fields())


def _octave(field: NumberField, low: float | None, high: float | None, factor: float) -> RangeFilter:
    return RangeFilter(
        field, None if low is None else low * factor, None if high is None else high * factor, negated=False
    )


def _alternatives(field: str, value: str) -> list[str]:
    """Split a value at each ``|`` outside of quotes."""
    found: list[str] = []
    position = 0
    while position <= len(value) and len(found) <= MAX_ALTERNATIVES:
        match = _ALTERNATIVE.match(value, position)
        assert match is not None
        found.append((match[1] or match[2]).strip())
        position = match.end() + (not match[0].endswith("|"))
    if len(found) > MAX_ALTERNATIVES:
        raise UsageError(f"--where {field}: more than {MAX_ALTERNATIVES} alternatives", "ask for fewer")
    if not all(found):
        raise UsageError(
            f"--where {field}:{value}: there is nothing beside one |",
            'write A|B, or "A|B" for the sign itself',
        )
    return found


def matches(condition: Filter, track: Track) -> bool:
    """Return whether a track meets a condition. This defines the semantics that the SQL must agree with.

    Raises
    ------
    ValueError : for a filter of moods or ratings, which only a library can answer
    """
    return _holds(condition, track) != condition.negated


def _holds(condition: Filter, track: Track) -> bool:
    match condition:
        case PathFilter(needle=path_needle, resolved=resolved):
            path = track.path_bytes
            return path_needle in path or (resolved is not None and path.startswith(resolved))
        case TextFilter(field=text_field, needle=needle):
            text = _text(text_field, track)
            return text is not None and needle in fold(text)
        case AnyFilter(filters=filters):
            return any(matches(one, track) for one in filters)
        case MoodFilter() | LikedFilter():
            raise ValueError("a library is needed for percentiles of moods, and for ratings")
        case HeardFilter(tag=tag):
            return any(tag in ("", one.tag) for one in track.heard or ())
        case KeyFilter(keys=keys):
            return track.tempo_key is not None and track.tempo_key.key in keys
        case RangeFilter(field=number_field, low=low, high=high):
            number = _number(number_field, track)
            if number is None:
                return False
            return (low is None or low <= number) and (high is None or number <= high)


def _text(field: TextField, track: Track) -> str | None:
    return track.tags.codec if field == "format" else getattr(track.tags, field)


def _number(field: NumberField, track: Track) -> float | None:
    match field:
        case "id":
            return track.id
        case "duration":
            return track.duration_s
        case "valence":
            return track.valence
        case "arousal":
            return track.arousal
        case "tempo":
            return None if track.tempo_key is None else track.tempo_key.tempo
        case "samplerate":
            return track.tags.sample_rate
        case _:
            number: float | None = getattr(track.tags, field)
            return number


def _range(field: NumberField, value: str, scale: Scale) -> tuple[float | None, float | None]:
    if ".." not in value:
        center, step = _written(field, value, value, scale)
        reach = 0.0 if field in _WHOLE else step / 2
        _check_scale(field, center, scale)
        return _stored(field, center - reach, scale), _stored(field, center + reach, scale)
    ends = [
        _written(field, end.strip(), value, scale)[0] if end.strip() else None for end in value.split("..", 1)
    ]
    for end in ends:
        if end is not None:
            _check_scale(field, end, scale)
    low, high = ends
    if low is not None and high is not None and low > high:
        raise UsageError(
            f"--where {field}:{value} runs backwards",
            f"write the lower end first, LOW..HIGH, as in {_examples(field, scale)}",
        )
    return (
        None if low is None else _stored(field, low, scale),
        None if high is None else _stored(field, high, scale),
    )


def _written(field: NumberField, text: str, value: str, scale: Scale) -> tuple[float, float]:
    """Parse one number; return its value and one unit of its last written digit."""
    if field == "duration" and (time := read_time(text)):
        return time
    number = _NUMBER.fullmatch(text)
    if number and math.isfinite(float(text)):
        return float(text), 10.0 ** -len(number[2] or number[3] or "")
    raise UsageError(
        f"--where {field}:{value}: {text!r} is not a {'duration' if field == 'duration' else 'number'}",
        f"write a range or a value: {_examples(field, scale)}",
    )


def _examples(field: NumberField, scale: Scale) -> str:
    return RATING_EXAMPLES if field in _MOOD and scale == "1-9" else EXAMPLES[field]


def _check_scale(field: NumberField, number: float, scale: Scale) -> None:
    low, high = RANGES[scale]
    if field in _MOOD and not low <= number <= high:
        raise UsageError(
            f"--where {field}: {number:g} is outside the scale {low:g}..{high:g}",
            f"write {_examples(field, scale)}; the default scale is 0..1 with 0.5 = neutral, "
            "and ratings are read with --scale 1-9",
        )


def _stored(field: NumberField, number: float, scale: Scale) -> float:
    return to_unit(number, scale) if field in _MOOD else number


def _bytes(value: str) -> bytes:
    """Return typed text as bytes; raise for a lone surrogate, which only a program can pass."""
    try:
        return os.fsencode(value)
    except UnicodeEncodeError as error:
        raise UsageError(f"--where: {value!r} contains half a character", "no tag has one") from error


def _resolved(path: bytes) -> bytes | None:
    """Return the path as a scan stores it, links and ``~`` resolved; None where it holds none of them."""
    if not path.startswith((b"/", b"~")) or b"\0" in path:
        return None
    resolved = os.path.realpath(os.path.expanduser(path))  # noqa: PTH111 - bytes
    if resolved == os.path.normpath(path):
        return None
    return resolved + b"/" if os.path.isdir(resolved) else resolved  # noqa: PTH112 - bytes


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value


def _fields() -> str:
    return f"fields: {', '.join(FIELDS)}"


def _is_text_field(name: str) -> TypeGuard[TextField]:
    return name in TEXT_FIELDS


def _is_number_field(name: str) -> TypeGuard[NumberField]:
    return name in NUMBER_FIELDS
