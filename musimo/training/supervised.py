"""The supervised kind: a network taught by ratings alone, from scratch, as in the paper."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from musimo.training.baselines import stack_statistics
from musimo.training.config import TrainingConfig
from musimo.training.devices import threads
from musimo.training.evaluate import cross_validate, followed, inner_split, part_name, splits_of
from musimo.training.flow import Made, OutOfFold, fold_folder, joined, space_of
from musimo.training.heads import fused
from musimo.training.log import curves_of, read_log
from musimo.training.place import Place
from musimo.training.progress import Work
from musimo.training.rated import Rated
from musimo.training.train import Training


@dataclass(frozen=True, slots=True)
class Supervised:
    """A recipe at a place."""

    recipe: TrainingConfig
    place: Place

    @property
    def words(self) -> str:
        """How the network is made."""
        return " ".join(self.recipe.recipe.split()) or "MASE-Net, taught by the ratings alone."

    def out_of_fold(self, rated: Rated, seed: int, folder: Path) -> Work[OutOfFold]:
        """Train every split of a seed; each fold is kept once it is done."""
        with threads(self.place.n_processes):
            folds = yield from cross_validate(
                rated.data, rated.groups, self.recipe, seed, folder, self.place.on(), rated.name
            )
        tested = [split.test for split in splits_of(rated.groups, rated.ratings, self.recipe, seed)]
        parts = [part_name(rated.name, seed, number) for number in range(len(folds))]
        curves = curves_of(read_log(self.place.out / "log.csv"), parts)
        return joined(folds, tested, len(rated.clips), curves)

    def make(self, rated: Rated) -> Work[Made]:
        """Under ``folds`` trained on all clips, a share of which chooses the epoch; else the one judged."""
        recipe, part = self.recipe, f"final {rated.name}"
        state = self.place.out / f"final-{rated.name}.pt"
        if recipe.split == "holdout":
            (split,) = splits_of(rated.groups, rated.ratings, recipe, recipe.seed)
            part = part_name(rated.name, recipe.seed, 0)
            state = fold_folder(self.place, rated, recipe.seed) / "fold-0.pt"
            state.parent.mkdir(parents=True, exist_ok=True)
        else:
            recipe = replace(recipe, seed=recipe.seed + recipe.n_folds)
            split = inner_split(rated.groups, rated.ratings, recipe.inner_share, recipe.seed)
        data = rated.data
        with threads(self.place.n_processes):
            training = Training(
                data.part(split.train), data.part(split.validation), recipe, state, self.place.on()
            )
            yield from followed(training, part)
            network = training.network.cpu()
            scale = torch.from_numpy(np.stack([training.means, training.sds]))
            heard = fused(network, rated.features, scale).numpy()
        space = space_of(network, heard, stack_statistics(rated.features))
        return Made(network, training.means, training.sds, space)
