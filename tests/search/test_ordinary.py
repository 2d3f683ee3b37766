"""Similarity above the ordinary, on paper."""

from __future__ import annotations

import numpy as np
import pytest

from musimo.emotion.space import unit
from musimo.search import space
from musimo.search.space import (
    MIXTURES,
    REFERENCES,
    maker,
    ordinary,
    ordinary_to,
    questions,
    references,
    rows,
)
from tests.spaces import normal


def test_the_same_sound_is_wholly_similar_and_an_ordinary_one_is_less_so() -> None:
    places = unit(normal(200, 8))
    similarity = rows(places, hubness_offsets(places)) @ questions(places).T
    np.testing.assert_allclose(np.diag(similarity), 1, atol=1e-5)
    taken_off = hubness_offsets(places)[:, None]
    np.testing.assert_allclose(similarity, (places @ places.T - taken_off) / (1 - taken_off), atol=1e-5)


def test_what_is_ordinary_is_half_the_mean_of_the_nearest_sixth_or_so() -> None:
    places = unit(normal(120, 5))
    cosines = places @ places.T
    np.fill_diagonal(cosines, -1)
    nearest = np.sort(cosines, axis=1)[:, -18:]  # 15 % of 120
    np.testing.assert_allclose(hubness_offsets(places), 0.5 * nearest.mean(axis=1), atol=1e-6)


def test_a_hub_is_found_less_often() -> None:
    """In a cloud that lies to one side, those in its middle are near to all."""
    places = unit(normal(300, 20) + np.float32(0.3))
    similarity = rows(places, hubness_offsets(places)) @ questions(places).T
    assert largest_hub(similarity) < 0.7 * largest_hub(places @ places.T)


def largest_hub(similarity: np.ndarray) -> int:
    """Most often found among the ten nearest of others; columns ask."""
    similarity = similarity.copy()
    np.fill_diagonal(similarity, -np.inf)
    return int(np.bincount(np.argsort(-similarity, axis=0)[:10].ravel()).max())


def test_a_small_library_says_nothing_of_what_is_ordinary() -> None:
    places = unit(normal(99, 4))
    np.testing.assert_array_equal(hubness_offsets(places), np.zeros(99))
    np.testing.assert_array_equal(rows(places, hubness_offsets(places)), np.hstack([places, np.zeros((99, 1))]))
    nothing = np.empty((0, 4), np.float32)
    assert rows(nothing, ordinary(nothing)).shape == (0, 5)


def test_chunks_and_a_share_of_references_say_nearly_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    places = unit(normal(400, 20) + np.float32(0.3))
    whole = hubness_offsets(places)
    monkeypatch.setattr(space, "CHUNK", 90)
    np.testing.assert_allclose(hubness_offsets(places), whole, atol=1e-6)
    monkeypatch.setattr(space, "REFERENCES", 200)
    assert np.corrcoef(hubness_offsets(places), whole)[0, 1] > 0.9


def test_what_is_ordinary_for_a_few_is_what_it_is_among_all() -> None:
    places = unit(normal(300, 8))
    ids = np.arange(300) * 7 + 3
    some = np.array([5, 80, 299])
    alone = ordinary_to(ids[some], places[some], ids, places)
    np.testing.assert_allclose(alone, hubness_offsets(places)[some], atol=1e-6)


def test_references_change_little_where_tracks_come_and_go_and_have_no_favourites() -> None:
    ids = np.arange(1, 50_001)
    chosen = references(ids)
    assert len(set(chosen.tolist())) == REFERENCES
    assert set(references(ids[::-1]).tolist()) == set(chosen.tolist()), "whatever their order"
    later = references(np.concatenate([ids[100:], np.arange(50_001, 50_101)]))
    assert len(set(later.tolist()) & set(chosen.tolist())) > REFERENCES - 20
    thirds = np.bincount((chosen - 1) * 3 // 50_000, minlength=3)
    assert thirds.min() > 0.8 * REFERENCES / 3
    np.testing.assert_array_equal(references(ids[:5]), ids[:5])


def test_an_index_names_all_that_made_it() -> None:
    made = {maker(model, by) for model in ("a", "b") for by in MIXTURES}
    assert len(made) == 6
    assert maker("a", "both") == "a statistics*1 fused*1 embedding*0.25 ordinary*0.5"
