"""The labelled data sets there are, and how a configuration names one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from musimo.errors import UsageError
from musimo.training.clips import LabeledClip
from musimo.training.datasets import deam, emomusic, musifeast17, pmemo, soundtracks, vgmidi
from musimo.training.datasets.loading import OnNotice


@dataclass(frozen=True, slots=True)
class DatasetConfig:
    """The table ``[dataset]`` of a configuration.

    Parameters
    ----------
    name : one of `DATASETS`
    labels : of deam: ``shipped`` leaves valence and arousal of its songs of 2013 exchanged
    part : of soundtracks: ``set1`` (where nothing is said), ``set1-raw`` or ``set2``
    soundfonts : of vgmidi: SF2 or SF3 files, each of which renders every piece; none = the system's
    """

    name: str
    labels: Literal["corrected", "shipped"] = "corrected"
    part: str = ""
    soundfonts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Dataset:
    """A loader, and the options beside its name that it knows."""

    load: Callable[[DatasetConfig, Path, Path, OnNotice], list[LabeledClip]]
    options: tuple[str, ...] = ()


_LOADERS = {
    "deam": _Dataset(lambda c, folder, _, tell: deam.load(folder, tell, c.labels), ("labels",)),
    "emomusic": _Dataset(lambda _c, folder, _, tell: emomusic.load(folder, tell)),
    "musifeast17": _Dataset(lambda _c, folder, _, _tell: musifeast17.load(folder)),
    "pmemo": _Dataset(lambda _c, folder, _, tell: pmemo.load(folder, tell)),
    "soundtracks": _Dataset(
        lambda c, folder, _, tell: soundtracks.load(folder, tell, c.part or "set1"), ("part",)
    ),
    "vgmidi": _Dataset(
        lambda c, folder, cache, tell: vgmidi.load(folder, cache, tell, c.soundfonts), ("soundfonts",)
    ),
}

DATASETS = tuple(_LOADERS)
"""Names of the data sets, which are also the names of their folders."""


def load_dataset(config: DatasetConfig, root: Path, cache: Path, on_notice: OnNotice) -> list[LabeledClip]:
    """Labelled clips of a data set.

    Parameters
    ----------
    config : which, and its options
    root : folder that holds a folder for each data set, by name
    cache : folder for what a loader makes, in a folder by the name of the data set; only vgmidi makes sounds
    on_notice : takes sentences that the user should read and that stop nothing

    Raises
    ------
    UsageError : no such data set, an option it does not know, or its files are not as its loader needs them
    """
    dataset = _LOADERS.get(config.name)
    if dataset is None:
        raise UsageError(f"no data set {config.name!r}", f"data sets: {', '.join(DATASETS)}")
    for option in fields(config)[1:]:
        if getattr(config, option.name) != option.default and option.name not in dataset.options:
            raise UsageError(
                f"the data set {config.name} has no option {option.name!r}",
                f"its options: {', '.join(dataset.options)}" if dataset.options else "it has no options",
            )
    return dataset.load(config, root / config.name, cache / config.name, on_notice)
