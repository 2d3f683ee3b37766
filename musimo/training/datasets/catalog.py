"""Catalog of the labeled data sets: names, options and loaders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from musimo.errors import UsageError
from musimo.training.clips import LabeledClip
from musimo.training.datasets import deam, emomusic, musifeast17, panda4q, pmemo, soundtracks, vgmidi
from musimo.training.datasets.loading import OnNotice


@dataclass(frozen=True, slots=True)
class DatasetConfig:
    """The table ``[dataset]`` of a configuration.

    Parameters
    ----------
    name : one of `DATASETS`
    labels : of deam: ``shipped`` keeps valence and arousal swapped for its songs of 2013
    part : of soundtracks: ``set1`` (the default), ``set1-raw`` or ``set2``
    soundfonts : of vgmidi: SF2 or SF3 files, each of which renders every piece; none = the system's
    """

    name: str
    labels: Literal["corrected", "shipped"] = "corrected"
    part: str = ""
    soundfonts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Dataset:
    """A loader, and the options of `DatasetConfig` that it accepts."""

    load: Callable[[DatasetConfig, Path, Path, OnNotice], list[LabeledClip]]
    options: tuple[str, ...] = ()


_LOADERS = {
    "deam": _Dataset(lambda c, folder, _, notify: deam.load(folder, notify, c.labels), ("labels",)),
    "emomusic": _Dataset(lambda _c, folder, _, notify: emomusic.load(folder, notify)),
    "musifeast17": _Dataset(lambda _c, folder, _, _notify: musifeast17.load(folder)),
    "panda4q": _Dataset(lambda _c, folder, _, _notify: panda4q.load(folder)),
    "pmemo": _Dataset(lambda _c, folder, _, notify: pmemo.load(folder, notify)),
    "soundtracks": _Dataset(
        lambda c, folder, _, notify: soundtracks.load(folder, notify, c.part or "set1"), ("part",)
    ),
    "vgmidi": _Dataset(
        lambda c, folder, cache, notify: vgmidi.load(folder, cache, notify, c.soundfonts), ("soundfonts",)
    ),
}

DATASETS = tuple(_LOADERS)
"""Names of the data sets, which are also the names of their folders."""


def load_dataset(config: DatasetConfig, root: Path, cache: Path, on_notice: OnNotice) -> list[LabeledClip]:
    """Load the labeled clips of a data set.

    Parameters
    ----------
    config : which data set, and its options
    root : folder that contains one folder per data set, by name
    cache : folder for files that a loader creates, in a folder named after the data set (vgmidi: renderings)
    on_notice : called with warnings for the user

    Raises
    ------
    UsageError : there is no such data set, it does not have an option, or its files are missing or invalid
    """
    dataset = _LOADERS.get(config.name)
    if dataset is None:
        raise UsageError(f"there is no data set {config.name!r}", f"data sets: {', '.join(DATASETS)}")
    for option in fields(config)[1:]:
        if getattr(config, option.name) != option.default and option.name not in dataset.options:
            raise UsageError(
                f"the data set {config.name} has no option {option.name!r}",
                f"its options: {', '.join(dataset.options)}" if dataset.options else "it has no options",
            )
    return dataset.load(config, root / config.name, cache / config.name, on_notice)
