"""Which configuration is meant, and what kind it is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from musimo.errors import SettingsError
from musimo.resources import resource
from musimo.training.config import TrainingConfig, load_table, read_toml
from musimo.training.corpus import CorpusConfig
from musimo.training.datasets.catalog import DatasetConfig
from musimo.training.distill import DistillConfig
from musimo.training.head_training import HeadsConfig


@dataclass(frozen=True, slots=True)
class DistilRecipe:
    """A network taught by another one on unlabelled music, then by ratings.

    Parameters
    ----------
    kind : ``distilled``
    version : of the weights it makes; part of their name
    training_data : what users of the weights must know of the data
    dataset : of the labelled clips
    cross : further data sets it is judged on, none of whose clips it meets
    seed : of folds and heads; further seeds of the figures count on from it
    n_folds, n_seeds : of the figures
    corpus, distill, heads : the three steps
    """

    version: str
    training_data: str
    dataset: DatasetConfig
    kind: Literal["distilled"] = "distilled"
    cross: tuple[DatasetConfig, ...] = ()
    seed: int = 0
    n_folds: int = 5
    n_seeds: int = 3
    corpus: CorpusConfig = field(default_factory=CorpusConfig)
    distill: DistillConfig = field(default_factory=DistillConfig)
    heads: HeadsConfig = field(default_factory=HeadsConfig)


Recipe = TrainingConfig | DistilRecipe


def find_config(name: str) -> Path:
    """The file of that path, or the configuration of that name that musimo ships.

    Raises
    ------
    SettingsError : there is neither
    """
    path = Path(name)
    if path.is_file():
        return path
    shipped = sorted(file.stem for file in resource("configs").glob("*.toml"))
    if name in shipped:
        return resource("configs") / f"{name}.toml"
    raise SettingsError(
        f"there is no configuration {name}",
        f"name a .toml file, or one of musimo's own: {', '.join(shipped)}",
    )


def kind_of(path: Path, kinds: Sequence[str]) -> str:
    """The ``kind`` of a configuration file.

    Raises
    ------
    SettingsError : none of these
    """
    kind = read_toml(path).get("kind")
    if kind not in kinds:
        what = f"{path}: kind is {kind!r}" if kind is not None else f"{path} names no kind"
        raise SettingsError(what, f"kinds are: {', '.join(kinds)}")
    return str(kind)


def load_recipe(path: Path) -> Recipe:
    """Read the configuration of a training.

    Raises
    ------
    SettingsError : no such file, no TOML, no such kind, an unknown or missing key, a value of another type,
        a network that cannot be trained so
    """
    recipe: Recipe
    if kind_of(path, ("supervised", "distilled")) == "supervised":
        recipe = load_table(TrainingConfig, path)
    else:
        recipe = load_table(DistilRecipe, path)
    network = recipe.network if isinstance(recipe, TrainingConfig) else recipe.distill.network
    if network.n_harmony:
        raise SettingsError(
            f"{path}: n_harmony is not for you to set", "the distilled kind adds harmony when it is finished"
        )
    return recipe
