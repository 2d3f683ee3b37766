"""Configuration of the shipped weights: everything that decides what `scripts/distil.py` makes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from musimo.training.config import load_table
from musimo.training.corpus import CorpusConfig
from musimo.training.distill import DistillConfig
from musimo.training.heads import HeadsConfig


@dataclass(frozen=True, slots=True)
class DistilRecipe:
    """All of it.

    Parameters
    ----------
    dataset : of the labelled clips, name of a module of ``musimo.training.datasets``
    version : of the weights it makes; part of their name
    training_data : what users of the weights must know of the data
    seed : of folds and heads; further seeds of the figures count on from it
    n_folds, n_seeds : of the figures
    corpus, distill, heads : the three steps
    """

    dataset: str
    version: str
    training_data: str
    seed: int = 0
    n_folds: int = 5
    n_seeds: int = 3
    corpus: CorpusConfig = field(default_factory=CorpusConfig)
    distill: DistillConfig = field(default_factory=DistillConfig)
    heads: HeadsConfig = field(default_factory=HeadsConfig)


def load_recipe(path: Path) -> DistilRecipe:
    """Read a configuration file.

    Raises
    ------
    SettingsError : no such file, no TOML, an unknown or missing key, a value of another type
    """
    return load_table(DistilRecipe, path)
