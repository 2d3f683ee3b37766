"""A network that is there already, judged as it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from musimo.emotion.network import build_network
from musimo.emotion.weights import Weights
from musimo.training.baselines import stack_statistics
from musimo.training.clips import grouped_folds
from musimo.training.evaluate import NETWORK, NOTHING, FoldPredictions, Split, baseline_predictions, splits_of
from musimo.training.flow import Made, OutOfFold, joined
from musimo.training.progress import Stage, Step, Work
from musimo.training.rated import Rated
from musimo.training.recipe import DistilRecipe, Recipe


@dataclass(frozen=True, slots=True)
class Given:
    """Weights, beside baselines on the folds of a recipe."""

    recipe: Recipe
    weights: Weights

    @property
    def words(self) -> str:
        """What is judged."""
        return (
            f"The weights {self.weights.model_id}, judged as they are; the other methods are fitted fold by "
            "fold. Nothing tells whether these clips were among those the weights were made of; if so, "
            "the figures say nothing of other music."
        )

    def out_of_fold(self, rated: Rated, seed: int, folder: Path) -> Work[OutOfFold]:
        """The network's answers, and the baselines' fold by fold; nothing is kept, for it takes seconds."""
        splits = _splits(rated, self.recipe, seed)
        yield Stage(f"judging, seed {seed}", len(splits), unit="fold")
        made = yield from self.make(rated)
        statistics, folds = stack_statistics(rated.features), []
        for number, split in enumerate(splits):
            asked = split.test
            predictions = baseline_predictions(statistics, rated.ratings, split.known, statistics[asked])
            predictions[NETWORK] = made.rate([rated.features[i] for i in asked])
            folds.append(FoldPredictions(number, 0, 0, rated.ratings[asked], predictions))
            yield Step()
        return joined(folds, [split.test for split in splits], len(rated.clips))

    def make(self, rated: Rated) -> Work[Made]:
        """The network, which is made."""
        yield from ()
        weights = self.weights
        return Made(build_network(weights), weights.means, weights.sds, weights.space)


def _splits(rated: Rated, recipe: Recipe, seed: int) -> list[Split]:
    if not isinstance(recipe, DistilRecipe):
        return splits_of(rated.groups, rated.ratings, recipe, seed)
    fold_of = grouped_folds(rated.groups, rated.ratings, recipe.n_folds, seed)
    return [
        Split(np.flatnonzero(fold_of != fold), NOTHING, np.flatnonzero(fold_of == fold))
        for fold in range(recipe.n_folds)
    ]
