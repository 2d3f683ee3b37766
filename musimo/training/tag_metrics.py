"""How well tags are heard: AUC per tag against a teacher's tags, and against genre labels of a data set."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from musimo.training.binary_metrics import Labels, resampled_auc
from musimo.training.bootstrap import Interval, interval, resample_groups
from musimo.training.markdown import UNDEFINED, escape, table, with_interval
from musimo.training.metrics import Column, Matrix

N_RESAMPLES = 500  # of the bootstrap; there are some hundred labels
MIN_CLIPS = 5  # with and without a label; with fewer, its AUC says nothing
SHARE = 0.1  # of clips for which a teacher's tag counts as set, if no other is given

NETWORK, TEACHER = "network", "teacher"

# Genre label, as of `_plain` -> tags; a label with several tags is heard as any of them.
GENRE_TAGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "60s": ("60s",),
        "80s": ("80s",),
        "ambient": ("ambient",),
        "blues": ("blues",),
        "classical": ("classical",),
        "country": ("country",),
        "dance": ("dance",),
        "easy listening": ("easy listening",),
        "electronic": ("electronic",),
        "folk": ("folk",),
        "funk": ("funk",),
        "hip hop": ("hip hop",),
        "jazz": ("jazz",),
        "metal": ("metal",),
        "new age": ("new age", "ambient"),
        "pop": ("pop",),
        "pop rock": ("pop", "rock"),
        "r b": ("rnb", "soul"),
        "rap": ("hip hop",),
        "rock": ("rock",),
        "vocal": ("oldies", "easy listening"),
    }
)


@dataclass(frozen=True, slots=True)
class TagScores:
    """Scores of tags; only their order over clips is evaluated.

    Parameters
    ----------
    tags : names
    scores : [shape=(n, n_tags)]
    """

    tags: tuple[str, ...]
    scores: NDArray[np.floating]

    def __post_init__(self) -> None:
        if self.scores.ndim != 2 or self.scores.shape[1] != len(self.tags):
            raise ValueError(f"scores of shape {self.scores.shape} for {len(self.tags)} tags")

    def of(self, tag: str) -> Column:
        """Return the scores of a tag [shape=(n,)]."""
        return np.asarray(self.scores[:, self.tags.index(tag)], dtype=np.float64)

    def highest(self, tags: Sequence[str]) -> Column:
        """Return the highest of the scores of several tags, each as its rank over the clips [shape=(n,)].

        Ranks make tags comparable whose scores differ in scale.
        """
        return np.asarray(np.max([_percentiles(self.of(tag)) for tag in tags], axis=0))


@dataclass(frozen=True, slots=True)
class TagRow:
    """Figures of one label.

    Parameters
    ----------
    label : name
    tags : that it is heard as
    n_positive : clips with the label
    aucs : by method
    """

    label: str
    tags: tuple[str, ...]
    n_positive: int
    aucs: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class TagTable:
    """AUC of every label, with 95 % intervals over artists.

    Parameters
    ----------
    title : which labels, of which clips
    n_clips : their number
    rows : labels that can be evaluated
    macro : mean over them, by method
    left_out : labels that cannot: no method has the tag, or too few clips have or lack it
    """

    title: str
    n_clips: int
    rows: tuple[TagRow, ...]
    macro: Mapping[str, Interval]
    left_out: tuple[str, ...] = ()


def set_tags(teacher: TagScores, share: float | Mapping[str, float] = SHARE) -> dict[str, Labels]:
    """Return for which clips a teacher sets each tag: those with the highest scores.

    Parameters
    ----------
    teacher : its scores
    share : of the clips that receive a tag, 0..1, for all tags or by tag; equal scores receive it together
    """
    labels = {}
    for tag in teacher.tags:
        scores, of_tag = teacher.of(tag), share.get(tag, SHARE) if isinstance(share, Mapping) else share
        n_set = round(of_tag * len(scores))
        lowest = np.sort(scores)[::-1][n_set - 1] if n_set else np.inf
        labels[tag] = scores >= lowest
    return labels


def against_teacher(
    heard: TagScores,
    teacher: TagScores,
    groups: Sequence[str],
    title: str,
    share: float | Mapping[str, float] = SHARE,
    seed: int = 0,
) -> TagTable:
    """Compare scores with the tags that a teacher sets, see `set_tags`.

    Parameters
    ----------
    heard, teacher : scores of the same clips; tags that only one of them has are left out
    groups : of the clips
    title, share : as in `TagTable` and `set_tags`
    seed : of the bootstrap
    """
    return _compare(
        title,
        {tag: ((tag,), labels) for tag, labels in set_tags(teacher, share).items()},
        {NETWORK: heard},
        groups,
        seed,
    )


def against_genres(
    methods: Mapping[str, TagScores],
    genres: Sequence[Sequence[str]],
    groups: Sequence[str],
    title: str,
    seed: int = 0,
) -> TagTable:
    """Compare scores of several methods with the genre labels of clips, by `GENRE_TAGS`.

    Parameters
    ----------
    methods : scores of the same clips, such as those of `NETWORK` and `TEACHER`; of the tags of a label,
        those are used that all methods have
    genres : labels of each clip
    groups, title, seed : as in `against_teacher`
    """
    plain = [{_plain(genre) for genre in each} for each in genres]
    names = {_plain(genre): genre for each in reversed(genres) for genre in each}
    labels = {
        names[label]: (GENRE_TAGS.get(label, ()), np.array([label in each for each in plain]))
        for label in sorted(names)
    }
    return _compare(title, labels, methods, groups, seed)


def tag_section(tables: Sequence[TagTable]) -> str:
    """Return one Markdown table per `TagTable`, with a heading, and the labels that were left out."""
    return "\n\n".join([*map(_markdown, tables), _LEGEND])


def _compare(
    title: str,
    labels: Mapping[str, tuple[Sequence[str], Labels]],
    methods: Mapping[str, TagScores],
    groups: Sequence[str],
    seed: int,
) -> TagTable:
    """Compute the figures of each label: name -> (tags that it is heard as, which clips have it)."""
    weights = np.vstack([np.ones(len(groups)), resample_groups(groups, N_RESAMPLES, seed)])
    known = set.intersection(*(set(each.tags) for each in methods.values()))
    rows, left_out = [], []
    draws: dict[str, list[Column]] = {method: [] for method in methods}
    for label, (wanted, positive) in labels.items():
        tags = tuple(tag for tag in wanted if tag in known)
        n_positive = int(positive.sum())
        if not tags or min(n_positive, len(positive) - n_positive) < MIN_CLIPS:
            left_out.append(label)
            continue
        aucs = {}
        for method, scores in methods.items():
            values = resampled_auc(weights, positive, scores.highest(tags))
            draws[method].append(values)
            aucs[method] = interval(float(values[0]), values[1:])
        rows.append(TagRow(label, tags, n_positive, aucs))
    macro = {method: _macro_mean(each) for method, each in draws.items() if each}
    return TagTable(title, len(groups), tuple(rows), macro, tuple(left_out))


def _macro_mean(draws: Sequence[Column]) -> Interval:
    """Return the mean over labels; in a resample without any clip of a label, over the other labels."""
    stacked: Matrix = np.stack(draws)
    known = np.isfinite(stacked)
    n_known = known.sum(axis=0)
    means = np.where(known, stacked, 0.0).sum(axis=0) / np.where(n_known > 0, n_known, np.nan)
    return interval(float(means[0]), means[1:])


def _markdown(found: TagTable) -> str:
    methods = list(found.macro)
    rows = [
        [
            escape(row.label),
            *(with_interval(row.aucs[method]) for method in methods),
            str(row.n_positive),
            escape(", ".join(row.tags)),
        ]
        for row in found.rows
    ]
    if found.rows:
        mean = [with_interval(found.macro[method]) for method in methods]
        rows.append(["**macro mean**", *mean, UNDEFINED, UNDEFINED])
    head = ["label", *(f"AUC, {escape(method)}" for method in methods), "clips", "tags"]
    parts = [f"### {escape(found.title)}", f"{found.n_clips} clips.\n\n{table(head, rows)}"]
    if found.left_out:
        parts.append(f"Not evaluated: {escape(', '.join(found.left_out))}.")
    return "\n\n".join(parts)


def _percentiles(scores: Column) -> Column:
    """Return ranks, 0..1; equal scores share their mean rank."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    return ((np.cumsum(counts) - counts / 2) / len(scores))[inverse]


def _plain(label: str) -> str:
    """Return a label in lower case, with blanks for punctuation."""
    return " ".join(re.findall(r"\w+", label.casefold()))


_LEGEND = (
    "AUC: share of pairs of a clip with and one without the label in which the former has the higher score, "
    ".5 by chance; 95 % intervals by cluster bootstrap over artists. A label with several tags has the "
    "highest of their ranks. Not evaluated: labels without a tag, or with fewer than "
    f"{MIN_CLIPS} clips on one side."
)
