"""The best window of a track, on paper."""

from __future__ import annotations

from math import cos, radians, sin
from pathlib import Path

import numpy as np
import pytest

from musimo import Library
from musimo.library.db.windows import WindowVectors
from musimo.records import FloatArray, Window
from musimo.resources import weights_path
from musimo.search.best_window import BestWindow, nearest
from musimo.search.index import Header
from musimo.search.indexes import Indexes
from musimo.search.selection import EVERYTHING
from musimo.search.space import index_rows, query_vectors, split_rows
from tests.catalog import Catalog, Entry, PlainSpace, direction
from tests.indexes import index_of

FIRST, SECOND, THIRD = (Window(45.0 * n, 45.0 * (n + 1)) for n in range(3))


def angle(degrees: float) -> FloatArray:
    return direction(cos(radians(degrees)), sin(radians(degrees)))


def at(*degrees: float) -> FloatArray:
    return np.stack([angle(one) for one in degrees])


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setattr(Indexes, "_space", lambda self: PlainSpace())
    catalog = Catalog(tmp_path / "library.db", Path("/music"), weights_path().stem)
    catalog.add(
        Entry("seed.mp3", angle(0)),
        Entry("other.mp3", angle(180)),
        Entry("near.mp3", angle(20), places=(angle(-30), angle(10), angle(75))),
        Entry("far.mp3", angle(90), places=(angle(80), angle(120))),
        Entry("unplaced.mp3", angle(40)),
    )
    return Library.open(tmp_path / "library.db")


def test_each_row_names_the_window_that_is_nearest_to_the_seed(library: Library) -> None:
    found = library.similar("seed.mp3", selection=EVERYTHING)
    best = {row.track.path_bytes: row.window for row in found}
    near, far = best[b"/music/near.mp3"], best[b"/music/far.mp3"]
    assert near is not None
    assert far is not None
    assert (near.window, far.window) == (SECOND, FIRST)
    assert near.similarity == pytest.approx(cos(radians(10)), abs=1e-3)
    assert far.similarity == pytest.approx(cos(radians(80)), abs=1e-3)
    assert best[b"/music/unplaced.mp3"] is None


def test_of_several_seeds_the_nearest_of_all_counts(library: Library) -> None:
    found = library.similar("seed.mp3", "other.mp3", selection=EVERYTHING)
    best = {row.track.path_bytes: row.window for row in found}
    far = best[b"/music/far.mp3"]
    assert far is not None
    assert far.window == SECOND, "60 degrees from the one, where the first is 80 from the other"
    assert far.similarity == pytest.approx(cos(radians(60)), abs=1e-3)


def test_windows_follow_their_rows_into_another_order(library: Library) -> None:
    plain, ordered = (
        library.similar("seed.mp3", selection=EVERYTHING, order=order) for order in ("similarity", "flow")
    )
    assert {row.track.path_bytes: row.window for row in plain} == {
        row.track.path_bytes: row.window for row in ordered
    }
    assert any(row.window for row in ordered)


def test_of_equal_windows_the_first_is_named_and_no_similarity_is_below_0() -> None:
    heard = WindowVectors(np.array([4, 4, 7, 7]), (FIRST, SECOND, FIRST, SECOND), at(30, 30, 170, 100))
    rows = index_rows(heard.vectors, np.zeros(4, np.float32))
    best = nearest(heard, rows, query_vectors(at(0)))
    assert best[4].window == FIRST
    assert best[4].similarity == pytest.approx(cos(radians(30)))
    assert best[7] == BestWindow(SECOND, 0.0)


def test_a_window_has_the_hubness_offset_of_its_track() -> None:
    """Cosine 0.5, less the offset 0.2: 0.3 of 0.8."""
    offsets = np.array([0.0, 0.2], np.float32)
    index = index_of(np.array([3, 9]), at(0, 50), Header("m", "cosine", 0), offsets)
    off = split_rows(index.vectors(np.array([9, 3, 9])))[1]
    np.testing.assert_allclose(off, [0.2, 0, 0.2], atol=1e-6)
    heard = WindowVectors(np.array([9]), (THIRD,), at(60))
    best = nearest(heard, index_rows(heard.vectors, off[:1]), query_vectors(at(0)))
    assert best[9].window == THIRD
    assert best[9].similarity == pytest.approx(0.375, abs=1e-6)
