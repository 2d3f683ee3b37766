"""The figures of the paper (section 5, Tables I and II), beside those measured here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from musimo.training.markdown import DIMENSIONS, UNDEFINED, escape, heading, number, table

NOT_MEASURED = "not measured: audio not available"

Measured = Mapping[str, Mapping[str, tuple[float, float]]]
"""name of a row, such as the set of labels -> metric -> (valence, arousal)"""


@dataclass(frozen=True, slots=True)
class PaperTable:
    """One table of the paper.

    Parameters
    ----------
    number, title : as printed
    dataset : that the figures are of
    rows : metric -> (valence, arousal, overall), None where the paper prints nothing
    """

    number: str
    title: str
    dataset: str
    rows: Mapping[str, tuple[float, float, float | None]]


TABLE_1 = PaperTable(
    "I",
    "In-domain evaluation metrics (DEAM dataset)",
    "DEAM",
    {
        "MAE": (0.6705, 0.8298, 0.7501),
        "RMSE": (0.8588, 0.9976, None),
        "R2": (0.4338, 0.3381, None),
        "r": (0.6845, 0.6278, None),
    },
)
TABLE_2 = PaperTable(
    "II",
    "Cross-dataset evaluation metrics (SOUNDTRACKS-SET-1)",
    "Soundtracks Set 1",
    {
        "MAE": (1.6144, 1.1391, 1.3768),
        "RMSE": (1.8814, 1.3398, 1.6106),
        "R2": (-0.3997, 0.1138, -0.1429),
        "r": (-0.3671, 0.5855, 0.1092),
    },
)
TABLES = (TABLE_1, TABLE_2)


def paper_section(measured: Mapping[str, Measured]) -> str:
    """Return both tables as Markdown.

    Parameters
    ----------
    measured : own figures by `PaperTable.dataset`; missing ones are reported as not measured
    """
    parts = [
        f"### Table {each.number}: {each.title}\n\n{_with_ours(each, measured.get(each.dataset, {}))}"
        for each in TABLES
    ]
    return "\n\n".join(parts) + (
        "\n\nOverall is the mean of both dimensions, as in the paper, which prints four decimals and no "
        "standard deviations; the energy ratings of Soundtracks are used as arousal."
    )


def _with_ours(paper: PaperTable, measured: Measured) -> str:
    rows = []
    for column, dimension in enumerate((*DIMENSIONS, "overall")):
        printed = [figures[column] for figures in paper.rows.values()]
        rows.append([f"{dimension}, paper", *(UNDEFINED if x is None else f"{x:.4f}" for x in printed)])
        for name, figures in measured.items():
            pairs = [figures.get(metric, (float("nan"),) * 2) for metric in paper.rows]
            values = [(*pair, sum(pair) / 2)[column] for pair in pairs]
            rows.append([f"{dimension}, {escape(name)}", *map(number, values)])
    if not measured:
        rows.append(["ours", *[NOT_MEASURED] * len(paper.rows)])
    return table(["", *map(heading, paper.rows)], rows)
