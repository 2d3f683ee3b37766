"""How well ``similar`` finds its way: the figures, pure over what was heard of a collection.

Tracks ask for their like; the query is left out and no artist or album is capped. A label is the album
(without a tag: the folder at the top) or the credit; precision is counted among the nearest five, or as many
as there are, of at most twelve queries a label. Then the middle window of each track asks for the track,
which is left with its other windows. Hubs are told by how often the most frequent track stands among the
nearest ten of others, and by the participation ratio of the vectors, (Σλ)² / Σλ² over the eigenvalues of
their covariance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from musimo.emotion.space import N_AXES, SoundSpace, fit_space, unit
from musimo.records import FloatArray
from musimo.search.space import MIXTURES, ordinary
from musimo.training.markdown import number, table

Indices = NDArray[np.int64]
Transform = Callable[[FloatArray], FloatArray]

KINDS = ("fused", "statistics", "embedding")  # of numbers, as `fit_space` takes them
UNTAGGED = ""  # belongs to no group, and nobody asks for it

TIE_TOLERANCE = 1e-5  # scores nearer than this are of one sound: float32 tells them no further apart


@dataclass(frozen=True, slots=True)
class RetrievalConfig:
    """How retrieval is measured.

    Parameters
    ----------
    kind : ``retrieval``
    manifest : TSV with columns path, album, credit and package, in the music's folder, where it tells what
        tags do not; not needed
    seed : of queries, halves and the tracks that are encoded anew
    window_s : length of what is heard at once
    every_s : one window in so much of a track, spread evenly
    nearest, most_queries, hub_list : see the module
    n_axes : of each block, where blocks are fitted to half of the music
    n_splits : divisions into halves by package; each half is judged in the space of the other
    n_encoded : tracks that are looked for in another encoding
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
    """What was heard of it.

    Parameters
    ----------
    windows : for each track its windows, in order: kind of numbers -> (n_windows, d)
    albums, credits, packages : a label a track; `UNTAGGED` where there is none
    whole : numbers that are known of whole tracks only: kind -> (n_tracks, d)
    """

    windows: Sequence[Mapping[str, FloatArray]]
    albums: Sequence[str]
    credits: Sequence[str]
    packages: Sequence[str]
    whole: Mapping[str, FloatArray]

    def part(self, which: Indices) -> Collection:
        """Those of the given indices."""
        return Collection(
            [self.windows[i] for i in which],
            [self.albums[i] for i in which],
            [self.credits[i] for i in which],
            [self.packages[i] for i in which],
            {kind: values[which] for kind, values in self.whole.items()},
        )

    def rows(self, kind: str) -> FloatArray:
        """All windows' numbers of a kind [shape=(n_windows, d)]."""
        return np.concatenate([track[kind] for track in self.windows])


@dataclass(frozen=True, slots=True)
class Method:
    """A way to compare sounds: blocks of numbers, each turned, at unit length and weighted.

    Parameters
    ----------
    parts : kind of numbers, how it is turned, weight
    hubness_corrected : whether similarity counts from what is ordinary, as that of ``similar`` does
    """

    parts: Sequence[tuple[str, Transform, float]]
    hubness_corrected: bool = False

    def vectors(self, tracks: Sequence[Mapping[str, FloatArray]]) -> FloatArray:
        """Unit vectors of tracks [shape=(n, d)], each from the mean of its windows."""
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
    """Of one method on one collection; ``recall`` is NaN where no part of a track could ask."""

    album: float
    credit: float
    recall: float
    hub: float
    participation: float


@dataclass(frozen=True, slots=True)
class RetrievalTable:
    """All that was measured; the last of the events.

    Parameters
    ----------
    model : id of the weights
    n_tracks, n_windows : that were heard
    shipped : by method; the space is that of the weights, all else is fitted to this very music
    others : by method, in spaces fitted to one half of the music, on the other half
    encoded : by format, share of tracks found first from another encoding of them
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
        """The tables."""
        head = ("", "album P@5", "credit P@5", "recall@1", "largest hub", "participation")
        unmeasured = [[name, reason, *[""] * (len(head) - 2)] for name, reason in self.missing.items()]
        parts = [
            f"{self.n_tracks} tracks, {self.n_windows} windows, {self.model}",
            table(head, [_line(*row) for row in self.shipped.items()] + unmeasured),
            "Fitted to one half of the packages, asked in the other; mean over the halves:",
            table(head, [_line(*row) for row in self.others.items()]),
        ]
        if self.encoded:
            rows = [[name, number(share)] for name, share in self.encoded.items()]
            parts.append(table(("the same track as", "found first"), rows))
        return "\n\n".join(parts)


def _line(name: str, figures: Figures) -> list[str]:
    shares = [number(value) for value in (figures.album, figures.credit, figures.recall)]
    return [name, *shares, f"{figures.hub:.0f}", f"{figures.participation:.0f}"]


def space_methods(space: SoundSpace) -> dict[str, Method]:
    """What ``similar --by`` does in a space, and each of its blocks alone."""
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


def z_scored_methods(known: Collection) -> dict[str, Method]:
    """Each kind of numbers z-scored by a collection."""
    return {
        f"{kind}, z-scored": Method([(kind, z_score(known.rows(kind)), 1.0)]) for kind in known.windows[0]
    }


def z_score(rows: FloatArray) -> Transform:
    """Turns numbers by the mean and SD of ``rows``; what never varied becomes 0."""
    mean, sd = rows.mean(axis=0, dtype=np.float64), rows.std(axis=0, dtype=np.float64)
    scale = 1 / np.where(sd > 0, sd, np.inf)
    return lambda values: np.asarray((values - mean) * scale, np.float32)


def figures(method: Method, music: Collection, config: RetrievalConfig) -> Figures:
    """All figures of a method that can place windows."""
    vectors = method.vectors(music.windows)
    offsets = ordinary(vectors) if method.hubness_corrected else np.zeros(len(vectors), np.float32)
    scores = (vectors @ vectors.T - offsets) / (1 - offsets)  # a row asks
    return Figures(
        precision(scores, music.albums, config),
        precision(scores, music.credits, config),
        window_recall(method, music, vectors, offsets),
        largest_hub(scores, config.hub_list),
        participation_ratio(vectors),
    )


def distance_figures(vectors: FloatArray, music: Collection, config: RetrievalConfig) -> Figures:
    """Figures of vectors that are compared by Euclidean distance, and known of whole tracks only."""
    scores = -np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    return Figures(
        precision(scores, music.albums, config),
        precision(scores, music.credits, config),
        float("nan"),
        largest_hub(scores, config.hub_list),
        participation_ratio(vectors),
    )


def precision(scores: FloatArray, labels: Sequence[str], config: RetrievalConfig) -> float:
    """Mean share of the query's label among its nearest, of as many as there are; NaN without a query."""
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
    """Share of tracks that their middle window finds first, while they are left with the others."""
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
    """Share of tracks that another encoding of them finds first, be it beside a track of the same sound."""
    vectors = method.vectors(music.windows)
    offsets = ordinary(vectors)
    cosines = method.vectors(copies) @ vectors.T
    scores = (cosines - offsets) / (1 - offsets)
    own = scores[np.arange(len(copies)), list(which)]
    return float(np.mean(own >= scores.max(axis=1) - TIE_TOLERANCE))


def largest_hub(scores: FloatArray, n: int) -> float:
    """How often the most frequent track stands among the nearest ``n`` of others."""
    others = scores.copy()
    np.fill_diagonal(others, -np.inf)
    nearest = np.argsort(-others, axis=1, kind="stable")[:, : min(n, len(scores) - 1)]
    return float(np.bincount(nearest.ravel()).max())


def participation_ratio(vectors: FloatArray) -> float:
    """How many directions vectors really use: (Σλ)² / Σλ² of their covariance."""
    spread = np.linalg.svd(vectors - vectors.mean(axis=0), compute_uv=False) ** 2
    return float(spread.sum() ** 2 / np.sum(spread**2))


def split_halves(packages: Sequence[str], seed: int) -> tuple[Indices, Indices]:
    """Tracks in two halves of about equal size, no package in both."""
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
    """Each method fitted to one half and asked in the other, mean over both ways and all divisions."""
    found: dict[str, list[Figures]] = {}
    for split in range(config.n_splits):
        parts = [music.part(which) for which in split_halves(music.packages, config.seed + split)]
        if not all(part.windows for part in parts):
            continue
        for known, asked in (parts, parts[::-1]):
            fused, statistics, embedding = (known.rows(kind) for kind in KINDS)
            space = fit_space(fused, statistics, embedding, config.n_axes)
            methods = z_scored_methods(known) | space_methods(space)
            for name, method in methods.items():
                found.setdefault(name, []).append(figures(method, asked, config))
    return {name: mean_figures(several) for name, several in found.items()}


def mean_figures(several: Sequence[Figures]) -> Figures:
    """Their mean, figure by figure."""
    rows = [[getattr(one, name) for name in Figures.__dataclass_fields__] for one in several]
    return Figures(*(float(value) for value in np.mean(rows, axis=0)))
