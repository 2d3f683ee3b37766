"""What colours points of a map: groups of tracks, or a number on a scale.

Groups have the colours of Okabe & Ito ("Color universal design", 2008), scales those of cividis (Nuñez,
Anderton & Renslow, PLOS ONE 2018): both are told apart with any colour vision.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from musimo.output.text import cut, safe
from musimo.records import Track
from musimo.records.scale import Scale, from_unit

Colour = Literal["genre", "artist", "year", "tempo", "mood", "valence", "arousal"]
COLOURS: Final[tuple[Colour, ...]] = get_args(Colour)

OKABE_ITO: Final = (
    "#0072b2",  # blue
    "#e69f00",  # orange
    "#009e73",  # bluish green
    "#cc79a7",  # reddish purple
    "#56b4e9",  # sky blue
    "#d55e00",  # vermillion
    "#f0e442",  # yellow
    "#000000",  # black; a dark page shows it white
)
CIVIDIS: Final = (  # at equal steps, low to high
    "#00224e",
    "#1a386f",
    "#434e6c",
    "#61656f",
    "#7d7c78",
    "#9b9476",
    "#bcae6c",
    "#dec958",
    "#fee838",
)
REST: Final = "#999999"
"""Of tracks in a group too small for a colour."""

UNKNOWN: Final = "#ffffff"
"""Of tracks without the number or tag: empty on a white picture, and no colour of a scale or group."""

OTHER: Final = -1
UNTAGGED: Final = -2
REST_NAMES: Final = {OTHER: "other", UNTAGGED: "no tag"}
QUADRANTS: Final = ("pleasant, excited", "unpleasant, excited", "unpleasant, calm", "pleasant, calm")
NAME_COLUMNS: Final = 28  # of a group's name, beside a picture


@dataclass(frozen=True, slots=True)
class Groups:
    """Tracks by group.

    Parameters
    ----------
    names : at most eight, each with the colour at its place in :data:`OKABE_ITO`
    of : (n), place of each track's group in ``names``; -1 for all other groups, -2 for tracks without a tag
    """

    names: tuple[str, ...]
    of: tuple[int, ...]

    @property
    def rest(self) -> dict[int, str]:
        """What tracks in none of the groups are called, as far as there are any: a name for -1, for -2."""
        return {group: name for group, name in REST_NAMES.items() if group in self.of}


@dataclass(frozen=True, slots=True)
class Span:
    """Tracks by a number; None where it is not known.

    Parameters
    ----------
    low, high : ends of the scale
    of : (n), the number of each track
    digits : that are shown
    """

    low: float
    high: float
    of: tuple[float | None, ...]
    digits: int


Colouring = Groups | Span


def colouring(tracks: Sequence[Track], by: Colour, scale: Scale) -> Colouring:
    """What colours ``tracks``."""
    match by:
        case "genre":
            return _most_frequent(tracks, lambda track: track.tags.genre)
        case "artist":
            return _most_frequent(tracks, lambda track: track.tags.artist or track.tags.albumartist)
        case "mood":
            return Groups(QUADRANTS, tuple(map(_quadrant, tracks)))
        case "year":
            return _span([track.tags.year for track in tracks], 0)
        case "tempo":
            return _span([track.tempo_key.tempo if track.tempo_key else None for track in tracks], 0)
        case "valence":
            return _span([_shown(track.valence, scale) for track in tracks], 2)
        case "arousal":
            return _span([_shown(track.arousal, scale) for track in tracks], 2)


def place_on(span: Span, value: float) -> float:
    """Where a number stands on its scale, 0..1."""
    return (value - span.low) / (span.high - span.low) if span.high > span.low else 0.5


def paint(colours: Colouring) -> list[str]:
    """The colour of each track, as ``#rrggbb``."""
    if isinstance(colours, Groups):
        return [group_colour(group) for group in colours.of]
    return [UNKNOWN if value is None else cividis(place_on(colours, value)) for value in colours.of]


def group_colour(group: int) -> str:
    """The colour of a group, or of tracks in none."""
    return {OTHER: REST, UNTAGGED: UNKNOWN}.get(group) or OKABE_ITO[group]


def cividis(place: float) -> str:
    """The colour at a place of the scale, 0..1."""
    step = min(max(place, 0.0), 1.0) * (len(CIVIDIS) - 1)
    low = min(int(step), len(CIVIDIS) - 2)
    ends = [[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in CIVIDIS[low : low + 2]]
    mixed = (round(a + (b - a) * (step - low)) for a, b in zip(*ends, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _most_frequent(tracks: Sequence[Track], value: Callable[[Track], str | None]) -> Groups:
    """The eight values that most tracks have; case and space around them tell none apart."""
    spelt = [(value(track) or "").strip() for track in tracks]
    keys = [text.casefold() for text in spelt]
    counts = Counter(key for key in keys if key)
    first = sorted(counts, key=lambda key: (-counts[key], key))[: len(OKABE_ITO)]
    spellings = {key: Counter(s for s, k in zip(spelt, keys, strict=True) if k == key) for key in first}
    names = tuple(cut(safe(spellings[key].most_common(1)[0][0]), NAME_COLUMNS) for key in first)
    place = {key: at for at, key in enumerate(first)}
    return Groups(names, tuple(place.get(key, OTHER if key else UNTAGGED) for key in keys))


def _quadrant(track: Track) -> int:
    """Counted as in mathematics, neutral being pleasant and excited."""
    pleasant, excited = (track.valence or 0) >= 0.5, (track.arousal or 0) >= 0.5
    return {(True, True): 0, (False, True): 1, (False, False): 2, (True, False): 3}[pleasant, excited]


def _shown(value: float | None, scale: Scale) -> float | None:
    return None if value is None else from_unit(value, scale)


def _span(values: Sequence[float | None], digits: int) -> Span:
    known = [value for value in values if value is not None and math.isfinite(value)]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    of = tuple(value if value is not None and math.isfinite(value) else None for value in values)
    return Span(low, high, of, digits)
