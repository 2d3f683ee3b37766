"""How the points of a map are colored: by group of tracks, or by a number on a scale."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from musimo.output.colors import OKABE_ITO, OTHER, UNKNOWN, cividis
from musimo.output.text import cut, safe
from musimo.records import Track
from musimo.records.heard import strongest_genre
from musimo.records.scale import Scale, from_unit

ColorBy = Literal["genre", "artist", "heard", "year", "tempo", "mood", "valence", "arousal"]
COLOR_BY: Final[tuple[ColorBy, ...]] = get_args(ColorBy)

OTHER_GROUP: Final = -1
NO_TAG: Final = -2
REST_NAMES: Final = {OTHER_GROUP: "other", NO_TAG: "no tag"}
QUADRANTS: Final = ("pleasant, excited", "unpleasant, excited", "unpleasant, calm", "pleasant, calm")
NAME_COLUMNS: Final = 28  # of a group's name, beside a picture


@dataclass(frozen=True, slots=True)
class Groups:
    """Tracks by group.

    Parameters
    ----------
    names : names of at most eight groups, colored in the order of :data:`musimo.output.colors.OKABE_ITO`
    of : [shape=(n,)] index of each track's group in ``names``; -1 for all other groups, -2 without a tag
    """

    names: tuple[str, ...]
    of: tuple[int, ...]

    @property
    def rest(self) -> dict[int, str]:
        """Names of -1 and -2, as far as they occur."""
        return {group: name for group, name in REST_NAMES.items() if group in self.of}


@dataclass(frozen=True, slots=True)
class Span:
    """Tracks by a number.

    Parameters
    ----------
    low, high : ends of the scale
    of : [shape=(n,)] the number of each track; None where it is not known
    digits : decimals that are shown
    """

    low: float
    high: float
    of: tuple[float | None, ...]
    digits: int

    def fraction(self, value: float) -> float:
        """Return the position of a number on the scale, 0..1."""
        return (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5


Coloring = Groups | Span


def coloring(tracks: Sequence[Track], by: ColorBy, scale: Scale) -> Coloring:
    """Return what the colors of ``tracks`` stand for."""
    match by:
        case "genre":
            return _most_frequent(tracks, _genre)
        case "artist":
            return _most_frequent(tracks, lambda track: track.tags.artist or track.tags.albumartist)
        case "heard":
            return _most_frequent(tracks, lambda track: track.heard[0].tag if track.heard else None)
        case "mood":
            return Groups(QUADRANTS, tuple(map(_quadrant, tracks)))
        case "year":
            return _span([track.tags.year for track in tracks], 0)
        case "tempo":
            return _span([track.tempo_key.tempo if track.tempo_key else None for track in tracks], 0)
        case "valence":
            return _span([_on_scale(track.valence, scale) for track in tracks], 2)
        case "arousal":
            return _span([_on_scale(track.arousal, scale) for track in tracks], 2)


def point_colors(colors: Coloring) -> list[str]:
    """Return the color of each track, as ``#rrggbb``."""
    if isinstance(colors, Groups):
        return [group_color(group) for group in colors.of]
    return [UNKNOWN if value is None else cividis(colors.fraction(value)) for value in colors.of]


def group_color(group: int) -> str:
    """Return the color of a group, -1 and -2 included."""
    return {OTHER_GROUP: OTHER, NO_TAG: UNKNOWN}.get(group) or OKABE_ITO[group]


def _most_frequent(tracks: Sequence[Track], value: Callable[[Track], str | None]) -> Groups:
    """Group by the eight most frequent values, ignoring case and surrounding space."""
    spelled = [(value(track) or "").strip() for track in tracks]
    keys = [text.casefold() for text in spelled]
    counts = Counter(key for key in keys if key)
    first = sorted(counts, key=lambda key: (-counts[key], key))[: len(OKABE_ITO)]
    spellings = {key: Counter(s for s, k in zip(spelled, keys, strict=True) if k == key) for key in first}
    names = tuple(cut(safe(spellings[key].most_common(1)[0][0]), NAME_COLUMNS) for key in first)
    index = {key: at for at, key in enumerate(first)}
    return Groups(names, tuple(index.get(key, OTHER_GROUP if key else NO_TAG) for key in keys))


def _genre(track: Track) -> str | None:
    """Return the genre of the file; without one, the genre heard most."""
    return (track.tags.genre or "").strip() or strongest_genre(track.heard)


def _quadrant(track: Track) -> int:
    """Return the quadrant, counted counterclockwise; neutral counts as pleasant and excited."""
    pleasant, excited = (track.valence or 0) >= 0.5, (track.arousal or 0) >= 0.5
    return {(True, True): 0, (False, True): 1, (False, False): 2, (True, False): 3}[pleasant, excited]


def _on_scale(value: float | None, scale: Scale) -> float | None:
    return None if value is None else from_unit(value, scale)


def _span(values: Sequence[float | None], digits: int) -> Span:
    known = [value for value in values if value is not None and math.isfinite(value)]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    of = tuple(value if value is not None and math.isfinite(value) else None for value in values)
    return Span(low, high, of, digits)
