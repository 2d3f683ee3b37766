"""The report of a miniature study: all sections, consistent tables, escaped names."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from musimo.errors import MusimoError
from musimo.training import markdown
from musimo.training.bootstrap import Interval
from musimo.training.paper_tables import NOT_MEASURED, TABLE_1, TABLE_2, paper_section
from musimo.training.report import report, write_report
from musimo.training.study import LearningCurve, Study
from musimo.training.transfer import (
    partial_correlation,
    smoke_section,
    smoke_test,
    transfer,
    transfer_section,
)

HOSTILE = "a|b\n# <script>x</script> [l](http://x) `$y$` **z**"
MEAN, SVR, OURS = "mean rating", "SVR on clip statistics", "MASE-Net"


def miniature(
    genres: tuple[str, ...] = ("rock", "jazz") * 15, curves: tuple[LearningCurve, ...] = ()
) -> Study:
    """30 clips of 15 artists, 2 seeds of 3 folds; errors of half a point (ours) and two points (the SVR)."""
    rng = np.random.default_rng(8)
    targets = rng.uniform(2, 8, (30, 2))
    folds = np.stack([np.arange(30) // 2 % 3, (np.arange(30) // 2 + 1) % 3])
    flat = np.stack([[targets[fold_of != fold].mean(axis=0) for fold in fold_of] for fold_of in folds])
    return Study(
        "A miniature",
        "Made of noise.",
        tuple(f"clip {i}" for i in range(30)),
        tuple(f"artist {i // 2}" for i in range(30)),
        genres,
        targets,
        {
            MEAN: flat,
            SVR: targets + rng.normal(0, 2, (2, 30, 2)),
            OURS: targets + rng.normal(0, 0.5, (2, 30, 2)),
        },
        folds,
        OURS,
        curves=curves,
        notes=("A note.",),
        label_set="corrected",
    )


def tables(page: str) -> list[list[list[str]]]:
    """Return rows of cells of every table."""
    blocks = re.findall(r"(?:^\|.*\n?)+", page, re.MULTILINE)
    return [[line.strip("|").split("|") for line in block.strip().splitlines()] for block in blocks]


def row(page: str, name: str) -> list[str]:
    """Return the cells after the first in the row of that name."""
    (first, *_) = [line for line in page.splitlines() if line.startswith(f"| {name} |")]
    return [cell.strip() for cell in first.strip("|").split("|")][1:]


def test_all_sections_and_plots_are_written(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    curves = (LearningCurve("seed 0", (1, 2), (2.0, 1.0), (2.0, 1.5)),)
    study = miniature(genres=(HOSTILE, "jazz", "") * 10, curves=curves)
    rng = np.random.default_rng(1)
    page = write_report(
        study,
        tmp_path / "deep" / "report",
        measured={"DEAM": {"MASE-Net, corrected": {"MAE": (0.5, 0.7), "r": (0.6, 0.8)}}},
        transfers=[transfer("A", "B", OURS, study.targets, study.mean_predictions(OURS), study.groups)],
        smokes=[smoke_test(HOSTILE, rng.normal(5, 1, (13, 2)), *rng.normal(5, 1, (3, 13)))],
    )
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    assert headings == [
        "A miniature",
        "Every fold and seed",
        "Confidence intervals",
        "MASE-Net against the other methods",
        "Predicted and mean ratings",
        "Calibration",
        "Correlation of valence and arousal",
        "By genre",
        "Learning curves",
        "Transfer to other data sets",
        "Smoke test on film music",
        "Tables of the paper",
        "Table I: In-domain evaluation metrics (DEAM dataset)",
        "Table II: Cross-dataset evaluation metrics (SOUNDTRACKS-SET-1)",
    ]
    for words in (
        "Made of noise.",
        "A note.",
        "30 clips of 15 artists, 2 seeds, 3 folds",
        "Labels: corrected",
    ):
        assert words in text
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]*)\)", text)
    assert sorted(pictures) == ["calibration.png", "curves.png", "genres.png", "scatter.png"]
    for name in pictures:
        assert (page.parent / name).read_bytes().startswith(b"\x89PNG")
        assert (page.parent / name).stat().st_size > 5000
    found = tables(text)
    assert len(found) == 10
    for each in found:
        assert len({len(cells) for cells in each}) == 1
    assert "<script" not in text
    assert "(http" not in re.sub(r"\\\]\(http", "", text), "no link but an escaped one"
    assert "a&#124;b \\# &lt;script&gt;" in text


def test_empty_sections_are_omitted() -> None:
    page = report(miniature())
    for words in ("Learning curves", "other data sets", "Smoke"):
        assert words not in page
    assert NOT_MEASURED in page
    assert page == report(miniature()), "the same draws every time"


def test_figures_of_the_page_are_those_of_the_study() -> None:
    page = report(miniature())
    first, second, differences = page.split("\n## ")[1:4]
    heads = ["MAE", "RMSE", "R²", "Pearson r", "CCC", "Spearman", "pair accuracy"]
    assert row(first, "") == heads
    mean = row(first, f"valence, {MEAN}")
    assert mean[3] == mean[5] == "–"
    assert mean[4:7:2] == ["0.000 ± 0.000", "0.500 ± 0.000"]
    assert row(second, f"valence, {MEAN}")[3:] == ["–"] * 4, "the folds' means order nothing"
    value, low, high = map(float, re.findall(r"-?\d\.\d+", row(second, f"arousal, {OURS}")[3]))
    assert 0.8 < low < value < high <= 1
    better = row(differences, f"valence, against {SVR}")
    assert all(cell.startswith("**") for cell in better)
    assert better[0].startswith("**-")
    assert better[3].startswith("**+")
    losing = report(replace(miniature(), ours=SVR)).split("\n## ")[3]
    assert all(cell.endswith("(worse)") for cell in row(losing, f"valence, against {OURS}"))


def test_residuals_and_coupling_by_hand() -> None:
    study = miniature()
    ours = study.targets + np.array([1.0, -0.5])
    ours[1::2, 0] += 1  # jazz
    page = report(replace(study, predictions={OURS: np.stack([ours, ours])}))
    assert row(page, "jazz") == ["15", "+2.00 ± 0.00", "2.00", "-0.50 ± 0.00", "0.50"]
    assert row(page, "rock")[1:3] == ["+1.00 ± 0.00", "1.00"]
    assert row(page, "all")[:3] == ["30", "+1.50 ± 0.50", "1.50"]
    assert row(page, "listeners")[0].startswith(f"{np.corrcoef(*study.targets.T)[0, 1]:.3f} [")
    apart = report(replace(study, predictions={OURS: np.stack([study.targets[:, :1].repeat(2, axis=1)] * 2)}))
    assert row(apart.split("## Correlation of valence and arousal")[1], OURS) == ["1.000 [1.000, 1.000]"]


def test_an_inconsistent_study_is_refused() -> None:
    study = miniature()
    with pytest.raises(ValueError, match="two folds"):
        replace(study, groups=("one artist",) * 30)
    with pytest.raises(ValueError, match="no predictions of"):
        replace(study, ours="another")
    with pytest.raises(ValueError, match="finite"):
        replace(study, predictions={OURS: study.predictions[OURS] * np.nan})
    with pytest.raises(ValueError, match="finite"):
        replace(study, predictions={OURS: study.predictions[OURS][:1]})
    with pytest.raises(ValueError, match="30 clips"):
        replace(study, genres=())


def test_a_folder_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MusimoError, match="cannot create"):
        write_report(miniature(), tmp_path / "file" / "report")


def test_tables_of_the_paper_beside_ours() -> None:
    # what the paper prints as overall is the mean of both dimensions, where it prints one
    for paper in (TABLE_1, TABLE_2):
        for valence, arousal, overall in paper.rows.values():
            assert overall is None or overall == pytest.approx((valence + arousal) / 2, abs=1e-4)
    page = paper_section({"DEAM": {"shipped|labels": {"MAE": (0.5, 0.7), "r": (0.6, 0.8)}}})
    assert row(page, "arousal, paper") == ["0.8298", "0.9976", "0.3381", "0.6278"]
    assert row(page, "overall, paper") == ["0.7501", "–", "–", "–"]
    assert row(page, "valence, shipped&#124;labels") == ["0.500", "–", "–", "0.600"]
    assert row(page, "overall, shipped&#124;labels") == ["0.600", "–", "–", "0.700"]
    assert row(page, "ours") == [NOT_MEASURED] * 4, "Table II was not measured"
    assert page.count("| ours |") == 1


def test_transfer_metrics_do_not_depend_on_the_scale() -> None:
    study = miniature()
    found = transfer("A", "B", OURS, study.targets, 0.1 * study.targets - 4, study.groups)
    for pair in (found.r, found.spearman, found.pairs, found.affine_r2):
        assert pair == pytest.approx((1, 1))
    assert row(transfer_section([found]), "arousal: A → B, MASE-Net") == ["30", *["1.000"] * 4]
    lone = transfer("A", "B", OURS, study.targets, study.targets, ["one"] * 30)
    assert row(transfer_section([lone]), "valence: A → B, MASE-Net")[-1] == "–"


def test_partial_correlation() -> None:
    energy = np.array([1.0, -1.0, 1.0, -1.0])
    valence = np.array([1.0, 1.0, -1.0, -1.0])  # has nothing to do with energy
    assert partial_correlation(valence + 5 * energy, valence, energy) == pytest.approx(1)
    assert partial_correlation(-valence + 5 * energy, valence, energy) == pytest.approx(-1)
    assert np.isnan(partial_correlation(energy, valence, energy)), "energy alone leaves nothing"
    smoke = smoke_test("four", np.stack([energy, valence], axis=1), valence, energy, -valence)
    page = smoke_section([smoke])
    assert row(page, "predicted valence, four") == ["4", "0.000", "1.000", "0.000", "–"]
    assert row(page, "predicted arousal, four") == ["4", "1.000", "0.000", "-1.000", "–"]


def test_cells() -> None:
    assert markdown.number(-0.0001) == "0.000"
    assert markdown.number(-0.0001, signed=True) == "+0.000"
    assert markdown.number(float("nan")) == "–"
    assert markdown.spread([1.0, 2.0, 3.0]) == "2.000 ± 1.000"
    assert markdown.spread([1.0]) == "1.000"
    assert markdown.spread([1.0, float("nan")]) == "–"
    assert markdown.with_interval(Interval(0.5, 0.25, 0.75), signed=True) == "+0.500 [+0.250, +0.750]"
    assert markdown.escape("R&B") == "R&amp;B"
    with pytest.raises(ValueError, match="unequal"):
        markdown.table(["a", "b"], [["1"]])
