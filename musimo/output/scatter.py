"""What a still picture of the map shows, whatever draws it: points, colours, a legend, two axes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from musimo.output.colouring import (
    UNKNOWN,
    Colour,
    Groups,
    colouring,
    group_colour,
    paint,
    place_on,
)
from musimo.output.colouring import cividis as on_scale
from musimo.output.naming import artist_and_title, unicode_text
from musimo.output.text import cut, safe
from musimo.records import Track
from musimo.records.scale import Scale, from_unit
from musimo.search.sound_map import SoundMap

View = Literal["mood", "sound"]
AIR: Final = 0.04  # of the axis, on both sides of the points
NAME_COLUMNS: Final = 200  # of what a point is called


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: its ends, its name, and the values that are written at it."""

    low: float
    high: float
    name: str
    ticks: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Scatter:
    """A picture.

    Parameters
    ----------
    points : (x, y, colour, name) of each, in the units of the axes
    legend : (colour, text), top to bottom
    legend_name : what the colours stand for
    neutral : the middle of both scales where that is neutral, else None
    equal : both axes have one unit
    """

    points: tuple[tuple[float, float, str, str], ...]
    x: Axis
    y: Axis
    legend: tuple[tuple[str, str], ...]
    legend_name: str
    neutral: float | None
    equal: bool


def scatter(drawn: SoundMap, view: View, colour: Colour, scale: Scale) -> Scatter:
    """The picture of a map."""
    if view == "mood":
        moods = [(track.valence or 0.0, track.arousal or 0.0) for track in drawn.tracks]
        places = [(from_unit(v, scale), from_unit(a, scale)) for v, a in moods]
        names = "unpleasant ← valence → pleasant", "calm ← arousal → excited"
        neutral = from_unit(0.5, scale)
    else:
        places = [(float(x), float(y)) for x, y in drawn.points]
        names = f"sound: {drawn.explained:.0%} of all differences are in this plane", ""
        neutral = None
    axes = [_axis([place[at] for place in places], names[at], neutral) for at in (0, 1)]
    colours = paint(colouring(drawn.tracks, colour, scale))
    points = tuple(
        (x, y, dot, point_name(track))
        for (x, y), dot, track in zip(places, colours, drawn.tracks, strict=True)
    )
    return Scatter(points, axes[0], axes[1], _legend(drawn, colour, scale), colour, neutral, view == "sound")


def point_name(track: Track) -> str:
    """What a point is called."""
    artist, title = artist_and_title(track)
    name = f"{artist} – {title}" if artist else title
    return unicode_text(cut(safe(name[: 4 * NAME_COLUMNS]), NAME_COLUMNS))


def _axis(values: list[float], name: str, neutral: float | None) -> Axis:
    """Around all values, and what is neutral; without it the numbers mean nothing and are not written."""
    ends = values if neutral is None else [*values, neutral]
    low, high = min(ends), max(ends)
    air = AIR * (high - low) or AIR
    low, high = low - air, high + air
    return Axis(low, high, name, () if neutral is None else _ticks(low, high))


def _ticks(low: float, high: float) -> tuple[float, ...]:
    """Round values within an axis, at most ten."""
    step = next((step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if (high - low) / step <= 9), 1.0)
    return tuple(round(k * step, 2) for k in range(math.ceil(low / step), math.floor(high / step) + 1))


def _legend(drawn: SoundMap, colour: Colour, scale: Scale) -> tuple[tuple[str, str], ...]:
    colours = colouring(drawn.tracks, colour, scale)
    if isinstance(colours, Groups):
        named = {**dict(enumerate(colours.names)), **colours.rest}
        return tuple((group_colour(group), unicode_text(name)) for group, name in named.items())
    known = [value for value in colours.of if value is not None]
    rest = [(UNKNOWN, "not known")] if len(known) < len(colours.of) else []
    steps = 5 if colours.high > colours.low else 1
    values = [colours.low + (colours.high - colours.low) * k / max(steps - 1, 1) for k in range(steps)]
    rows = [(on_scale(place_on(colours, value)), f"{value:.{colours.digits}f}") for value in values]
    return tuple((rows if known else []) + rest)
