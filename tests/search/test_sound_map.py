"""The map of a library: a point a sound, and which sound most alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from musimo.errors import NotFoundError
from musimo.records import FloatArray
from musimo.search import sound_map
from musimo.search.indexes import Indexes
from musimo.search.selection import EVERYTHING, Selection
from musimo.search.sound_map import SoundMap, map_sounds, nearest_rows
from musimo.search.where import parse
from tests.catalog import Catalog, Entry, PlainSpace, direction


def on_circle(*degrees: float) -> FloatArray:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_the_nearest_come_first_and_nobody_is_near_to_itself() -> None:
    rows = on_circle(0, 10, 30, 90)
    assert nearest_rows(rows, rows, 2).tolist() == [[1, 2], [0, 2], [1, 0], [2, 1]]
    assert nearest_rows(rows, rows, 9).tolist() == [[1, 2, 3], [0, 2, 3], [1, 0, 3], [2, 1, 0]]
    assert nearest_rows(rows[:1], rows[:1], 3).shape == (1, 0)
    assert nearest_rows(rows, rows, 0).shape == (4, 0)


def test_comparing_in_parts_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
    whole = nearest_rows(rows, rows, 5)
    monkeypatch.setattr(sound_map, "BLOCK", 150)
    assert nearest_rows(rows, rows, 5).tolist() == whole.tolist()
    similarity = rows @ rows.T
    np.fill_diagonal(similarity, -np.inf)
    assert whole.tolist() == np.argsort(-similarity, axis=1)[:, :5].tolist()


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    monkeypatch.setattr(Indexes, "_space", lambda self: PlainSpace())
    catalog = Catalog(tmp_path / "library.db", Path("/m"))
    catalog.add(
        Entry("a.mp3", direction(1, 0), 0.2, 0.3),
        Entry("b.mp3", direction(1, 1), sound=b"b"),
        Entry("copy of b.mp3", None, sound=b"b"),
        Entry("c.mp3", direction(0, 1)),
        Entry("unheard.mp3", None),
    )
    return catalog


def drawn(catalog: Catalog, selection: Selection = EVERYTHING) -> SoundMap:
    index = Indexes(catalog.store, Path("none")).sounds("both")
    return map_sounds(catalog.store, index, selection)


def test_a_sound_is_one_point_and_what_is_not_analysed_is_counted(catalog: Catalog) -> None:
    made = drawn(catalog)
    assert [track.path_bytes for track in made.tracks] == [b"/m/a.mp3", b"/m/b.mp3", b"/m/c.mp3"]
    assert made.left_out == 1
    assert made.points.shape == (3, 2)
    assert made.explained == pytest.approx(1)  # three points always lie on a plane
    assert made.nearest[:, 0].tolist() in ([1, 0, 1], [1, 2, 1])  # b lies between a and c
    # Chords of 45 degrees between neighbours, of 90 degrees between the ends.
    apart = np.linalg.norm(made.points[:, None] - made.points, axis=2)
    assert apart[0, 1] == pytest.approx(apart[1, 2], abs=1e-6)
    assert apart[0, 2] == pytest.approx(np.sqrt(2), abs=1e-6)


def test_a_selection_is_all_that_is_drawn(catalog: Catalog) -> None:
    made = drawn(catalog, Selection(None, (parse("path:c.mp3", "0-1"),), None, None))
    assert [track.path_bytes for track in made.tracks] == [b"/m/c.mp3"]
    assert made.nearest.shape == (1, 0)
    assert not made.points.any()
    with pytest.raises(NotFoundError, match="among those selected"):
        drawn(catalog, Selection(None, (parse("artist:nobody", "0-1"),), None, None))


def test_a_very_large_library_has_no_lists_of_the_nearest(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound_map, "MOST_COMPARED", 2)
    assert drawn(catalog).nearest.shape == (3, 0)
