"""The map of a library as a figure: SVG, PNG or PDF."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Final, Literal

from musimo.output.coloring import ColorBy, Coloring, Groups, Span, coloring, group_color, point_colors
from musimo.output.colors import CIVIDIS, GRAY, UNKNOWN, cividis
from musimo.output.figures import PictureFormat, picture
from musimo.output.naming import artist_and_title, unicode_text
from musimo.output.text import cut, safe, xml_text
from musimo.records import Track
from musimo.records.scale import Scale, from_unit
from musimo.search.sound_map import SoundMap

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.figure import Figure

View = Literal["mood", "sound"]
INCHES: Final = (9.6, 7.2)
MARGIN: Final = 0.04  # of the axis, on both sides of the points
NAME_COLUMNS: Final = 200  # of a point's name
TRACKS_ID: Final = "tracks"
_POINT: Final = re.compile(r"<(use|path)\b([^>]*)/>")


def map_picture(drawn: SoundMap, format: PictureFormat, view: View, color: ColorBy, scale: Scale) -> bytes:
    """Return the figure of a map as a file; in SVG each point has the name of its track as a tooltip.

    Raises
    ------
    MusimoError : matplotlib is not installed
    """
    order: list[int] = []
    data = picture(
        lambda figure: order.extend(draw_map(figure, drawn, view, color, scale)),
        INCHES,
        format,
        title=f"musimo map of {len(drawn.tracks)} tracks",
        description=f"Tracks by {view}, colored by {color}.",
    )
    if format != "svg":
        return data
    return with_tooltips(data.decode(), [point_name(drawn.tracks[index]) for index in order]).encode()


def draw_map(figure: Figure, drawn: SoundMap, view: View, color: ColorBy, scale: Scale) -> list[int]:
    """Draw a map on an empty figure; return the indices of its tracks in the order they are drawn."""
    figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.12)
    axes = figure.subplots()
    colors = coloring(drawn.tracks, color, scale)
    order = _drawing_order(colors)
    points = _mood_points(drawn, scale) if view == "mood" else drawn.points.tolist()
    dots = point_colors(colors)
    axes.scatter(
        [points[index][0] for index in order],
        [points[index][1] for index in order],
        s=point_size(len(order)),
        c=[dots[index] for index in order],
        alpha=0.85,
        edgecolors="#00000066",
        linewidths=0.5,
        gid=TRACKS_ID,
    )
    axes.margins(MARGIN)
    if view == "mood":
        _draw_mood_axes(axes, from_unit(0.5, scale))
    else:
        axes.set_aspect("equal", adjustable="datalim")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)  # the axes have no unit
        axes.set_xlabel(f"sound: {drawn.explained:.0%} of the variance is in this plane")
    _draw_legend(figure, axes, colors, color)
    return order


def point_name(track: Track) -> str:
    """Return the name of a track as a tooltip shows it."""
    artist, title = artist_and_title(track)
    name = f"{artist} – {title}" if artist else title
    return xml_text(unicode_text(cut(safe(name[: 4 * NAME_COLUMNS]), NAME_COLUMNS)))


def point_size(n: int) -> float:
    """Return the area of a point in square points, by how many there are."""
    return 46.0 if n < 1000 else 20.0 if n < 5000 else 9.0


def with_tooltips(svg: str, names: Sequence[str]) -> str:
    """Return a figure whose points, in the order they are drawn, have these names as tooltips."""
    head, mark, rest = svg.partition(f'<g id="{TRACKS_ID}">')
    definitions, end, points = rest.partition("</defs>") if "<defs>" in rest[:200] else ("", "", rest)
    remaining = iter(names)

    def titled(match: re.Match[str]) -> str:
        name = next(remaining, None)
        if name is None:
            return match[0]
        return f"<{match[1]}{match[2]}><title>{escape(name, quote=False)}</title></{match[1]}>"

    return head + mark + definitions + end + _POINT.sub(titled, points, count=len(names))


def _drawing_order(colors: Coloring) -> list[int]:
    """Return the indices of tracks, those without a color of their own first, below the others."""
    if isinstance(colors, Groups):
        colored = [group >= 0 for group in colors.of]
    else:
        colored = [value is not None for value in colors.of]
    return sorted(range(len(colored)), key=colored.__getitem__)


def _mood_points(drawn: SoundMap, scale: Scale) -> list[tuple[float, float]]:
    moods = [(track.valence or 0.0, track.arousal or 0.0) for track in drawn.tracks]
    return [(from_unit(valence, scale), from_unit(arousal, scale)) for valence, arousal in moods]


def _draw_mood_axes(axes: Axes, neutral: float) -> None:
    axes.axhline(neutral, color=GRAY, lw=1, zorder=0.9)
    axes.axvline(neutral, color=GRAY, lw=1, zorder=0.9)
    axes.set_xlabel("unpleasant ← valence → pleasant")
    axes.set_ylabel("calm ← arousal → excited")


def _draw_legend(figure: Figure, axes: Axes, colors: Coloring, name: ColorBy) -> None:
    """Name groups; show a scale as a bar of its colors, and what is not on it as an empty dot."""
    if isinstance(colors, Groups):
        groups = [*enumerate(colors.names), *colors.rest.items()]
        rows = [(group_color(group), xml_text(unicode_text(text))) for group, text in groups]
    else:
        rows = [(UNKNOWN, "not known")] if None in colors.of else []
        if colors.high > colors.low:
            bar = _draw_scale(figure, axes, colors, name)
            if rows:
                bar.ax.legend(*_dots(axes, rows), loc="upper left", bbox_to_anchor=(0, -0.04), borderpad=0)
            return
        if any(value is not None for value in colors.of):
            rows.insert(0, (cividis(0.5), f"{colors.low:.{colors.digits}f}"))
    legend = figure.legend(*_dots(axes, rows), loc="outside right upper", title=name, alignment="left")
    legend.get_title().set_color(GRAY)


def _dots(axes: Axes, rows: Sequence[tuple[str, str]]) -> tuple[list[Artist], list[str]]:
    """Return the dots and the names of a legend; matplotlib hides a name with ``_`` if it is a label."""
    dots = [axes.scatter([], [], s=40, c=color, edgecolors=GRAY, linewidths=0.5) for color, _ in rows]
    return [*dots], [name for _, name in rows]


def _draw_scale(figure: Figure, axes: Axes, colors: Span, name: ColorBy) -> Colorbar:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize
    from matplotlib.ticker import MaxNLocator

    scale = ScalarMappable(Normalize(colors.low, colors.high), LinearSegmentedColormap.from_list("", CIVIDIS))
    ticks = MaxNLocator(5, integer=colors.digits == 0)
    bar = figure.colorbar(scale, ax=axes, shrink=0.45, anchor=(0, 1), pad=0.03, aspect=14, ticks=ticks)
    bar.outline.set_visible(False)
    bar.ax.set_title(name, loc="left", fontsize=9, color=GRAY)
    return bar
