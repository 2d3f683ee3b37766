"""Trainer of distilled networks: distill a backbone on unlabeled music, then fine-tune it on rated clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from musimo.emotion.mase_net import MaseNet
from musimo.errors import UsageError
from musimo.training.backbone import batches_done, load_backbone, train_backbone
from musimo.training.corpus import Corpus, find_music, prepare_corpora
from musimo.training.cross_validation import load_folds, save_folds
from musimo.training.descriptors import Descriptors, describe_clips, describe_music
from musimo.training.devices import torch_threads
from musimo.training.distill import Batch, Scales
from musimo.training.fine_tuning import cross_validate, fine_tune
from musimo.training.groups import grouped_folds
from musimo.training.progress import Row, Stage, Step, Work
from musimo.training.rated_dataset import RatedDataset
from musimo.training.recipe import DistilRecipe
from musimo.training.trainer import OutOfFold, TrainedNetwork, combine_folds, fit_network_space
from musimo.training.workspace import Workspace

SEED_STRIDE = (
    1000  # seeds of the shipped heads count from here times the recipe's, apart from those of the folds
)
BACKBONE = "backbone"


@dataclass(frozen=True, slots=True)
class DistilledTrainer:
    """`Trainer` of a recipe in a workspace."""

    recipe: DistilRecipe
    workspace: Workspace

    @property
    def description(self) -> str:
        """Return a description of the network for the report."""
        return (
            "MASE-Net. Its backbone was distilled from MSD-MusiCNN on unlabeled music, without ratings and "
            "without any of these clips. Its last layers were then fine-tuned on rated clips and on "
            "pseudo-labels of the unlabeled music, predicted by an SVR fitted to these clips only."
        )

    def check(self) -> None:
        """Raise for missing inputs before hours of work.

        Raises
        ------
        UsageError : there is no music, or no teacher
        """
        find_music(self.workspace.music)
        if not self.workspace.teacher.is_file():
            raise UsageError(
                f"there is no teacher at {self.workspace.teacher}",
                "put the variables of MSD-MusiCNN's checkpoint (in the wheel musicnn on PyPI) there, as one "
                ".npz under their own names, or name another file with --teacher",
            )

    def out_of_fold(self, rated: RatedDataset, seed: int, folder: Path) -> Work[OutOfFold]:
        """Fine-tune the backbone on all folds but one, for each fold of a seed, or load finished folds."""
        recipe, kept = self.recipe, folder / "folds.json"
        fold_of = grouped_folds(rated.groups, rated.ratings, recipe.n_folds, seed)
        if not kept.is_file():
            backbone, scales, corpora = yield from self.backbone()
            with torch_threads(1):
                clips = yield from self.clip_descriptors(rated, backbone, scales)
                music = yield from describe_music(corpora, backbone, scales, self.workspace.out / "music.npz")
                yield Stage(f"fine-tuning on {rated.name}, seed {seed}", recipe.n_folds, unit="fold")
                folds = []
                for fold in cross_validate(
                    backbone, clips, rated.ratings, rated.groups, music, recipe.heads, recipe.n_folds, seed
                ):
                    folds.append(fold)
                    yield Step()
            folder.mkdir(parents=True, exist_ok=True)
            save_folds(folds, kept)
        tested = [np.flatnonzero(fold_of == fold) for fold in range(recipe.n_folds)]
        return combine_folds(load_folds(kept), tested, len(rated.clips))

    def train_final(self, rated: RatedDataset) -> Work[TrainedNetwork]:
        """Fine-tune the backbone on all clips."""
        backbone, scales, corpora = yield from self.backbone()
        heads, head_seed = self.recipe.heads, self.recipe.seed * SEED_STRIDE
        with torch_threads(1):
            clips = yield from self.clip_descriptors(rated, backbone, scales)
            music = yield from describe_music(corpora, backbone, scales, self.workspace.out / "music.npz")
            yield Stage(f"fine-tuning on all of {rated.name}")
            network = fine_tune(backbone, clips, rated.ratings, music, heads, head_seed)
        means, sds = (row.numpy() for row in scales.features)
        n_windows = int(corpora[0].done.sum())  # the first rows; mixes are not real music
        windows = music.part(np.arange(n_windows))
        space = fit_network_space(network, windows.fused, windows.statistics, windows.harmony)
        return TrainedNetwork(network, means, sds, space)

    def clip_descriptors(self, rated: RatedDataset, backbone: MaseNet, scales: Scales) -> Work[Descriptors]:
        """Return the descriptors of the labeled clips."""
        cache = self.workspace.out / f"clips-{rated.clip_set}.npz"
        return (
            yield from describe_clips(
                rated.clips, rated.features, self.workspace.teacher, backbone, scales, cache
            )
        )

    def backbone(self) -> Work[tuple[MaseNet, Scales, Sequence[Corpus]]]:
        """Prepare the corpora and train the backbone, or load what is complete."""
        workspace, config = self.workspace, self.recipe.distill
        corpora = yield from prepare_corpora(
            workspace.music,
            workspace.out / "corpus",
            workspace.teacher,
            self.recipe.corpus,
            workspace.n_processes,
        )
        checkpoint = workspace.out / "backbone.pt"
        done = batches_done(checkpoint)
        if done < config.n_batches:
            yield Stage(BACKBONE, config.n_batches, done, "batch")
            folders = [(corpus.folder, corpus.n_steps) for corpus in corpora]
            since: list[Batch] = []
            for batch in train_backbone(
                folders, config, checkpoint, workspace.n_processes, workspace.torch_device()
            ):
                since.append(batch)
                yield Step()
                if config.is_checkpoint(batch.number):
                    yield mean_row(since)
                    since = []
        student, scales = load_backbone(checkpoint, config)
        return student.network, scales, corpora


def mean_row(batches: Sequence[Batch]) -> Row:
    """Return mean losses of the batches since the last checkpoint, their sum as ``training``, the last rate
    and the total seconds.
    """
    names = batches[0].losses
    losses = {name: float(np.mean([batch.losses[name] for batch in batches])) for name in names}
    last = batches[-1]
    seconds = sum(batch.seconds for batch in batches)
    values = {"training": sum(losses.values()), **losses, "rate": last.learning_rate, "seconds": seconds}
    return Row(BACKBONE, last.number, values)
