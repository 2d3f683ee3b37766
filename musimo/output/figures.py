"""Figures as SVG, PNG or PDF, drawn by matplotlib, the extra ``plots``.

Every figure is drawn on its own, without pyplot and with settings that are put back, so that nothing outside
changes and no file of the user's does. The same drawing makes the same bytes with the same matplotlib.
"""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal

from musimo.errors import MusimoError
from musimo.installation import installation
from musimo.output.colors import PALE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PictureFormat = Literal["svg", "png", "pdf"]

DPI: Final = 120.0
STYLE: Final[dict[Any, object]] = {
    # DejaVu Sans comes with matplotlib. SVG keeps text as text: where a viewer lacks that font, Verdana has
    # the same widths, and the viewer finds letters of any script.
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "Helvetica"],
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": PALE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "text.parse_math": False,  # a $ in a name is a $
    "savefig.dpi": DPI,
    "svg.fonttype": "none",
    "svg.hashsalt": "musimo",  # ids of elements are random otherwise
    "pdf.fonttype": 42,  # TrueType: text stays searchable, and editors of vector graphics can change it
}
FALLBACKS: Final = (
    "Noto Sans CJK JP",
    "Noto Sans JP",
    "Source Han Sans",
    "IPAexGothic",
    "Hiragino Sans",
    "Yu Gothic",
    "PingFang SC",
    "Microsoft YaHei",
    "Malgun Gothic",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Noto Emoji",
    "Segoe UI Emoji",
    "Segoe UI Symbol",
    "Symbola",
)
"""Fonts for what DejaVu Sans lacks, if they are installed; what none of them has is drawn as a box."""

# matplotlib's settings and Python's warning filters belong to the process.
_lock = threading.Lock()


def picture(
    draw: Callable[[Figure], None],
    inches: tuple[float, float],
    format: PictureFormat,
    *,
    title: str = "",
    description: str = "",
) -> bytes:
    """Return the file of the figure that ``draw`` draws.

    Parameters
    ----------
    draw : draws on an empty figure
    inches : width and height
    title, description : metadata of the file, as far as the format has a field for it

    Raises
    ------
    MusimoError : matplotlib is not installed
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MusimoError(
            f"{format.upper()} needs matplotlib, which is not installed",
            f"install it: {installation().add('plots')}",
        ) from error
    buffer = io.BytesIO()
    with _lock, mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()  # not what a user's own file says
        mpl.rcParams.update({**STYLE, "font.family": _families(format)})
        warnings.filterwarnings("ignore", "Glyph .* missing")
        figure = Figure(figsize=inches, layout="constrained")
        draw(figure)
        figure.savefig(buffer, format=format, metadata=_metadata(format, title, description))
    return buffer.getvalue()


def _families(format: PictureFormat) -> list[str]:
    from matplotlib.font_manager import fontManager

    # Only TrueType outlines can stand in a PDF as they are.
    endings = (".ttf",) if format == "pdf" else (".ttf", ".ttc", ".otf")
    installed = {entry.name for entry in fontManager.ttflist if entry.fname.lower().endswith(endings)}
    return ["sans-serif", *(name for name in FALLBACKS if name in installed)]


def _metadata(format: PictureFormat, title: str, description: str) -> dict[str, Any]:
    """Return metadata without a date or a version, which would change the bytes."""
    match format:
        case "svg":
            return {"Date": None, "Creator": "musimo", "Title": title, "Description": description}
        case "pdf":
            return {"CreationDate": None, "Creator": "musimo", "Title": title, "Subject": description}
        case "png":
            return {"Software": "musimo", "Title": title, "Description": description}
