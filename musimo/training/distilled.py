"""Trainer of distilled networks: distill a backbone on unlabeled music, fine-tune it on labeled clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from musimo.emotion.mase_net import MaseNet
from musimo.errors import UsageError
from musimo.training.backbone import batches_done, load_backbone, train_backbone
from musimo.training.baselines import MEAN_RATING
from musimo.training.clips import LabeledClip
from musimo.training.corpus import Corpus, find_music, prepare_corpora
from musimo.training.cross_dataset import CrossRow, EvaluationSet
from musimo.training.cross_validation import load_folds, save_folds
from musimo.training.descriptors import Descriptors, describe_clips, describe_music
from musimo.training.devices import torch_threads
from musimo.training.distill import Batch, Scales
from musimo.training.fine_tuning import LabeledClips, cross_validate, fine_tune, head_data
from musimo.training.groups import grouped_folds
from musimo.training.metrics import Matrix
from musimo.training.progress import Row, Stage, Step, Work
from musimo.training.rated_dataset import RatedDataset, load_rated_dataset
from musimo.training.recipe import DistilRecipe
from musimo.training.tag_metrics import TagScores
from musimo.training.tag_training import TAGS, TagTargets, merge, train_tags
from musimo.training.teacher import Teachers
from musimo.training.trainer import (
    OutOfFold,
    TrainedNetwork,
    combine_folds,
    fit_network_space,
    fold_folder,
)
from musimo.training.workspace import Workspace

SEED_STRIDE = (
    1000  # seeds of the shipped heads count from here times the recipe's, apart from those of the folds
)
BACKBONE = "backbone"
HALVES_FOLDS = "folds-quadrants.json"  # beside folds.json, which has those of the rated clips


@dataclass(frozen=True, slots=True)
class DistilledTrainer:
    """`Trainer` of a recipe in a workspace."""

    recipe: DistilRecipe
    workspace: Workspace

    @property
    def description(self) -> str:
        """Return a description of the network for the report."""
        return (
            "MASE-Net. Its backbone was distilled from MSD-MusiCNN and MTT-MusiCNN on unlabeled music, "
            "without labels and without any of these clips. Its last layers were then fine-tuned on rated "
            "clips, and on pseudo-labels of unlabeled music and of labeled clips, predicted by SVRs fitted "
            "to these clips only."
        )

    def check(self) -> None:
        """Raise for missing inputs before hours of work.

        Raises
        ------
        UsageError : there is no music, or a teacher is missing
        """
        if self.recipe.tags.n_batches and len(self.workspace.teachers) != 2:
            raise UsageError(
                "the tags of this recipe need two teachers", "give --teacher twice, first that of MSD-MusiCNN"
            )
        find_music(self.workspace.music)
        for teacher in self.workspace.teachers:
            if not teacher.is_file():
                raise UsageError(
                    f"there is no teacher at {teacher}",
                    "put the variables of MusiCNN's checkpoints (in the wheel musicnn on PyPI) there, as one "
                    ".npz each under their own names and with their tags, or name other files with --teacher",
                )

    def out_of_fold(self, rated: RatedDataset, seed: int, folder: Path) -> Work[OutOfFold]:
        """Fine-tune the backbone on all folds but one, for each fold of a seed, or load finished folds."""
        recipe, kept = self.recipe, folder / "folds.json"
        fold_of = grouped_folds(rated.groups, rated.ratings, recipe.n_folds, seed)
        if not kept.is_file():
            backbone, scales, corpora = yield from self.backbone()
            with torch_threads(1):
                clips = yield from self.labeled_clips(rated, rated.ratings, backbone, scales)
                quadrants = yield from self.quadrant_clips(rated, backbone, scales)
                music = yield from self.music(corpora, backbone, scales)
                yield Stage(f"fine-tuning on {rated.name}, seed {seed}", recipe.n_folds, unit="fold")
                folds, halves = [], []
                for fold in cross_validate(
                    backbone, clips, quadrants, music, recipe.heads, recipe.n_folds, seed
                ):
                    folds.append(fold.rated)
                    halves += [] if fold.halves is None else [fold.halves]
                    yield Step()
            folder.mkdir(parents=True, exist_ok=True)
            save_folds(halves, folder / HALVES_FOLDS)
            save_folds(folds, kept)
        tested = [np.flatnonzero(fold_of == fold) for fold in range(recipe.n_folds)]
        return combine_folds(load_folds(kept), tested, len(rated.clips))

    def train_final(self, rated: RatedDataset) -> Work[TrainedNetwork]:
        """Fine-tune the backbone on all clips."""
        backbone, scales, corpora = yield from self.backbone()
        recipe, seed = self.recipe, self.recipe.seed * SEED_STRIDE
        with torch_threads(1):
            clips = yield from self.labeled_clips(rated, rated.ratings, backbone, scales)
            quadrants = yield from self.quadrant_clips(rated, backbone, scales)
            music = yield from self.music(corpora, backbone, scales)
            yield Stage(f"fine-tuning on all of {rated.name}")
            network = fine_tune(backbone, clips, quadrants, music, recipe.heads, seed)
            if recipe.tags.n_batches:
                yield Stage("training the tag head")
                labeled = [each.descriptors for each in (clips, quadrants) if each is not None]
                network = self._with_tags(network, Descriptors.concatenate(labeled), music, seed)
        means, sds = (row.numpy() for row in scales.features)
        n_windows = int(corpora[0].done.sum())  # the first rows; mixes are not real music
        windows = music.part(np.arange(n_windows))
        space = fit_network_space(network, windows.fused, windows.statistics, windows.harmony)
        return TrainedNetwork(network, means, sds, space, TAGS if network.config.n_tags else ())

    def teacher_tags(self, rated: RatedDataset) -> Work[TagScores]:
        """Return the teachers' tags of clips, synonyms merged."""
        backbone, scales, _ = yield from self.backbone()
        with torch_threads(1):
            clips = yield from self.labeled_clips(rated, rated.ratings, backbone, scales)
        return TagScores(TAGS, merge(clips.descriptors.tags, Teachers(self.workspace.teachers).tags))

    def _with_tags(self, network: MaseNet, labeled: Descriptors, music: Descriptors, seed: int) -> MaseNet:
        names = Teachers(self.workspace.teachers).tags
        targets = TagTargets.fit(labeled.tags, names)
        parts = [(head_data(each), targets.logits(each.tags, names)) for each in (labeled, music)]
        return train_tags(network, parts[0], parts[1], self.recipe.tags, seed)

    def quadrants_out_of_fold(self, rated: RatedDataset, seeds: Sequence[int]) -> Work[list[CrossRow]]:
        """Return the figures of the folds of the second data set, which `out_of_fold` kept."""
        if self.recipe.quadrants is None:
            return []
        dataset = yield from load_rated_dataset(self.recipe.quadrants, self.workspace)
        halves, n_folds = halves_of(dataset.clips), self.recipe.n_folds
        runs = []
        for seed in seeds:
            fold_of = grouped_folds(dataset.groups, halves, n_folds, seed)
            tested = [np.flatnonzero(fold_of == fold) for fold in range(n_folds)]
            folds = load_folds(fold_folder(self.workspace, rated, seed) / HALVES_FOLDS)
            runs.append(combine_folds(folds, tested, len(halves)).predictions)
        predictions = {name: [run[name] for run in runs] for name in runs[0] if name != MEAN_RATING}
        quadrants = [clip.quadrant for clip in dataset.clips]
        tests = EvaluationSet(dataset.name, dataset.ratings, dataset.groups, quadrants, self.recipe.seed)
        return tests.rows(dataset.name, None, predictions)

    def labeled_clips(
        self, rated: RatedDataset, labels: Matrix, backbone: MaseNet, scales: Scales
    ) -> Work[LabeledClips]:
        """Return clips with descriptors and labels."""
        cache = self.workspace.out / f"clips-{rated.clip_set}.npz"
        descriptors = yield from describe_clips(
            rated.clips, rated.features, self.workspace.teachers, backbone, scales, cache
        )
        return LabeledClips(descriptors, labels, rated.groups)

    def quadrant_clips(
        self, rated: RatedDataset, backbone: MaseNet, scales: Scales
    ) -> Work[LabeledClips | None]:
        """Return the clips of the recipe's second data set, if it has one and ``rated`` is its first."""
        if self.recipe.quadrants is None or rated.dataset != self.recipe.dataset:
            return None
        dataset = yield from load_rated_dataset(self.recipe.quadrants, self.workspace)
        return (yield from self.labeled_clips(dataset, halves_of(dataset.clips), backbone, scales))

    def music(self, corpora: Sequence[Corpus], backbone: MaseNet, scales: Scales) -> Work[Descriptors]:
        """Return the descriptors of the unlabeled music."""
        return (
            yield from describe_music(
                corpora, self.workspace.teachers, backbone, scales, self.workspace.out / "music.npz"
            )
        )

    def backbone(self) -> Work[tuple[MaseNet, Scales, Sequence[Corpus]]]:
        """Prepare the corpora and train the backbone, or load what is complete."""
        workspace, config = self.workspace, self.recipe.distill
        corpora = yield from prepare_corpora(
            workspace.music,
            workspace.out / "corpus",
            workspace.teachers,
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


def halves_of(clips: Sequence[LabeledClip]) -> Matrix:
    """Return 1 for the upper and -1 for the lower half of valence and of arousal [shape=(n, 2)].

    Quadrants count from happy against the clock: Q1 happy, Q2 tense, Q3 sad, Q4 calm.
    """
    upper = [(clip.quadrant in ("Q1", "Q4"), clip.quadrant in ("Q1", "Q2")) for clip in clips]
    return np.where(np.array(upper), 1.0, -1.0)


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
