"""Trainer of supervised networks: trained from scratch on ratings only, as in the paper."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from musimo.training.baselines import stack_statistics
from musimo.training.config import TrainingConfig
from musimo.training.cross_validation import cross_validate, inner_split, make_splits, part_name, run_training
from musimo.training.devices import torch_threads
from musimo.training.head_training import fused_features
from musimo.training.progress import Work
from musimo.training.rated_dataset import RatedDataset
from musimo.training.run_log import curves_of, read_log
from musimo.training.trainer import OutOfFold, TrainedNetwork, combine_folds, fit_network_space, fold_folder
from musimo.training.training_loop import Training
from musimo.training.workspace import Workspace


@dataclass(frozen=True, slots=True)
class SupervisedTrainer:
    """`Trainer` of a recipe in a workspace."""

    recipe: TrainingConfig
    workspace: Workspace

    @property
    def description(self) -> str:
        """Return a description of the network for the report."""
        return " ".join(self.recipe.recipe.split()) or "MASE-Net, trained on the ratings only."

    def out_of_fold(self, rated: RatedDataset, seed: int, folder: Path) -> Work[OutOfFold]:
        """Train every split of a seed; finished folds are kept."""
        with torch_threads(self.workspace.n_processes):
            folds = yield from cross_validate(
                rated.data, rated.groups, self.recipe, seed, folder, self.workspace.torch_device(), rated.name
            )
        tested = [split.test for split in make_splits(rated.groups, rated.ratings, self.recipe, seed)]
        parts = [part_name(rated.name, seed, number) for number in range(len(folds))]
        curves = curves_of(read_log(self.workspace.out / "log.csv"), parts)
        return combine_folds(folds, tested, len(rated.clips), curves)

    def train_final(self, rated: RatedDataset) -> Work[TrainedNetwork]:
        """Train on all clips with early stopping; with a held-out split, return its network."""
        recipe, part = self.recipe, f"final {rated.name}"
        state = self.workspace.out / f"final-{rated.name}.pt"
        if recipe.split == "holdout":
            (split,) = make_splits(rated.groups, rated.ratings, recipe, recipe.seed)
            part = part_name(rated.name, recipe.seed, 0)
            state = fold_folder(self.workspace, rated, recipe.seed) / "fold-0.pt"
            state.parent.mkdir(parents=True, exist_ok=True)
        else:
            recipe = replace(recipe, seed=recipe.seed + recipe.n_folds)
            split = inner_split(rated.groups, rated.ratings, recipe.inner_share, recipe.seed)
        data = rated.data
        with torch_threads(self.workspace.n_processes):
            training = Training(
                data.part(split.train),
                data.part(split.validation),
                recipe,
                state,
                self.workspace.torch_device(),
            )
            yield from run_training(training, part)
            network = training.network.cpu()
            scale = torch.from_numpy(np.stack([training.means, training.sds]))
            frozen = fused_features(network, rated.features, scale).numpy()
        space = fit_network_space(network, frozen, stack_statistics(rated.features))
        return TrainedNetwork(network, training.means, training.sds, space)
