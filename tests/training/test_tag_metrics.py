"""Tags against a teacher and against genres, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from musimo.training.tag_metrics import TagScores, against_genres, against_teacher, set_tags, tag_section

GROUPS = [str(i) for i in range(12)]
RISING = np.arange(12.0)


def scores(**columns: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> TagScores:
    return TagScores(tuple(columns), np.stack(list(columns.values()), axis=1))


def test_a_share_of_clips_is_set_and_equal_scores_together() -> None:
    teacher = scores(a=RISING, b=np.repeat([0.0, 1.0], 6))
    labels = set_tags(teacher, 0.25)
    assert labels["a"].tolist() == [False] * 9 + [True] * 3
    assert labels["b"].sum() == 6
    assert set_tags(teacher, {"a": 0.5, "b": 0.0})["a"].sum() == 6
    assert not set_tags(teacher, {"a": 0.5, "b": 0.0})["b"].any()


def test_against_a_teacher_by_hand() -> None:
    teacher = scores(a=RISING, b=RISING, c=RISING)
    table = against_teacher(scores(a=RISING, b=-RISING, d=RISING), teacher, GROUPS, "t", share=0.5)
    assert [(row.label, row.n_positive) for row in table.rows] == [("a", 6), ("b", 6)]
    assert [row.aucs["network"].value for row in table.rows] == [1, 0]
    assert table.macro["network"].value == 0.5
    assert table.left_out == ("c",)
    rare = against_teacher(teacher, teacher, GROUPS, "t", share=0.25)
    assert (rare.rows, rare.left_out) == ((), ("a", "b", "c")), "three clips are too few"


def test_against_genres_by_hand() -> None:
    genres = [("Jazz",)] * 6 + [("Hip-Hop", "R&B")] * 5 + [("Unheard of",)]
    network = scores(jazz=-RISING, rnb=np.full(12, 0.5))
    teacher = scores(jazz=RISING, rnb=RISING, soul=RISING)
    table = against_genres({"network": network, "teacher": teacher}, genres, GROUPS, "genres")
    jazz, rnb = table.rows
    assert (jazz.label, jazz.n_positive, jazz.aucs["network"].value, jazz.aucs["teacher"].value) == (
        "Jazz",
        6,
        1,
        0,
    )
    # the five clips of R&B come after all others but the last
    assert (rnb.label, rnb.tags, rnb.aucs["network"].value) == ("R&B", ("rnb",), 0.5)
    assert rnb.aucs["teacher"].value == pytest.approx(6 / 7)
    assert table.left_out == ("Hip-Hop", "Unheard of")
    page = tag_section([table])
    assert "| R&amp;B | 0.500" in page
    assert "Not evaluated: Hip-Hop, Unheard of." in page


def test_several_tags_are_compared_by_rank() -> None:
    found = scores(pop=np.array([0.9, 0.8, 0.7]), rock=np.array([0.01, 0.03, 0.02])).highest(["pop", "rock"])
    assert found.tolist() == pytest.approx([2.5 / 3, 2.5 / 3, 1.5 / 3])


def test_scores_must_fit_their_tags() -> None:
    with pytest.raises(ValueError, match="for 1 tags"):
        TagScores(("a",), np.zeros((3, 2)))
