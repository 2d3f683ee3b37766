"""Training configurations: a TOML file into one frozen object; a key nobody reads is an error."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from musimo.emotion.mase_net import MaseNetConfig
from musimo.errors import SettingsError
from musimo.training.datasets.catalog import DatasetConfig
from musimo.training.losses import LossName

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AugmentConfig:
    """Augmentation (paper, section 4.B; the crop is ours).

    Parameters
    ----------
    crop_frames : length of the random stretch that training takes of a clip; 0 takes it whole
    probability : of each of the three, for each clip and epoch
    stretch : most by which a clip gets faster or slower, as a share
    semitones : most by which it is transposed, up or down, in whole semitones
    gain : lowest and highest factor of its amplitude
    """

    crop_frames: int = 0
    probability: float = 0.3
    stretch: float = 0.05
    semitones: int = 2
    gain: tuple[float, float] = (0.8, 1.2)


@dataclass(frozen=True, slots=True)
class OptimizerConfig:
    """The training loop (paper, sections 4.A and 4.B).

    Parameters
    ----------
    max_epochs : where training ends that is not stopped early
    batch_size : clips a step; a last batch that is not full rests for the epoch
    learning_rate : of Adam, at the start
    loss : ``mse_pearson``, the paper's, or ``ccc``, one minus the concordance correlation
    correlation_weight : lambda of the paper's loss
    l2 : coefficient on the kernels of dense layers and heads, as Keras counts it: ``l2 * w²`` joins the loss
    patience : epochs without a better validation loss before training stops
    plateau_patience, plateau_factor : the same before the learning rate falls, and what it is multiplied by
    """

    max_epochs: int = 80
    batch_size: int = 32
    learning_rate: float = 1e-3
    loss: LossName = "mse_pearson"
    correlation_weight: float = 0.2
    l2: float = 1e-4
    patience: int = 15
    plateau_patience: int = 5
    plateau_factor: float = 0.5


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """A network taught by ratings alone: everything that decides what comes of it, beside the data.

    Parameters
    ----------
    kind : ``supervised``
    version : of the weights it makes; part of their name
    training_data : what users of the weights must know of the data
    recipe : where this training departs from the paper's, in words
    dataset : that it learns from, and is judged on
    cross : further data sets it is judged on, none of whose clips it meets
    seed : of every choice left to chance; further seeds count on from it
    n_seeds : trainings that figures are of
    split : ``folds`` judges every clip by a network that has not met its artist, and trains the weights it
        makes on all of them; ``holdout`` keeps clips apart for good, by which those very weights are judged
    n_folds : of the cross-validation
    inner_share : of each training set, kept apart to choose the epoch; under ``holdout``, share of all clips
        in each of the two sets kept apart
    """

    version: str
    training_data: str
    dataset: DatasetConfig
    kind: Literal["supervised"] = "supervised"
    recipe: str = ""
    cross: tuple[DatasetConfig, ...] = ()
    seed: int = 0
    n_seeds: int = 1
    split: Literal["folds", "holdout"] = "folds"
    n_folds: int = 5
    inner_share: float = 0.15
    network: MaseNetConfig = field(default_factory=MaseNetConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)


def load_table(kind: type[T], path: Path) -> T:
    """Read a configuration file into a dataclass.

    Raises
    ------
    SettingsError : no such file, no TOML, an unknown or missing key, a value of another type
    """
    return _from_table(kind, read_toml(path), str(path))


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a configuration file; errors as of `load_table`."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read as a configuration: {error}") from error


def _from_table(kind: type[T], table: Mapping[str, Any], where: str) -> T:
    """A dataclass from a TOML table; tables within become dataclasses within."""
    hints = get_type_hints(kind)
    names = [f.name for f in fields(kind)]  # type: ignore[arg-type]  # only dataclasses come here
    unknown = sorted(set(table) - set(names))
    if unknown:
        raise SettingsError(f"{where}: unknown key {', '.join(unknown)}", f"known keys: {', '.join(names)}")
    values = {}
    for name, value in table.items():
        values[name] = _checked(hints[name], value, f"{where}: {name}")
    try:
        return kind(**values)
    except TypeError as error:
        raise SettingsError(f"{where}: {error}") from error


def _checked(hint: Any, value: Any, place: str) -> Any:
    """The value, if it is of the annotated type; lists become tuples, whole numbers pass as floats."""
    origin, inner = get_origin(hint) or hint, get_args(hint)
    if is_dataclass(hint):
        if not isinstance(value, dict):
            raise SettingsError(f"{place} must be a table")
        return _from_table(hint, value, place)  # type: ignore[arg-type]  # a class, for it is an annotation
    if origin is tuple and isinstance(value, list):
        kinds = inner[:1] * len(value) if inner[-1] is Ellipsis else inner
        if len(kinds) == len(value):
            return tuple(_checked(kind, item, place) for kind, item in zip(kinds, value, strict=True))
    elif origin is Literal:
        if value in inner:
            return value
    elif origin is float and type(value) is int:
        return float(value)
    elif type(value) is origin:
        return value
    raise SettingsError(f"{place}: {value!r} is not of the kind {hint if inner else origin.__name__}")
