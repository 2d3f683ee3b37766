"""Recipes: find a configuration file and read it as the recipe of its kind."""

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
from musimo.training.tag_training import TagConfig


@dataclass(frozen=True, slots=True)
class DistilRecipe:
    """Recipe of a network distilled from a teacher on unlabeled music and fine-tuned on ratings.

    Parameters
    ----------
    kind : ``distilled``
    version : of the weights; part of their name
    training_data : statement on the training data for users of the weights
    dataset : of rated clips
    quadrants : data set whose clips have quadrants; its labels are combined with the ratings
    cross : further data sets for evaluation; none of their clips is used in training
    seed : of folds and heads; further seeds of the figures count up from it
    n_folds, n_seeds : of the figures
    corpus, distill, heads, tags : of the steps
    """

    version: str
    training_data: str
    dataset: DatasetConfig
    kind: Literal["distilled"] = "distilled"
    quadrants: DatasetConfig | None = None
    cross: tuple[DatasetConfig, ...] = ()
    seed: int = 0
    n_folds: int = 5
    n_seeds: int = 3
    corpus: CorpusConfig = field(default_factory=CorpusConfig)
    distill: DistillConfig = field(default_factory=DistillConfig)
    heads: HeadsConfig = field(default_factory=HeadsConfig)
    tags: TagConfig = field(default_factory=TagConfig)


Recipe = TrainingConfig | DistilRecipe


def find_config(name: str) -> Path:
    """Return the file of that path, or the built-in configuration of that name.

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
        f"name a .toml file, or a built-in configuration: {', '.join(shipped)}",
    )


def kind_of(path: Path, kinds: Sequence[str]) -> str:
    """Return the ``kind`` of a configuration file.

    Raises
    ------
    SettingsError : it is none of ``kinds``
    """
    kind = read_toml(path).get("kind")
    if kind not in kinds:
        what = f"{path}: kind is {kind!r}" if kind is not None else f"{path} has no kind"
        raise SettingsError(what, f"kinds: {', '.join(kinds)}")
    return str(kind)


def load_recipe(path: Path) -> Recipe:
    """Read the configuration of a training.

    Raises
    ------
    SettingsError : the file is missing or not TOML, or has no such kind, an unknown or missing key, a value
        of a wrong type, or harmony inputs
    """
    recipe: Recipe
    if kind_of(path, ("supervised", "distilled")) == "supervised":
        recipe = load_table(TrainingConfig, path)
    else:
        recipe = load_table(DistilRecipe, path)
    network = recipe.network if isinstance(recipe, TrainingConfig) else recipe.distill.network
    if network.n_harmony:
        raise SettingsError(
            f"{path}: n_harmony cannot be set", "the distilled kind adds harmony inputs in fine-tuning"
        )
    return recipe
