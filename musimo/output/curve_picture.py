"""Valence and arousal over time as a figure: SVG, PNG or PDF.

The lines differ in color, dashes and signs: valence is solid with discs, arousal dashed with triangles. A
turning point is a dotted line across, with its time. The scale is shown whole, so that figures of two tracks
can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from musimo.output.colors import DIMENSION_COLORS, GRAY, INK
from musimo.output.curves import CurveAnswer, what_a_reading_covers
from musimo.output.figures import PictureFormat, picture
from musimo.output.naming import full_name, unicode_text
from musimo.output.tables import clock
from musimo.output.text import cut, safe, width, xml_text
from musimo.records import Window
from musimo.records.curve import Curve, Dimension, Peak, Turn
from musimo.records.scale import Scale, from_unit
from musimo.search.times import format_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INCHES: Final = (9.6, 4.2)
LEFT, RIGHT, TOP, BOTTOM = 0.55, 0.3, 1.0, 0.62  # inches around the axes
POINTS_PER_INCH: Final = 72
LINES: Final[dict[Dimension, tuple[str, str]]] = {"valence": ("-", "o"), "arousal": ("--", "^")}
MAX_TICKS: Final = 12  # more clock times would touch
STEPS_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200)
MOOD_TICKS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
TITLE_COLUMNS: Final = 80
LARGE_COLUMNS: Final = 52  # that fit in large letters, whichever they are
LABEL: Final = (24.0, 11.0)  # points a label takes, across and up
SIGN: Final = (9.0, 9.0)  # points a sign takes
LABEL_DISTANCE: Final = 10.0  # points from a sign to the middle of its label
LABEL_GAP: Final = 8.0  # points between labels of one line, so that each belongs to one sign
LONE_READING: Final = 10.0  # points that a line of one reading is long
WINDOW_CAPTION: Final = 110.0  # points that "one reading: 45 s" takes


def curve_picture(answer: CurveAnswer, format: PictureFormat, scale: Scale) -> bytes:
    """Return the figure of a curve as a file.

    Raises
    ------
    MusimoError : matplotlib is not installed
    """
    return picture(
        lambda figure: draw_curve(figure, answer, scale),
        INCHES,
        format,
        title=_title(answer.curve),
        description=f"Valence and arousal over time; {what_a_reading_covers(answer.curve)}.",
    )


def draw_curve(figure: Figure, answer: CurveAnswer, scale: Scale) -> None:
    """Draw a curve on an empty figure of the size of :data:`INCHES`."""
    curve = answer.curve
    wide, high = INCHES
    figure.set_layout_engine("none")
    left, up = LEFT / wide, (high - TOP) / high
    axes = figure.add_axes((left, BOTTOM / high, (wide - LEFT - RIGHT) / wide, up - BOTTOM / high))
    axes.set_xlim(0, curve.duration_s)
    axes.set_ylim(0, 1)
    ticks = time_ticks(curve.duration_s)
    axes.set_xticks(ticks, [clock(tick) for tick in ticks])
    axes.set_yticks(MOOD_TICKS, [f"{from_unit(tick, scale):g}" for tick in MOOD_TICKS])
    axes.grid(visible=False, axis="x")
    axes.axhline(0.5, color=GRAY, lw=0.8, zorder=0.9)
    axes.set_xlabel("time", loc="right", color=GRAY)
    title = _title(curve)
    size = 12 if width(title) <= LARGE_COLUMNS else 10
    figure.text(left, 1 - 0.31 / high, title, va="baseline", fontsize=size, color=INK)
    figure.text(left, 1 - 0.41 / high, what_a_reading_covers(curve), va="top", color=GRAY)
    _draw_window(axes, curve)
    _draw_turns(axes, answer)
    for dimension in LINES:
        _draw_line(axes, answer, dimension)
    for label in peak_labels(answer):
        _draw_label(axes, label, scale)
    _draw_legend(axes, answer)


def time_ticks(duration_s: float) -> list[float]:
    """Return round times from 0 to the end, at most 13 of them."""
    step = next((step for step in STEPS_S if duration_s / step <= MAX_TICKS), STEPS_S[-1])
    return [float(step * k) for k in range(int(duration_s / step) + 1)]


def runs(windows: Sequence[Window], hop_s: float) -> list[list[int]]:
    """Return the indices of windows, split where a window between two of them is missing."""
    if not windows:
        return []
    found = [[0]]
    for index, (before, after) in enumerate(pairwise(windows), 1):
        if after.start_s - before.start_s > 1.5 * hop_s:
            found.append([])
        found[-1].append(index)
    return found


@dataclass(frozen=True, slots=True)
class PeakLabel:
    """A number beside the sign of a peak; ``right`` and ``up`` are points from the sign to its middle."""

    peak: Peak
    right: float
    up: float


def peak_labels(answer: CurveAnswer) -> list[PeakLabel]:
    """Choose the peaks that have room for a number, the highest first, above the sign or else below it."""
    signs = [_position(answer.curve, peak.time_s, peak.value) for peak in answer.peaks]
    across, _ = axes_points()
    taken = [(x, y, *LABEL) for x, y in _turn_label_positions(answer)]
    labels: list[PeakLabel] = []
    of_dimension: dict[Dimension, list[float]] = {dimension: [] for dimension in LINES}
    for at in sorted(range(len(signs)), key=lambda at: -answer.peaks[at].value):
        peak, (x, y) = answer.peaks[at], signs[at]
        middle = min(max(x, LABEL[0] / 2), across - LABEL[0] / 2)  # not on the numbers of the axis
        if any(abs(middle - other) < LABEL[0] + LABEL_GAP for other in of_dimension[peak.dimension]):
            continue
        obstacles = [*taken, *((*sign, *SIGN) for k, sign in enumerate(signs) if k != at)]
        for up in (LABEL_DISTANCE, -LABEL_DISTANCE):
            if y + up > 0 and not any(_overlap((middle, y + up, *LABEL), other) for other in obstacles):
                labels.append(PeakLabel(peak, middle - x, up))
                of_dimension[peak.dimension].append(middle)
                taken.append((middle, y + up, *LABEL))
                break
    return labels


def labeled_turns(answer: CurveAnswer) -> list[Turn]:
    """Choose the turning points that have room for their time, the greatest changes first."""
    chosen: list[Turn] = []
    for turn in sorted(answer.turns, key=lambda turn: -turn.change):
        x, _ = _position(answer.curve, turn.time_s, 1)
        others = (_position(answer.curve, other.time_s, 1)[0] for other in chosen)
        if all(abs(x - other) >= LABEL[0] + LABEL_GAP for other in others):
            chosen.append(turn)
    return chosen


def axes_points() -> tuple[float, float]:
    """Return the width and height of the axes in points."""
    wide, high = INCHES
    return (wide - LEFT - RIGHT) * POINTS_PER_INCH, (high - TOP - BOTTOM) * POINTS_PER_INCH


def _turn_label_positions(answer: CurveAnswer) -> Iterator[tuple[float, float]]:
    for turn in labeled_turns(answer):
        x, y = _position(answer.curve, turn.time_s, 1)
        yield x, y + LABEL[1] / 2


def _position(curve: Curve, time_s: float, value: float) -> tuple[float, float]:
    across, up = axes_points()
    return across * min(1.0, time_s / curve.duration_s), up * value


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two boxes (middle across, middle up, width, height) overlap."""
    return (
        abs(one[0] - other[0]) < (one[2] + other[2]) / 2 and abs(one[1] - other[1]) < (one[3] + other[3]) / 2
    )


def _title(curve: Curve) -> str:
    return cut(xml_text(unicode_text(safe(full_name(curve.track)))), TITLE_COLUMNS)


def _draw_window(axes: Axes, curve: Curve) -> None:
    """Draw how long one window is, below the axis, where there is room for its caption."""
    window_s = curve.plan.window_s
    across, up = axes_points()
    end = across * window_s / curve.duration_s
    if end + WINDOW_CAPTION > across:
        return
    below = -24 / up
    at = axes.get_xaxis_transform()
    axes.plot(
        [0, window_s], [below] * 2, color=GRAY, lw=2.5, solid_capstyle="butt", transform=at, clip_on=False
    )
    axes.annotate(
        f"one reading: {window_s:.3g} s",
        (window_s, below),
        (5, 0),
        xycoords=at,
        textcoords="offset points",
        va="center",
        color=GRAY,
    )


def _draw_turns(axes: Axes, answer: CurveAnswer) -> None:
    for turn in answer.turns:
        axes.axvline(turn.time_s, color=GRAY, ls=":", lw=1.3, gid="turn")
    for turn in labeled_turns(answer):
        axes.annotate(
            format_time(turn.time_s),
            (turn.time_s, 1),
            (0, 2),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=GRAY,
        )


def _draw_line(axes: Axes, answer: CurveAnswer, dimension: Dimension) -> None:
    """Draw one line, broken where windows are missing; a reading that stands alone is a short bar."""
    curve, color = answer.curve, DIMENSION_COLORS[dimension]
    line, sign = LINES[dimension]
    for run in runs([one.window for one in curve.readings], curve.plan.hop_s):
        times = [curve.readings[index].window.middle_s for index in run]
        values = [getattr(curve.readings[index], dimension) for index in run]
        alone: dict[str, Any] = {"marker": "_", "ms": LONE_READING} if len(run) == 1 else {}
        axes.plot(times, values, line, color=color, lw=2, clip_on=False, gid=dimension, **alone)
    for peak in answer.peaks:
        if peak.dimension == dimension:
            axes.plot(peak.time_s, peak.value, sign, color=color, ms=7, mec="white", clip_on=False, zorder=3)


def _draw_label(axes: Axes, label: PeakLabel, scale: Scale) -> None:
    peak = label.peak
    axes.annotate(
        f"{from_unit(peak.value, scale):.2f}",
        (peak.time_s, peak.value),
        (label.right, label.up),
        textcoords="offset points",
        ha="center",
        va="center_baseline",
        fontsize=8.5,
        color=DIMENSION_COLORS[peak.dimension],
        bbox={"boxstyle": "square,pad=0.05", "fc": "white", "ec": "none", "alpha": 0.8},
        zorder=4,
    )


def _draw_legend(axes: Axes, answer: CurveAnswer) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=DIMENSION_COLORS[dimension], ls=line, lw=2, marker=sign, ms=7, mec="white")
        for dimension, (line, sign) in LINES.items()
    ]
    names = [f"{dimension} (marked: peaks)" for dimension in LINES]
    if answer.turns:
        handles.append(Line2D([], [], color=GRAY, ls=":", lw=1.3))
        names.append("turning point")
    _, up = axes_points()
    axes.legend(
        handles,
        names,
        loc="lower left",
        bbox_to_anchor=(0, 1 + 13 / up),
        ncols=3,
        handlelength=4.1,
        borderpad=0,
        borderaxespad=0,
    )
