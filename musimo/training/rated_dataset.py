"""A data set of rated clips with their features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from musimo.records import FloatArray
from musimo.training.clips import LabeledClip, cached_features, ratings_of
from musimo.training.datasets.catalog import DatasetConfig, load_dataset
from musimo.training.groups import shared_groups
from musimo.training.metrics import Matrix
from musimo.training.processes import run_in_processes
from musimo.training.progress import Note, Stage, Step, Work
from musimo.training.training_loop import LabeledFeatures
from musimo.training.workspace import Workspace

TWO_LABEL_SETS = "deam"  # its official ratings of the first thousand songs have both dimensions swapped


@dataclass(frozen=True, slots=True)
class RatedDataset:
    """Clips, features and ratings of a data set.

    Parameters
    ----------
    dataset : configuration
    clips : with their features
    features : (n_frames, 193) each, not normalized
    ratings : on the 1-9 scale [shape=(n, 2)]
    without : name of a data set whose artists were left out
    """

    dataset: DatasetConfig
    clips: Sequence[LabeledClip]
    features: Sequence[FloatArray]
    ratings: Matrix
    without: str = ""

    @property
    def groups(self) -> list[str]:
        """Return the group of each clip; a split must not separate a group."""
        return [clip.group for clip in self.clips]

    @property
    def data(self) -> LabeledFeatures:
        """Return features and ratings."""
        return LabeledFeatures(self.features, self.ratings)

    @property
    def label_set(self) -> str:
        """Return which ratings of the clips these are; empty if there is one set only."""
        return self.dataset.labels if self.dataset.name == TWO_LABEL_SETS else ""

    @property
    def name(self) -> str:
        """Return the name for folders and files of results."""
        return "-".join(filter(None, (self.clip_set, self.label_set)))

    @property
    def clip_set(self) -> str:
        """Return the name for files that depend on the audio only."""
        without = f"without-{self.without}" if self.without else ""
        return "-".join(filter(None, (self.dataset.name, self.dataset.part, without)))

    def without_artists_of(self, other: RatedDataset) -> RatedDataset:
        """Return the clips of artists that are not in another data set; this one if there are no others."""
        shared = shared_groups(self.groups, other.groups)
        if not shared:
            return self
        kept = [number for number, group in enumerate(self.groups) if group not in shared]
        return RatedDataset(
            self.dataset,
            [self.clips[i] for i in kept],
            [self.features[i] for i in kept],
            self.ratings[kept],
            other.name,
        )


def load_rated_dataset(dataset: DatasetConfig, workspace: Workspace) -> Work[RatedDataset]:
    """Load a data set; compute missing features.

    Raises
    ------
    UsageError : the data set is missing or invalid
    AudioError : a clip cannot be decoded
    """
    notes: list[str] = []
    clips = load_dataset(dataset, workspace.data, workspace.out / "sounds", notes.append)
    yield from map(Note, notes)
    cache = workspace.out / "features" / dataset.name
    features = yield from dataset_features(clips, cache, workspace.n_processes)
    return RatedDataset(dataset, clips, features, ratings_of(clips))


def with_other_labels(rated: RatedDataset, workspace: Workspace) -> RatedDataset | None:
    """Return the same clips with their other set of ratings, or None if there is one set only."""
    if not rated.label_set:
        return None
    dataset = replace(rated.dataset, labels="shipped" if rated.label_set == "corrected" else "corrected")
    clips = load_dataset(dataset, workspace.data, workspace.out / "sounds", lambda _: None)
    return replace(rated, dataset=dataset, clips=clips, ratings=ratings_of(clips))


def dataset_features(clips: Sequence[LabeledClip], cache: Path, n_processes: int) -> Work[list[FloatArray]]:
    """Return the features of clips; compute missing ones in several processes."""
    ready = cache / "ready.txt"  # names of the clips of a completed run
    names = "\n".join(clip.name for clip in clips)
    if not ready.is_file() or ready.read_text(encoding="utf-8") != names:
        yield Stage("computing features of clips", len(clips), unit="clip")
        shares = [(clips[share::n_processes], cache) for share in range(min(n_processes, len(clips)))]
        for _ in run_in_processes(_extract, shares):
            yield Step()
        ready.write_text(names, encoding="utf-8")
    return cached_features(clips, cache)


def _extract(clips: Sequence[LabeledClip], cache: Path) -> Iterator[str]:
    for clip in clips:
        cached_features([clip], cache)
        yield clip.name
