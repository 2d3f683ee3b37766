"""Retrieval metrics on paper, and an evaluation of a miniature collection."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from musimo.errors import UsageError
from musimo.records import FloatArray
from musimo.resources import resource, weights_path
from musimo.training import retrieval
from musimo.training.config import load_table
from musimo.training.progress import Note, Stage, Step
from musimo.training.retrieval import evaluate_retrieval
from musimo.training.retrieval_metrics import (
    Collection,
    Figures,
    Method,
    RetrievalConfig,
    RetrievalTable,
    cross_validated_figures,
    distance_figures,
    figures,
    largest_hub,
    mean_figures,
    participation_ratio,
    precision,
    reencoded_recall,
    split_halves,
    z_score,
)
from tests.sounds import melody
from tests.spaces import normal

CONFIG = RetrievalConfig(n_splits=1)


def collection(n: int = 24, n_windows: int = 3) -> Collection:
    """Tracks of six packages: a package is a direction, a track a smaller one, a window noise."""
    packages = [f"p{i % 6}" for i in range(n)]
    windows = []
    for i in range(n):
        center = 4 * normal(1, 30, seed=i % 6) + 2 * normal(1, 30, seed=100 + i)
        rows = center + 0.5 * normal(n_windows, 30, seed=1000 + i)
        windows.append({"fused": rows, "statistics": 10 * rows[:, :20] + 3, "embedding": rows[:, :9]})
    return Collection(windows, packages, packages, packages, {})


def same(rows: FloatArray) -> FloatArray:
    return rows


def test_precision_is_relative_to_the_attainable() -> None:
    """Two of a, each first and last for the other; three of b, all first; one c, which is no query."""
    names = ["a", "a", "b", "b", "b", "c"]
    scores = np.zeros((6, 6), np.float32)
    scores[0] = [9, 5, 4, 3, 2, 1]
    scores[1] = [0, 9, 4, 3, 2, 1]
    scores[2:5, 2:5] = 5
    nearest_two = replace(CONFIG, nearest=2)
    assert precision(scores, names, nearest_two) == pytest.approx((1 + 0 + 1 + 1 + 1) / 5)
    assert np.isnan(precision(scores, ["a", "b", "c", "d", "", ""], nearest_two))
    assert precision(scores, ["", "", "b", "b", "b", ""], replace(nearest_two, most_queries=1)) == 1


def test_a_track_is_found_by_its_excluded_window() -> None:
    music = collection()
    method = Method([("fused", same, 1.0)])
    found = figures(method, music, CONFIG)
    assert found.recall == 1.0
    assert found.album == found.credit > 0.9
    assert reencoded_recall(method, music, [3, 4], [music.windows[3], music.windows[4]]) == 1.0
    assert reencoded_recall(method, music, [3, 4], [music.windows[4], music.windows[3]]) == 0.0
    alone = figures(method, collection(n_windows=1), CONFIG)
    assert np.isnan(alone.recall)


def test_the_query_window_does_not_represent_its_track() -> None:
    """Two tracks whose middle windows are swapped find each other, and never themselves."""
    e = np.eye(4, dtype=np.float32)
    first, second = np.stack([e[0], e[1], e[0]]), np.stack([e[1], e[0], e[1]])
    music = Collection([{"x": first}, {"x": second}], ["a", "b"], ["a", "b"], ["a", "b"], {})
    assert figures(Method([("x", same, 1.0)]), music, CONFIG).recall == 0.0


def test_weights_are_shares_of_the_cosine() -> None:
    a, b = normal(1, 5, seed=1), normal(1, 5, seed=2)
    method = Method([("x", same, 3.0), ("y", same, 1.0)])
    vectors = method.vectors([{"x": a, "y": a}, {"x": a, "y": -a}, {"x": b, "y": b}])
    assert float(vectors[0] @ vectors[1]) == pytest.approx(0.5)


def test_hubs_and_participation_ratio_on_paper() -> None:
    scores = np.array([[0, 5, 1], [5, 0, 1], [1, 5, 0]], np.float32)
    assert largest_hub(scores, 1) == 2
    assert largest_hub(scores, 10) == 2, "all others, where there are no more"
    square = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], np.float32)
    assert participation_ratio(square) == pytest.approx(2)
    assert participation_ratio(square * np.array([1, 0], np.float32)) == pytest.approx(1)


def test_vectors_of_whole_tracks_are_compared_by_distance() -> None:
    vectors = np.array([[0, 0], [0, 1], [9, 9], [9, 8]], np.float32)
    music = Collection([], ["a", "a", "b", "b"], ["", "", "", ""], ["", "", "", ""], {})
    found = distance_figures(vectors, music, CONFIG)
    assert found.album == 1
    assert np.isnan(found.recall)
    assert np.isnan(found.credit)


def test_no_package_is_in_both_halves() -> None:
    packages = ["big"] * 10 + ["a", "b", "c", "d"] * 3
    first, second = split_halves(packages, seed=1)
    assert sorted([*first, *second]) == [*range(22)]
    assert not {packages[i] for i in first} & {packages[i] for i in second}
    assert abs(len(first) - len(second)) <= 6


def test_methods_are_evaluated_on_held_out_music() -> None:
    found = cross_validated_figures(collection(48), CONFIG)
    assert {"statistics, z-scored", "fused, whitened", "mood", "sound", "both", "both, plain cosine"} <= {
        *found
    }
    assert found["both"].recall > 0.9
    assert mean_figures([Figures(0, 0, 0, 1, 2), Figures(1, 0.5, 0, 3, 4)]) == Figures(0.5, 0.25, 0, 2, 3)


def test_constant_columns_are_z_scored_to_zero() -> None:
    transform = z_score(np.array([[1, 5], [3, 5]], np.float32))
    np.testing.assert_array_equal(transform(np.array([[4, 9]], np.float32)), [[2, 0]])


def test_a_miniature_from_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieval, "find_spec", lambda name: None)
    music, cache = tmp_path / "music", tmp_path / "cache"
    for seed, package in enumerate(("a", "a", "b", "b")):
        (music / package).mkdir(parents=True, exist_ok=True)
        soundfile.write(music / package / f"{seed}.flac", melody(4, 22_050, seed), 22_050)
    (music / "a" / "broken.mp3").write_text("no music\n" * 99)
    with (music / "manifest.tsv").open("w", newline="") as file:
        rows = csv.writer(file, delimiter="\t")
        rows.writerows([("path", "album", "credit", "package"), ("a/0.flac", "", "She", "a")])
    config = RetrievalConfig(window_s=1.5, every_s=2.0, n_splits=1, n_encoded=1)
    *events, found = evaluate_retrieval(config, music, cache, (), weights_path())
    assert isinstance(found, RetrievalTable)
    assert (found.n_tracks, found.n_windows, found.model) == (4, 8, weights_path().stem)
    assert {*found.encoded} == {"mp3", "opus"}
    assert found.missing["bliss"] == "not measured: pip install bliss-audio"
    assert "teacher" in found.missing
    assert next(event for event in events if isinstance(event, Note)).sentence.startswith("skipped")
    assert sum(isinstance(event, Step) for event in events) == 5 + 2
    shown = found.markdown()
    for words in ("| both |", "| bliss | not measured", "4 tracks, 8 windows", "| opus |"):
        assert words in shown
    monkeypatch.setattr(retrieval.WindowDescriber, "describe", None)
    *events, again = evaluate_retrieval(config, music, cache, (), weights_path())
    assert isinstance(again, RetrievalTable)
    assert again.markdown() == shown, "descriptors are cached"
    assert isinstance(events[0], Stage)


def test_a_folder_without_music_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no music"):
        list(evaluate_retrieval(CONFIG, tmp_path, tmp_path, (), weights_path()))


def test_the_built_in_configuration_is_valid() -> None:
    assert load_table(RetrievalConfig, resource("configs") / "retrieval.toml") == RetrievalConfig()
