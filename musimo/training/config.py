"""Training configurations: read a TOML file into a frozen dataclass; unknown keys are errors."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from musimo.emotion.mase_net import MaseNetConfig
from musimo.errors import SettingsError
from musimo.training.datasets.catalog import DatasetConfig
from musimo.training.losses import LossName

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


@dataclass(frozen=True, slots=True)
class AugmentConfig:
    """Augmentation (paper, section 4.B; the crop is an addition).

    Parameters
    ----------
    crop_frames : length of the random crop used in training; 0 uses the whole clip
    probability : of each of the three augmentations, per clip and epoch
    stretch : maximum relative change of tempo
    semitones : maximum transposition up or down, in semitones
    gain : lowest and highest factor of the amplitude
    """

    crop_frames: int = 0
    probability: float = 0.3
    stretch: float = 0.05
    semitones: int = 2
    gain: tuple[float, float] = (0.8, 1.2)


@dataclass(frozen=True, slots=True)
class OptimizerConfig:
    """Training loop (paper, sections 4.A and 4.B).

    Parameters
    ----------
    max_epochs : maximum number of epochs
    batch_size : clips per step; an incomplete last batch is skipped
    learning_rate : initial rate of Adam
    loss : ``mse_pearson``, the paper's, or ``ccc``, one minus the concordance correlation
    correlation_weight : lambda of the paper's loss
    l2 : coefficient on the kernels of dense layers and heads, as in Keras: ``l2 * w²`` is added to the loss
    patience : epochs without improvement of the validation loss before training stops
    plateau_patience, plateau_factor : the same before the learning rate is reduced, and by which factor
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
    """Recipe of a supervised network: everything that determines the result except the data.

    Parameters
    ----------
    kind : ``supervised``
    version : of the weights; part of their name
    training_data : statement on the training data for users of the weights
    recipe : description, with the differences from the paper
    dataset : for training and evaluation
    cross : further data sets for evaluation; none of their clips is used in training
    seed : of all random numbers; further seeds count up from it
    n_seeds : trainings that the figures are averaged over
    split : ``folds`` predicts each clip with a network not trained on its artist, and trains the final
        weights on all clips; ``holdout`` reserves clips, and evaluates the final weights on them
    n_folds : of the cross-validation
    inner_share : share of each training set reserved for early stopping; with ``holdout``, share of all clips
        in the validation set and in the test set
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
    SettingsError : the file is missing or not TOML, or has an unknown or missing key or a value of a wrong
        type
    """
    return _from_table(kind, read_toml(path), str(path))


def read_toml(path: Path) -> dict[str, object]:
    """Return the tables of a configuration file; raise as `load_table`."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read as a configuration: {error}") from error


def _from_table(kind: type[T], table: Mapping[str, object], where: str) -> T:
    """Build a dataclass from a TOML table; nested tables become nested dataclasses."""
    hints = get_type_hints(kind)
    names = [f.name for f in fields(kind)]
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


def _checked(hint: Any, value: object, where: str) -> object:
    """Return the value if it matches the annotation; lists become tuples, integers pass as floats."""
    if get_origin(hint) is UnionType:  # of a type and None, which TOML cannot write
        hint = get_args(hint)[0]
    origin, inner = get_origin(hint) or hint, get_args(hint)
    if is_dataclass(hint):
        if not isinstance(value, dict):
            raise SettingsError(f"{where} must be a table")
        return _from_table(hint, value, where)  # type: ignore[arg-type]  # a class, for it is an annotation
    if origin is tuple and isinstance(value, list):
        kinds = inner[:1] * len(value) if inner[-1] is Ellipsis else inner
        if len(kinds) == len(value):
            return tuple(_checked(kind, item, where) for kind, item in zip(kinds, value, strict=True))
    elif origin is Literal:
        if value in inner:
            return value
    elif origin is float and type(value) is int:
        return float(value)
    elif type(value) is origin:
        return value
    raise SettingsError(f"{where}: {value!r} is not of type {hint if inner else origin.__name__}")
