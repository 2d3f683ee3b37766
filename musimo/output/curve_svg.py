"""A curve as a picture: SVG, written by hand, self-contained, and told apart without colour.

Valence is a solid line with discs, arousal a dashed one with triangles; a turning point is a dotted line
across. The scale is whole, not cut to the curve, so that pictures of two tracks can be laid side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final
from xml.sax.saxutils import escape

from musimo.output.curves import CurveAnswer, what_is_heard
from musimo.output.naming import full_name, unicode_text
from musimo.output.tables import clock
from musimo.output.text import cut, safe
from musimo.records import Curve, Dimension, Peak, Window
from musimo.records.scale import RANGES, Scale, from_unit

# Okabe & Ito (2008): told apart with any colour vision
COLOURS: Final[dict[Dimension, str]] = {"valence": "#0072B2", "arousal": "#D55E00"}
DASHES: Final[dict[Dimension, str]] = {"valence": "none", "arousal": "7 4"}
GREY: Final = "#666666"
PALE: Final = "#dddddd"

WIDTH, HEIGHT = 960, 420  # px
LEFT, RIGHT, TOP, BOTTOM = 56, 24, 74, 56  # px around the plane
MOST_TICKS: Final = 12  # of time: more would touch
STEPS_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200)
MOOD_TICKS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
ROOM_PX: Final = 44  # between two numbers at peaks of one line, so that it is told whose they are
NUMBER_PX: Final = (28, 12)  # room that a number takes, across and down
PX_A_POINT: Final = 0.72  # typographic points in a pixel, where 960 of them are 9.6 inches
LONGEST_NAME: Final = 90  # columns that fit the width
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2


def curve_svg(answer: CurveAnswer, scale: Scale) -> str:
    """The picture, as a document of its own."""
    name = title(answer.curve)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"'
        f' viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="sans-serif" font-size="12">',
        f"<title>{_xml(name)}</title>",
        f"<desc>Valence and arousal over time; {_xml(what_is_heard(answer.curve))}.</desc>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(LEFT, 22, name, size=15),
        _text(LEFT, 40, what_is_heard(answer.curve), colour=GREY),
        *_plane(answer.curve, scale),
        *_legend(answer),
        *_turns(answer),
        *_lines(answer.curve),
        *_peaks(answer, scale),
        "</svg>",
    ]
    return "".join(f"{line}\n" for line in lines)


def title(curve: Curve) -> str:
    """What stands above a picture of a curve."""
    return cut(unicode_text(safe(full_name(curve.track))), LONGEST_NAME)


def time_ticks(duration_s: float) -> list[float]:
    """Round times from 0 to the end, few enough to be told apart."""
    step = next((step for step in STEPS_S if duration_s / step <= MOST_TICKS), STEPS_S[-1])
    return [float(step * place) for place in range(int(duration_s / step) + 1)]


def _x(curve: Curve, time_s: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * min(1.0, time_s / curve.duration_s)


def _y(value: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value


def _plane(curve: Curve, scale: Scale) -> Iterator[str]:
    low, high = RANGES[scale]
    for value in MOOD_TICKS:
        y = _y(value)
        yield _line(LEFT, y, WIDTH - RIGHT, y, GREY if value == 0.5 else PALE)
        yield _text(LEFT - 8, y + 4, f"{low + (high - low) * value:g}", anchor="end")
    for time_s in time_ticks(curve.duration_s):
        x = _x(curve, time_s)
        yield _line(x, _y(0), x, _y(0) + 5, GREY)
        yield _text(x, _y(0) + 19, clock(time_s), anchor="middle")
    yield _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "time", anchor="middle", colour=GREY)
    window_s = min(curve.plan.window_s, curve.duration_s)
    first, last, y = _x(curve, 0), _x(curve, window_s), HEIGHT - 16
    yield _line(first, y, last, y, GREY, width=3)
    yield _text(last + 6, y + 4, f"one reading: {window_s:.3g} s", colour=GREY)


def _legend(answer: CurveAnswer) -> Iterator[str]:
    x, y = LEFT, TOP - 16
    for dimension in COLOURS:
        yield _line(x, y, x + 34, y, COLOURS[dimension], width=2.5, dashes=DASHES[dimension])
        yield _sign(dimension, x + 17, y)
        yield _text(x + 42, y + 4, f"{dimension} (marked: peaks)")
        x += 200
    if answer.turns:
        yield _line(x, y - 7, x, y + 7, GREY, width=1.5, dashes="2 3")
        yield _text(x + 8, y + 4, "turning point")


def _turns(answer: CurveAnswer) -> Iterator[str]:
    for turn in answer.turns:
        x = _x(answer.curve, turn.time_s)
        yield _line(x, _y(1), x, _y(0), GREY, width=1.5, dashes="2 3")


def _lines(curve: Curve) -> Iterator[str]:
    """Both lines, broken where a stretch could not be heard; a reading that stands alone is a short bar."""
    for dimension, colour in COLOURS.items():
        for run in runs([one.window for one in curve.readings], curve.plan.hop_s):
            points = [(_x(curve, curve.readings[i].window.middle_s), curve.readings[i]) for i in run]
            if len(points) == 1:
                [(x, reading)] = points
                points = [(x - 6, reading), (x + 6, reading)]
            written = " ".join(f"{x:.1f},{_y(getattr(reading, dimension)):.1f}" for x, reading in points)
            yield (
                f'<polyline class="{dimension}" points="{written}" fill="none" stroke="{colour}"'
                f' stroke-width="2.5" stroke-dasharray="{DASHES[dimension]}" stroke-linejoin="round"/>'
            )


def runs(windows: list[Window], hop_s: float) -> list[list[int]]:
    """Places of windows that follow one another without a gap."""
    if not windows:
        return []
    found = [[0]]
    for place, (before, after) in enumerate(pairwise(windows), 1):
        if after.start_s - before.start_s > 1.5 * hop_s:  # a window in between is missing
            found.append([])
        found[-1].append(place)
    return found


def _peaks(answer: CurveAnswer, scale: Scale) -> Iterator[str]:
    for peak in answer.peaks:
        yield _sign(peak.dimension, _x(answer.curve, peak.time_s), _y(peak.value))
    for peak, right, down in peak_numbers(answer):
        x, y = _x(answer.curve, peak.time_s) + right, _y(peak.value) + down
        value = f"{from_unit(peak.value, scale):.2f}"
        yield _text(x, y, value, anchor="middle", colour=COLOURS[peak.dimension])


def peak_numbers(answer: CurveAnswer) -> list[tuple[Peak, float, float]]:
    """Peaks whose number has room, the highest first, each with how far right and down it is written, px."""
    across, high = NUMBER_PX
    told: list[tuple[Peak, float, float]] = []
    placed: list[tuple[Dimension, float, float]] = []
    for peak in sorted(answer.peaks, key=lambda peak: -peak.value):
        x, y = _x(answer.curve, peak.time_s), _y(peak.value)
        middle = max(x, LEFT + across / 2)  # not on the numbers of the axis
        if any(of == peak.dimension and abs(middle - other) < ROOM_PX for of, other, _ in placed):
            continue
        for down in (-10, 19):  # above its sign, else below
            if all(
                abs(middle - other) >= across or abs(y + down - base) >= high for _, other, base in placed
            ):
                told.append((peak, middle - x, down))
                placed.append((peak.dimension, middle, y + down))
                break
    return told


def _sign(dimension: Dimension, x: float, y: float) -> str:
    colour = COLOURS[dimension]
    if dimension == "valence":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}" stroke="#ffffff"/>'
    corners = f"{x:.1f},{y - 6:.1f} {x - 6:.1f},{y + 5:.1f} {x + 6:.1f},{y + 5:.1f}"
    return f'<polygon points="{corners}" fill="{colour}" stroke="#ffffff"/>'


def _line(
    x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1, dashes: str = "none"
) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"'
        f' stroke-width="{width:g}" stroke-dasharray="{dashes}"/>'
    )


def _text(
    x: float, y: float, words: str, *, anchor: str = "start", size: int = 12, colour: str = "#000000"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">'
        f"{_xml(words)}</text>"
    )


def _xml(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text), {'"': "&quot;"})
