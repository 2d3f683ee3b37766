"""A curve as a picture: PNG. Needs matplotlib, the extra ``train``."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any, Final

from musimo.errors import MusimoError
from musimo.installation import installation
from musimo.output.curve_svg import (
    COLOURS,
    GREY,
    MOOD_TICKS,
    PX_A_POINT,
    peak_numbers,
    runs,
    time_ticks,
    title,
)
from musimo.output.curves import CurveAnswer, what_is_heard
from musimo.output.tables import clock
from musimo.records import Dimension
from musimo.records.scale import Scale, from_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STYLES: Final[dict[Dimension, tuple[str, str]]] = {"valence": ("-", "o"), "arousal": ("--", "^")}
INCHES: Final = (9.6, 4.2)
STYLE: Final[dict[Any, object]] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same letters everywhere
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.parse_math": False,  # a $ in a name is a $
    "savefig.dpi": 120.0,
}


def curve_png(answer: CurveAnswer, scale: Scale) -> bytes:
    """The picture, drawn as :mod:`musimo.output.curve_svg` does.

    Raises
    ------
    MusimoError : matplotlib is not installed
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MusimoError(
            "PNG needs matplotlib, which is not installed",
            f"install it: {installation().add('plots')}; or take --format svg, which needs nothing",
        ) from error
    buffer = io.BytesIO()
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()  # not what a user's own file says
        mpl.rcParams.update(STYLE)
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a name in a script the font lacks: boxes do
        figure = Figure(figsize=INCHES, layout="constrained")
        _draw(figure.subplots(), answer, scale)
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _draw(axes: Axes, answer: CurveAnswer, scale: Scale) -> None:
    curve = answer.curve
    for turn in answer.turns:
        label = "turning point" if turn is answer.turns[0] else "_"
        axes.axvline(turn.time_s, color=GREY, ls=":", lw=1.3, label=label)
    for dimension, (line, sign) in STYLES.items():
        colour = COLOURS[dimension]
        for run in runs([one.window for one in curve.readings], curve.plan.hop_s):
            times = [curve.readings[place].window.middle_s for place in run]
            values = [getattr(curve.readings[place], dimension) for place in run]
            alone: dict[str, Any] = {"marker": "_", "ms": 10} if len(run) == 1 else {}
            label = dimension if run[0] == 0 else "_"
            axes.plot(times, values, line, color=colour, lw=2, label=label, **alone)
        for peak in answer.peaks:
            if peak.dimension == dimension:
                axes.plot(peak.time_s, peak.value, sign, color=colour, ms=7, mec="white", clip_on=False)
    for peak, right, down in peak_numbers(answer):
        axes.annotate(
            f"{from_unit(peak.value, scale):.2f}",
            (peak.time_s, peak.value),
            (right * PX_A_POINT, -down * PX_A_POINT),
            textcoords="offset points",
            ha="center",
            color=COLOURS[peak.dimension],
        )
    axes.axhline(0.5, color=GREY, lw=0.8)
    axes.set_xlim(0, curve.duration_s)
    axes.set_ylim(0, 1)
    ticks = time_ticks(curve.duration_s)
    axes.set_xticks(ticks, [clock(tick) for tick in ticks])
    axes.set_yticks(MOOD_TICKS, [f"{from_unit(tick, scale):g}" for tick in MOOD_TICKS])
    axes.set_title(title(curve), loc="left", pad=38)
    axes.text(0, 1.09, what_is_heard(curve), transform=axes.transAxes, color=GREY)
    axes.set_xlabel("time")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 0.99), ncols=3, frameon=False, borderaxespad=0)
