"""Rated clips as a training meets them: loaded, heard, their features kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from musimo.records import FloatArray
from musimo.training.baselines import Matrix
from musimo.training.clips import LabeledClip, cached_features, ratings_of
from musimo.training.datasets.catalog import DatasetConfig, load_dataset
from musimo.training.processes import run_in_processes
from musimo.training.progress import Note, Stage, Step, Work
from musimo.training.training_loop import LabeledFeatures
from musimo.training.workspace import Workspace

TWO_LABEL_SETS = "deam"  # whose official ratings of the first thousand songs are exchanged


@dataclass(frozen=True, slots=True)
class RatedDataset:
    """A data set.

    Parameters
    ----------
    dataset : which one, and which of its ratings
    clips : with their features, (n_frames, 193) each, not normalised
    ratings : (n, 2), 1-9 scale
    """

    dataset: DatasetConfig
    clips: Sequence[LabeledClip]
    features: Sequence[FloatArray]
    ratings: Matrix

    @property
    def groups(self) -> list[str]:
        """What must not be torn apart, of each clip."""
        return [clip.group for clip in self.clips]

    @property
    def data(self) -> LabeledFeatures:
        """What a training is given."""
        return LabeledFeatures(self.features, self.ratings)

    @property
    def label_set(self) -> str:
        """Which of several ratings of the same clips these are; empty where there is one."""
        return self.dataset.labels if self.dataset.name == TWO_LABEL_SETS else ""

    @property
    def name(self) -> str:
        """Of folders and files that are about it."""
        return "-".join(filter(None, (self.clip_set, self.label_set)))

    @property
    def clip_set(self) -> str:
        """Of files that are about its sound alone."""
        return "-".join(filter(None, (self.dataset.name, self.dataset.part)))


def load_rated_dataset(dataset: DatasetConfig, workspace: Workspace) -> Work[RatedDataset]:
    """Load a data set, and compute what features are missing.

    Raises
    ------
    UsageError : the data set is not there
    AudioError : a clip cannot be heard
    """
    notes: list[str] = []
    clips = load_dataset(dataset, workspace.data, workspace.out / "sounds", notes.append)
    yield from map(Note, notes)
    cache = workspace.out / "features" / dataset.name
    features = yield from dataset_features(clips, cache, workspace.n_processes)
    return RatedDataset(dataset, clips, features, ratings_of(clips))


def with_other_labels(rated: RatedDataset, workspace: Workspace) -> RatedDataset | None:
    """The same clips by their other ratings, where there are two."""
    if not rated.label_set:
        return None
    dataset = replace(rated.dataset, labels="shipped" if rated.label_set == "corrected" else "corrected")
    clips = load_dataset(dataset, workspace.data, workspace.out / "sounds", lambda _: None)
    return replace(rated, dataset=dataset, clips=clips, ratings=ratings_of(clips))


def dataset_features(clips: Sequence[LabeledClip], cache: Path, n_processes: int) -> Work[list[FloatArray]]:
    """Features of whole clips, computed once, by several processes."""
    ready = cache / "ready.txt"  # names the clips that an earlier run has finished with
    names = "\n".join(clip.name for clip in clips)
    if not ready.is_file() or ready.read_text(encoding="utf-8") != names:
        yield Stage("hearing clips", len(clips), unit="clip")
        shares = [(clips[share::n_processes], cache) for share in range(min(n_processes, len(clips)))]
        for _ in run_in_processes(_extract, shares):
            yield Step()
        ready.write_text(names, encoding="utf-8")
    return cached_features(clips, cache)


def _extract(clips: Sequence[LabeledClip], cache: Path) -> Iterator[str]:
    for clip in clips:
        cached_features([clip], cache)
        yield clip.name
