"""Rated clips as a training meets them: loaded, heard, their features kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from musimo.records import FloatArray
from musimo.training.baselines import Matrix
from musimo.training.clips import LabelledClip, cached_features, ratings_of
from musimo.training.datasets.catalog import DatasetConfig, load_dataset
from musimo.training.place import Place
from musimo.training.processes import side_by_side
from musimo.training.progress import Note, Stage, Step, Work
from musimo.training.train import LabelledFeatures

SWAPPED = "deam"  # whose official ratings of the first thousand songs are exchanged


@dataclass(frozen=True, slots=True)
class Rated:
    """A data set.

    Parameters
    ----------
    dataset : which one, and which of its ratings
    clips : with their features, (n_frames, 193) each, not normalised
    ratings : (n, 2), 1-9 scale
    """

    dataset: DatasetConfig
    clips: Sequence[LabelledClip]
    features: Sequence[FloatArray]
    ratings: Matrix

    @property
    def groups(self) -> list[str]:
        """What must not be torn apart, of each clip."""
        return [clip.group for clip in self.clips]

    @property
    def data(self) -> LabelledFeatures:
        """What a training is given."""
        return LabelledFeatures(self.features, self.ratings)

    @property
    def label_set(self) -> str:
        """Which of several ratings of the same clips these are; empty where there is one."""
        return self.dataset.labels if self.dataset.name == SWAPPED else ""

    @property
    def name(self) -> str:
        """Of folders and files that are about it."""
        return "-".join(filter(None, (self.clip_set, self.label_set)))

    @property
    def clip_set(self) -> str:
        """Of files that are about its sound alone."""
        return "-".join(filter(None, (self.dataset.name, self.dataset.part)))


def load_rated(dataset: DatasetConfig, place: Place) -> Work[Rated]:
    """Load a data set, and compute what features are missing.

    Raises
    ------
    UsageError : the data set is not there
    AudioError : a clip cannot be heard
    """
    notes: list[str] = []
    clips = load_dataset(dataset, place.data, place.out / "sounds", notes.append)
    yield from map(Note, notes)
    cache = place.out / "features" / dataset.name
    features = yield from features_of(clips, cache, place.n_processes)
    return Rated(dataset, clips, features, ratings_of(clips))


def other_labels(rated: Rated, place: Place) -> Rated | None:
    """The same clips by their other ratings, where there are two."""
    if not rated.label_set:
        return None
    dataset = replace(rated.dataset, labels="shipped" if rated.label_set == "corrected" else "corrected")
    clips = load_dataset(dataset, place.data, place.out / "sounds", lambda _: None)
    return replace(rated, dataset=dataset, clips=clips, ratings=ratings_of(clips))


def features_of(clips: Sequence[LabelledClip], cache: Path, n_processes: int) -> Work[list[FloatArray]]:
    """Features of whole clips, computed once, by several processes."""
    ready = cache / "ready.txt"  # names the clips that an earlier run has finished with
    names = "\n".join(clip.name for clip in clips)
    if not ready.is_file() or ready.read_text(encoding="utf-8") != names:
        yield Stage("hearing clips", len(clips), unit="clip")
        shares = [(clips[share::n_processes], cache) for share in range(min(n_processes, len(clips)))]
        for _ in side_by_side(_hear, shares):
            yield Step()
        ready.write_text(names, encoding="utf-8")
    return cached_features(clips, cache)


def _hear(clips: Sequence[LabelledClip], cache: Path) -> Iterator[str]:
    for clip in clips:
        cached_features([clip], cache)
        yield clip.name
