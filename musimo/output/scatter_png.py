"""A still picture of the map as PNG. Needs matplotlib, the extra ``train``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musimo.output.scatter import Scatter
from musimo.output.scatter_svg import point_radius
from musimo.training.plots import GREY, png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INCHES = (9.6, 7.2)
PIXELS_A_POINT = 0.75  # a pixel of the SVG, in typographic points


def scatter_png(picture: Scatter) -> bytes:
    """The picture; MusimoError where matplotlib is not installed."""
    size = (2 * point_radius(len(picture.points)) * PIXELS_A_POINT) ** 2

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        across, up, colours, _ = zip(*picture.points, strict=True)
        axes.scatter(across, up, s=size, c=colours, alpha=0.85, edgecolors="#00000066", linewidths=0.5)
        axes.set_xlim(picture.x.low, picture.x.high)
        axes.set_ylim(picture.y.low, picture.y.high)
        axes.set_xticks(picture.x.ticks)
        axes.set_yticks(picture.y.ticks)
        axes.set_xlabel(picture.x.name)
        axes.set_ylabel(picture.y.name)
        if picture.equal:
            axes.set_aspect("equal")
        if picture.neutral is not None:
            axes.axhline(picture.neutral, color=GREY, lw=1, zorder=0.9)
            axes.axvline(picture.neutral, color=GREY, lw=1, zorder=0.9)
        dots = [
            axes.scatter([], [], s=40, c=colour, edgecolors=GREY, linewidths=0.5)
            for colour, _ in picture.legend
        ]
        names = [name for _, name in picture.legend]  # given here, for a label that begins with _ is hidden
        figure.legend(dots, names, loc="outside right upper", title=picture.legend_name)

    return png(draw, INCHES)
