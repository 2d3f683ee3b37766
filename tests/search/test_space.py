"""Hubness offsets and the vectors of an index, on paper."""

from __future__ import annotations

import numpy as np
import pytest

from musimo.emotion.space import unit
from musimo.search import space
from musimo.search.space import (
    MIXTURES,
    REFERENCES,
    hubness_offsets,
    index_model_id,
    index_rows,
    offsets_to,
    query_vectors,
    reference_set,
    split_rows,
)
from tests.spaces import normal


def test_the_same_audio_has_similarity_1_and_another_what_the_formula_says() -> None:
    vectors = unit(normal(200, 8))
    similarity = index_rows(vectors, hubness_offsets(vectors)) @ query_vectors(vectors).T
    np.testing.assert_allclose(np.diag(similarity), 1, atol=1e-5)
    offsets = hubness_offsets(vectors)[:, None]
    np.testing.assert_allclose(similarity, (vectors @ vectors.T - offsets) / (1 - offsets), atol=1e-5)


def test_the_offset_is_half_the_mean_cosine_to_the_nearest_share() -> None:
    vectors = unit(normal(120, 5))
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1)
    nearest = np.sort(cosines, axis=1)[:, -18:]  # 15 % of 120
    np.testing.assert_allclose(hubness_offsets(vectors), 0.5 * nearest.mean(axis=1), atol=1e-6)


def test_a_hub_is_found_less_often() -> None:
    """In a cloud that lies to one side, those in its middle are near to all."""
    vectors = unit(normal(300, 20) + np.float32(0.3))
    similarity = index_rows(vectors, hubness_offsets(vectors)) @ query_vectors(vectors).T
    assert largest_hub(similarity) < 0.7 * largest_hub(vectors @ vectors.T)


def largest_hub(similarity: np.ndarray) -> int:
    """Most often found among the ten nearest of others; columns ask."""
    similarity = similarity.copy()
    np.fill_diagonal(similarity, -np.inf)
    return int(np.bincount(np.argsort(-similarity, axis=0)[:10].ravel()).max())


def test_a_small_library_has_no_offsets() -> None:
    vectors = unit(normal(99, 4))
    np.testing.assert_array_equal(hubness_offsets(vectors), np.zeros(99))
    np.testing.assert_array_equal(
        index_rows(vectors, hubness_offsets(vectors)), np.hstack([vectors, np.zeros((99, 1))])
    )
    nothing = np.empty((0, 4), np.float32)
    assert index_rows(nothing, hubness_offsets(nothing)).shape == (0, 5)


def test_chunks_change_nothing_and_fewer_references_little(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = unit(normal(400, 20) + np.float32(0.3))
    whole = hubness_offsets(vectors)
    monkeypatch.setattr(space, "CHUNK", 90)
    np.testing.assert_allclose(hubness_offsets(vectors), whole, atol=1e-6)
    monkeypatch.setattr(space, "REFERENCES", 200)
    assert np.corrcoef(hubness_offsets(vectors), whole)[0, 1] > 0.9


def test_offsets_of_a_few_are_those_they_have_among_all() -> None:
    vectors = unit(normal(300, 8))
    ids = np.arange(300) * 7 + 3
    some = np.array([5, 80, 299])
    alone = offsets_to(ids[some], vectors[some], ids, vectors)
    np.testing.assert_allclose(alone, hubness_offsets(vectors)[some], atol=1e-6)


def test_the_reference_set_changes_little_and_is_drawn_evenly() -> None:
    ids = np.arange(1, 50_001)
    chosen = reference_set(ids)
    assert len(set(chosen.tolist())) == REFERENCES
    assert set(reference_set(ids[::-1]).tolist()) == set(chosen.tolist()), "whatever their order"
    later = reference_set(np.concatenate([ids[100:], np.arange(50_001, 50_101)]))
    assert len(set(later.tolist()) & set(chosen.tolist())) > REFERENCES - 20
    thirds = np.bincount((chosen - 1) * 3 // 50_000, minlength=3)
    assert thirds.min() > 0.8 * REFERENCES / 3
    np.testing.assert_array_equal(reference_set(ids[:5]), ids[:5])


def test_the_model_id_of_an_index_names_all_it_was_computed_with() -> None:
    made = {index_model_id(model, by) for model in ("a", "b") for by in MIXTURES}
    assert len(made) == 6
    assert index_model_id("a", "both") == "a statistics*1 fused*1 embedding*0.25 hubness*0.5"


def test_rows_can_be_split_into_what_they_were_made_of() -> None:
    vectors = unit(normal(50, 6))
    offsets = np.linspace(0, 0.5, 50, dtype=np.float32)
    again, of_again = split_rows(index_rows(vectors, offsets))
    np.testing.assert_allclose(again, vectors, atol=1e-6)
    np.testing.assert_allclose(of_again, offsets, atol=1e-6)
    assert split_rows(index_rows(vectors[:0], offsets[:0]))[0].shape == (0, 6)
