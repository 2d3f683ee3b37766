"""Retrieval metrics of ``similar``: pure functions of the descriptors of a collection.

Each track is a query; the query itself is excluded, and artists and albums are not capped. The label of a
track is its album (without a tag: its top-level folder) or its credit; precision is computed over the nearest
five, or all if there are fewer, for at most twelve queries per label. For recall, the middle window of each
track is the query, and the track is represented by its other windows. Hubness is measured by the largest
10-occurrence, and the use of dimensions by the participation ratio of the vectors, (Σλ)² / Σλ² over the
eigenvalues of their covariance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from musimo.emotion.space import N_AXES, SoundSpace, fit_space, unit
from musimo.records import FloatArray
from musimo.search.space import MIXTURES, hubness_offsets
from musimo.training.markdown import number, table
from musimo.training.metrics import Indices

Transform = Callable[[FloatArray], FloatArray]

KINDS = ("fused", "statistics", "embedding")  # of descriptors, in the order of `fit_space`
UNTAGGED = ""  # label of tracks without one; they are no queries

TIE_TOLERANCE = 1e-5  # smaller differences of scores are rounding errors of float32


@dataclass(frozen=True, slots=True)
class RetrievalConfig:
    """Protocol of a retrieval evaluation.

    Parameters
    ----------
    kind : ``retrieval``
    manifest : optional TSV in the folder of the music with columns path, album, credit and package, which
        take precedence over tags
    seed : of queries, halves and re-encoded tracks
    window_s : length of a window
    every_s : one window per this length of a track, evenly spread
    nearest, most_queries, hub_list : see the module
    n_axes : axes per block of spaces fitted to half of the music
    n_splits : divisions into halves by package; each half is evaluated in the space of the other
    n_encoded : number of re-encoded tracks
    """

    kind: Literal["retrieval"] = "retrieval"
    manifest: str = "manifest.tsv"
    seed: int = 0
    window_s: float = 30.0
    every_s: float = 45.0
    nearest: int = 5
    most_queries: int = 12
    hub_list: int = 10
    n_axes: int = N_AXES
    n_splits: int = 2
    n_encoded: int = 40


@dataclass(frozen=True, slots=True)
class Collection:
    """Descriptors and labels of a collection.

    Parameters
    ----------
    windows : of each track, its windows in order: kind of descriptor -> [shape=(n_windows, d)]
    albums, credits, packages : one label per track; `UNTAGGED` if there is none
    whole : descriptors of whole tracks: kind -> [shape=(n_tracks, d)]
    """

    windows: Sequence[Mapping[str, FloatArray]]
    albums: Sequence[str]
    credits: Sequence[str]
    packages: Sequence[str]
    whole: Mapping[str, FloatArray]

    def part(self, which: Indices) -> Collection:
        """Return the tracks of the given indices."""
        return Collection(
            [self.windows[i] for i in which],
            [self.albums[i] for i in which],
            [self.credits[i] for i in which],
            [self.packages[i] for i in which],
            {kind: values[which] for kind, values in self.whole.items()},
        )

    def rows(self, kind: str) -> FloatArray:
        """Return the descriptors of a kind of all windows [shape=(n_windows, d)]."""
        return np.concatenate([track[kind] for track in self.windows])


@dataclass(frozen=True, slots=True)
class Method:
    """Weighted blocks of descriptors, each transformed and scaled to unit length.

    Parameters
    ----------
    parts : kind of descriptor, transform, weight
    hubness_corrected : whether scores are corrected by hubness offsets, as in ``similar``
    """

    parts: Sequence[tuple[str, Transform, float]]
    hubness_corrected: bool = False

    def vectors(self, tracks: Sequence[Mapping[str, FloatArray]]) -> FloatArray:
        """Return unit vectors of tracks, each from the mean of its windows [shape=(n, d)]."""
        return unit(
            np.concatenate(
                [
                    unit(transform(np.stack([track[kind].mean(axis=0) for track in tracks])))
                    * np.sqrt(weight)
                    for kind, transform, weight in self.parts
                ],
                axis=1,
            )
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """Metrics of one method on one collection; ``recall`` is NaN if no track has several windows."""

    album: float
    credit: float
    recall: float
    hub: float
    participation: float


@dataclass(frozen=True, slots=True)
class RetrievalTable:
    """Results of the evaluation; the last event.

    Parameters
    ----------
    model : id of the weights
    n_tracks, n_windows : number of tracks and windows
    shipped : by method, in the space of the weights; other methods are fitted to this collection
    others : by method, in spaces fitted to one half of the music and evaluated on the other
    encoded : by format, share of re-encoded tracks that retrieve the original first
    missing : by method, why it was not measured
    """

    model: str
    n_tracks: int
    n_windows: int
    shipped: Mapping[str, Figures]
    others: Mapping[str, Figures]
    encoded: Mapping[str, float]
    missing: Mapping[str, str]

    def markdown(self) -> str:
        """Return the tables as Markdown."""
        head = ("", "album P@5", "credit P@5", "recall@1", "largest hub", "participation")
        unmeasured = [[name, reason, *[""] * (len(head) - 2)] for name, reason in self.missing.items()]
        parts = [
            f"{self.n_tracks} tracks, {self.n_windows} windows, {self.model}",
            table(head, [_line(*row) for row in self.shipped.items()] + unmeasured),
            "Fitted to one half of the packages, evaluated on the other; mean over the halves:",
            table(head, [_line(*row) for row in self.others.items()]),
        ]
        if self.encoded:
            rows = [[name, number(share)] for name, share in self.encoded.items()]
            parts.append(table(("re-encoded as", "original found first"), rows))
        return "\n\n".join(parts)


def _line(name: str, figures: Figures) -> list[str]:
    shares = [number(value) for value in (figures.album, figures.credit, figures.recall)]
    return [name, *shares, f"{figures.hub:.0f}", f"{figures.participation:.0f}"]


def space_methods(space: SoundSpace) -> dict[str, Method]:
    """Return the methods of ``similar --by`` in a space, and each of its blocks alone."""
    transforms: dict[str, Transform] = {
        "statistics": space.statistics.transform,
        "fused": space.fused.transform,
        "embedding": lambda rows: space.embedding.transform(unit(rows)),
    }
    alone = {f"{kind}, whitened": Method([(kind, transform, 1.0)]) for kind, transform in transforms.items()}
    combined = {
        by: Method(
            [(kind, transforms[kind], weight) for kind, weight in mixture.items()], hubness_corrected=True
        )
        for by, mixture in MIXTURES.items()
    }
    plain = Method(combined["both"].parts)
    return (
        alone | {"both, plain cosine": plain} | {name: combined[name] for name in ("mood", "sound", "both")}
    )


def z_scored_methods(collection: Collection) -> dict[str, Method]:
    """Return one method per kind of descriptor, z-scored by a collection."""
    return {
        f"{kind}, z-scored": Method([(kind, z_score(collection.rows(kind)), 1.0)])
        for kind in collection.windows[0]
    }


def z_score(rows: FloatArray) -> Transform:
    """Return a transform by the mean and SD of ``rows``; constant columns become 0."""
    mean, sd = rows.mean(axis=0, dtype=np.float64), rows.std(axis=0, dtype=np.float64)
    scale = 1 / np.where(sd > 0, sd, np.inf)
    return lambda values: np.asarray((values - mean) * scale, np.float32)


def figures(method: Method, music: Collection, config: RetrievalConfig) -> Figures:
    """Compute all metrics of a method that describes windows."""
    vectors = method.vectors(music.windows)
    offsets = hubness_offsets(vectors) if method.hubness_corrected else np.zeros(len(vectors), np.float32)
    scores = (vectors @ vectors.T - offsets) / (1 - offsets)  # one query per row
    return Figures(
        precision(scores, music.albums, config),
        precision(scores, music.credits, config),
        window_recall(method, music, vectors, offsets),
        largest_hub(scores, config.hub_list),
        participation_ratio(vectors),
    )


def distance_figures(vectors: FloatArray, music: Collection, config: RetrievalConfig) -> Figures:
    """Compute the metrics of vectors of whole tracks, compared by Euclidean distance."""
    scores = -np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    return Figures(
        precision(scores, music.albums, config),
        precision(scores, music.credits, config),
        float("nan"),
        largest_hub(scores, config.hub_list),
        participation_ratio(vectors),
    )


def precision(scores: FloatArray, labels: Sequence[str], config: RetrievalConfig) -> float:
    """Return the mean precision at `nearest`, relative to the attainable; NaN without a query."""
    rng = np.random.default_rng(config.seed)
    names = np.array(labels)
    shares = []
    for label in np.unique(names[names != UNTAGGED]):
        members = np.flatnonzero(names == label)
        reachable = min(config.nearest, len(members) - 1)
        for query in rng.permutation(members)[: config.most_queries] if reachable else []:
            others = np.delete(np.arange(len(names)), query)
            nearest = others[np.argsort(-scores[query, others], kind="stable")[: config.nearest]]
            shares.append(np.sum(names[nearest] == label) / reachable)
    return float(np.mean(shares)) if shares else float("nan")


def window_recall(method: Method, music: Collection, vectors: FloatArray, offsets: FloatArray) -> float:
    """Return the share of tracks found first by their middle window, while represented by the others."""
    querying = [i for i, track in enumerate(music.windows) if len(next(iter(track.values()))) > 1]
    if not querying:
        return float("nan")
    middles, remainders = [], []
    for track in (music.windows[i] for i in querying):
        middle = len(next(iter(track.values()))) // 2
        middles.append({kind: rows[middle : middle + 1] for kind, rows in track.items()})
        remainders.append({kind: np.delete(rows, middle, axis=0) for kind, rows in track.items()})
    queries, left = method.vectors(middles), method.vectors(remainders)
    cosines = queries @ vectors.T
    cosines[np.arange(len(querying)), querying] = np.sum(queries * left, axis=1)
    return float(np.mean(np.argmax((cosines - offsets) / (1 - offsets), axis=1) == querying))


def reencoded_recall(
    method: Method, music: Collection, which: Sequence[int], copies: Sequence[Mapping[str, FloatArray]]
) -> float:
    """Return the share of re-encoded tracks that retrieve their original first, ties included."""
    vectors = method.vectors(music.windows)
    offsets = hubness_offsets(vectors)
    cosines = method.vectors(copies) @ vectors.T
    scores = (cosines - offsets) / (1 - offsets)
    own = scores[np.arange(len(copies)), list(which)]
    return float(np.mean(own >= scores.max(axis=1) - TIE_TOLERANCE))


def largest_hub(scores: FloatArray, n: int) -> float:
    """Return how often the most frequent track is among the nearest ``n`` of others."""
    others = scores.copy()
    np.fill_diagonal(others, -np.inf)
    nearest = np.argsort(-others, axis=1, kind="stable")[:, : min(n, len(scores) - 1)]
    return float(np.bincount(nearest.ravel()).max())


def participation_ratio(vectors: FloatArray) -> float:
    """Return the effective number of dimensions: (Σλ)² / Σλ² of the covariance."""
    spread = np.linalg.svd(vectors - vectors.mean(axis=0), compute_uv=False) ** 2
    return float(spread.sum() ** 2 / np.sum(spread**2))


def split_halves(packages: Sequence[str], seed: int) -> tuple[Indices, Indices]:
    """Divide the tracks into two halves of about equal size; no package is in both."""
    sizes = Counter(packages)
    first: set[str] = set()
    room = len(packages) / 2
    for package in np.random.default_rng(seed).permutation(sorted(sizes)):
        if sizes[package] <= room:
            first.add(str(package))
            room -= sizes[package]
    member = np.array([package in first for package in packages])
    return np.flatnonzero(member), np.flatnonzero(~member)


def cross_validated_figures(music: Collection, config: RetrievalConfig) -> dict[str, Figures]:
    """Fit each method to one half and evaluate it on the other; average over directions and divisions."""
    found: dict[str, list[Figures]] = {}
    for split in range(config.n_splits):
        parts = [music.part(which) for which in split_halves(music.packages, config.seed + split)]
        if not all(part.windows for part in parts):
            continue
        for fitted, held_out in (parts, parts[::-1]):
            fused, statistics, embedding = (fitted.rows(kind) for kind in KINDS)
            space = fit_space(fused, statistics, embedding, config.n_axes)
            methods = z_scored_methods(fitted) | space_methods(space)
            for name, method in methods.items():
                found.setdefault(name, []).append(figures(method, held_out, config))
    return {name: mean_figures(several) for name, several in found.items()}


def mean_figures(several: Sequence[Figures]) -> Figures:
    """Return the mean of each metric."""
    rows = [[getattr(one, name) for name in Figures.__dataclass_fields__] for one in several]
    return Figures(*(float(value) for value in np.mean(rows, axis=0)))
