"""A still picture of the map as SVG, which any browser and any vector editor opens."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Final
from xml.sax.saxutils import escape

from musimo.output.scatter import Axis, Scatter

WIDTH, HEIGHT = 960, 720  # pixels where a viewer shows it at its own size
LEFT, RIGHT, TOP, BOTTOM = 64, 230, 24, 56  # margins; the legend is at the right
INK, SOFT, LINE = "#1c1c1c", "#595959", "#dddddd"
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2


def svg(picture: Scatter) -> bytes:
    """The picture; a pointer that rests on a point is told what it is."""
    x, y = _fitted(picture)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"'
        f' viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">',
        f"<title>musimo map of {len(picture.points)} tracks</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        *_axes(picture, x, y),
        *_points(picture, x, y),
        *_legend(picture),
        "</svg>",
    ]
    return ("\n".join(parts) + "\n").encode()


def _fitted(picture: Scatter) -> tuple[Axis, Axis]:
    """The axes, one of them made longer where both have one unit."""
    x, y = picture.x, picture.y
    if not picture.equal:
        return x, y
    inner = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    unit = max((x.high - x.low) / inner[0], (y.high - y.low) / inner[1])
    return _around(x, unit * inner[0]), _around(y, unit * inner[1])


def _around(axis: Axis, length: float) -> Axis:
    middle = (axis.low + axis.high) / 2
    return Axis(middle - length / 2, middle + length / 2, axis.name, axis.ticks)


def _across(axis: Axis, value: float) -> float:
    return LEFT + (value - axis.low) / (axis.high - axis.low) * (WIDTH - LEFT - RIGHT)


def _down(axis: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - (value - axis.low) / (axis.high - axis.low) * (HEIGHT - TOP - BOTTOM)


def _axes(picture: Scatter, x: Axis, y: Axis) -> list[str]:
    right, bottom, middle = WIDTH - RIGHT, HEIGHT - BOTTOM, (HEIGHT - BOTTOM + TOP) / 2
    parts = []
    for tick in x.ticks:
        place, colour = _across(x, tick), SOFT if tick == picture.neutral else LINE
        parts.append(f'<path d="M{place:.1f} {TOP}V{bottom}" stroke="{colour}"/>')
        parts.append(_text(place, bottom + 18, f"{tick:g}", SOFT, "middle"))
    for tick in y.ticks:
        place, colour = _down(y, tick), SOFT if tick == picture.neutral else LINE
        parts.append(f'<path d="M{LEFT} {place:.1f}H{right}" stroke="{colour}"/>')
        parts.append(_text(LEFT - 8, place + 4, f"{tick:g}", SOFT, "end"))
    parts.append(_text((LEFT + right) / 2, bottom + 42, x.name, INK, "middle"))
    if y.name:
        parts.append(f'<g transform="translate(18 {middle:.1f}) rotate(-90)">')
        parts.append(_text(0, 0, y.name, INK, "middle") + "</g>")
    return parts


def _points(picture: Scatter, x: Axis, y: Axis) -> list[str]:
    radius = point_radius(len(picture.points))
    parts = []
    for colour, points in groupby(picture.points, key=lambda point: point[2]):
        parts.append(f'<g fill="{colour}" fill-opacity="0.85" stroke="#000000" stroke-opacity="0.4">')
        for across, up, _, name in points:
            centre = f'cx="{_across(x, across):.1f}" cy="{_down(y, up):.1f}"'
            parts.append(f'<circle {centre} r="{radius}"><title>{_xml(name)}</title></circle>')
        parts.append("</g>")
    return parts


def _legend(picture: Scatter) -> list[str]:
    left = WIDTH - RIGHT + 22
    parts = [_text(left - 6, TOP + 12, picture.legend_name, SOFT)]
    for row, (colour, name) in enumerate(picture.legend):
        down = TOP + 36 + 22 * row
        parts.append(f'<circle cx="{left}" cy="{down - 4}" r="5" fill="{colour}" stroke="{SOFT}"/>')
        parts.append(_text(left + 12, down, name, INK))
    return parts


def point_radius(n: int) -> float:
    """Radius of points, in pixels, by how many there are."""
    return 4.5 if n < 1000 else 3.0 if n < 5000 else 2.0


def _text(x: float, y: float, text: str, colour: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}">{_xml(text)}</text>'


def _xml(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))
