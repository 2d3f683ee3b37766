"""Pairs of near sounds of one length, and groups of them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from musimo.records import FloatArray, Tags, Track
from musimo.search import duplicates
from musimo.search.duplicates import (
    ComparisonProgress,
    SimilarPair,
    classify_pair,
    describe_quality,
    group_pairs,
    quality_rank,
    similar_pairs,
)
from musimo.search.space import Ids

TITLED = Tags(title="So What", artist="Miles Davis")


def track(tags: Tags = TITLED, duration_s: float = 100.0, partial: float | None = None) -> Track:
    return Track(1, b"/m/a.mp3", tags, duration_s, 1, 0.5, 0.5, partial)


def sounds(n: int, seed: int = 1) -> tuple[Ids, FloatArray]:
    vectors = np.random.default_rng(seed).normal(size=(n, 24)).astype(np.float32)
    return np.arange(10, 10 + n, dtype=np.int64), vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def found(ids: Ids, durations: NDArray[np.float64], vectors: FloatArray, least: float) -> list[SimilarPair]:
    def at(some: Ids) -> FloatArray:
        return vectors[np.searchsorted(ids, some)]

    events = similar_pairs(ids, durations, at, least)
    return [event for event in events if isinstance(event, SimilarPair)]


@pytest.mark.parametrize("block", [7, 64, 1000])
def test_pairs_are_those_of_every_two_compared(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(duplicates, "BLOCK", block)
    ids, vectors = sounds(300)
    durations = np.random.default_rng(2).uniform(100, 110, 300).round(1)
    near = vectors @ vectors.T
    expected = {
        (int(ids[i]), int(ids[j]))
        for i in range(300)
        for j in range(i + 1, 300)
        if near[i, j] >= 0.5 and abs(durations[i] - durations[j]) <= 2
    }
    pairs = found(ids, durations, vectors, 0.5)
    assert len(expected) > 20
    assert [(pair.first, pair.second) for pair in pairs if pair.first >= pair.second] == []
    assert sorted((pair.first, pair.second) for pair in pairs) == sorted(expected)


def test_the_search_reports_its_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "BLOCK", 100)
    ids, vectors = sounds(250)
    events = list(similar_pairs(ids, np.linspace(0, 1e6, 250), lambda some: vectors[some - 10]))
    assert events == [
        ComparisonProgress(100, 250),
        ComparisonProgress(200, 250),
        ComparisonProgress(250, 250),
    ]
    assert list(similar_pairs(ids[:0], np.empty(0), lambda some: vectors[some - 10])) == []


def test_a_thousand_silent_contents_are_not_copies() -> None:
    """Five hundred thousand pairs would be reported; two similar ones among them still are."""
    ids, vectors = sounds(1100)
    vectors[:1000] = vectors[0]
    vectors[1099] = vectors[1098]
    pairs = found(ids, np.full(1100, 60.0), vectors, 0.97)
    assert [(pair.first, pair.second) for pair in pairs] == [(10 + 1098, 10 + 1099)]
    assert pairs[0].similarity == pytest.approx(1.0)


def test_pairs_are_classified() -> None:
    """By its sound, and by what its tracks are called."""
    bare, other = track(Tags()), track(Tags(title="So What, Part 2", artist="Miles Davis"))
    same_title = track(Tags(title="So What"))

    def kind(similarity: float, first: Track, second: Track) -> str | None:
        verdict = classify_pair(SimilarPair(1, 2, similarity), first, second)
        return verdict and verdict[0]

    assert [kind(x, track(), track()) for x in (0.96, 0.94, 0.85, 0.7)] == [
        "recording",
        "probable",
        "probable",
        None,
    ]
    assert [kind(x, track(), same_title) for x in (0.98, 0.96)] == ["recording", None]
    assert [kind(x, track(), bare) for x in (0.99, 0.98, 0.96)] == ["recording", "probable", None]
    assert [kind(x, track(), other) for x in (1.0, 0.96)] == ["probable", None]
    assert "numbered" in (classify_pair(SimilarPair(1, 2, 1.0), track(), other) or ("", ""))[1]
    longer = track(duration_s=105)
    assert [kind(x, track(), longer) for x in (0.99, 0.7)] == ["probable", None]
    assert kind(0.99, same_title, longer) is None


def test_chains_are_not_joined() -> None:
    """1–2 and 2–3 are alike, 1–3 are not: the closer two stay together."""
    assert group_pairs([SimilarPair(1, 2, 0.98), SimilarPair(2, 3, 0.99)]) == [([2, 3], 0.99)]
    whole = [
        SimilarPair(1, 2, 0.98),
        SimilarPair(2, 3, 0.99),
        SimilarPair(1, 3, 0.97),
        SimilarPair(7, 8, 1.0),
    ]
    assert group_pairs(whole) == [([1, 2, 3], 0.97), ([7, 8], 1.0)]
    assert group_pairs([]) == []


def test_the_best_file_comes_first() -> None:
    kinds = {
        "flac, lossless 96 kHz": Tags(codec="flac", sample_rate=96_000, bitrate=900),
        "pcm_s16le, lossless 44.1 kHz": Tags(codec="pcm_s16le", sample_rate=44_100, bitrate=1411),
        "mp3, 320 kbit/s": Tags(codec="mp3", bitrate=320),
        "opus, 160 kbit/s": Tags(codec="opus", bitrate=160),
        "mp3, 192 kbit/s": Tags(codec="mp3", bitrate=192),
        "unknown codec": Tags(),
    }
    worst_first = [track(tags) for tags in reversed(kinds.values())]
    assert [describe_quality(one) for one in sorted(worst_first, key=quality_rank)] == [*kinds]
    cut = track(Tags(codec="flac"), partial=0.4)
    assert quality_rank(cut) > quality_rank(track(Tags(codec="mp3", bitrate=64)))
    assert describe_quality(cut) == "flac, lossless, only 40% plays"
