"""The distilled kind: a backbone taught by another network on unlabelled music, then ratings from clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from musimo.emotion.mase_net import MaseNet
from musimo.errors import UsageError
from musimo.training.backbone import distil, n_done, trained
from musimo.training.clips import grouped_folds
from musimo.training.corpus import Corpus, music_in, prepare
from musimo.training.describe import describe_clips, describe_music
from musimo.training.devices import threads
from musimo.training.distill import Batch, Scales
from musimo.training.evaluate import load_folds, save_folds
from musimo.training.finish import Described, cross_validate, finish
from musimo.training.flow import Made, OutOfFold, joined, space_of
from musimo.training.place import Place
from musimo.training.progress import Row, Stage, Step, Work
from musimo.training.rated import Rated
from musimo.training.recipe import DistilRecipe

CHANCE = 1000  # seeds of the shipped heads count from here times the recipe's, apart from those of the folds
BACKBONE = "backbone"


@dataclass(frozen=True, slots=True)
class Distilled:
    """A recipe at a place."""

    recipe: DistilRecipe
    place: Place

    @property
    def words(self) -> str:
        """How the network is made."""
        return (
            "MASE-Net, whose backbone MSD-MusiCNN taught on unlabelled music; it met no rating and none of "
            "these clips. The last layers were then taught by ratings of clips and, through a machine fitted "
            "on nothing but these, by the unlabelled music."
        )

    def check(self) -> None:
        """Refuse in a sentence what would fail after hours.

        Raises
        ------
        UsageError : there is no music, or no teacher
        """
        music_in(self.place.music)
        if not self.place.teacher.is_file():
            raise UsageError(
                f"there is no teacher at {self.place.teacher}",
                "put the variables of MSD-MusiCNN's checkpoint (in the wheel musicnn on PyPI) there, as one "
                ".npz under their own names, or name another file with --teacher",
            )

    def out_of_fold(self, rated: Rated, seed: int, folder: Path) -> Work[OutOfFold]:
        """Finish the backbone on all folds but one, for each fold of a seed; kept once they are done."""
        recipe, kept = self.recipe, folder / "folds.json"
        fold_of = grouped_folds(rated.groups, rated.ratings, recipe.n_folds, seed)
        if not kept.is_file():
            backbone, scales, corpora = yield from self.backbone()
            with threads(1):
                clips = yield from self.described(rated, backbone, scales)
                music = yield from describe_music(corpora, backbone, scales, self.place.out / "music.npz")
                yield Stage(f"finishing {rated.name} fold by fold, seed {seed}", recipe.n_folds, unit="fold")
                folds = []
                for fold in cross_validate(
                    backbone, clips, rated.ratings, rated.groups, music, recipe.heads, recipe.n_folds, seed
                ):
                    folds.append(fold)
                    yield Step()
            folder.mkdir(parents=True, exist_ok=True)
            save_folds(folds, kept)
        tested = [np.flatnonzero(fold_of == fold) for fold in range(recipe.n_folds)]
        return joined(load_folds(kept), tested, len(rated.clips))

    def make(self, rated: Rated) -> Work[Made]:
        """The backbone, finished on all clips."""
        backbone, scales, corpora = yield from self.backbone()
        heads, chance = self.recipe.heads, self.recipe.seed * CHANCE
        with threads(1):
            clips = yield from self.described(rated, backbone, scales)
            music = yield from describe_music(corpora, backbone, scales, self.place.out / "music.npz")
            yield Stage(f"finishing on all of {rated.name}")
            network = finish(backbone, clips, rated.ratings, music, heads, chance)
        means, sds = (row.numpy() for row in scales.features)
        n_windows = int(corpora[0].done.sum())  # which come first; mixes are no music anyone has
        windows = music.part(np.arange(n_windows))
        space = space_of(network, windows.fused, windows.statistics, windows.harmony)
        return Made(network, means, sds, space)

    def described(self, rated: Rated, backbone: MaseNet, scales: Scales) -> Work[Described]:
        """The labelled clips as finishing needs them."""
        cache = self.place.out / f"clips-{rated.clip_set}.npz"
        return (
            yield from describe_clips(
                rated.clips, rated.features, self.place.teacher, backbone, scales, cache
            )
        )

    def backbone(self) -> Work[tuple[MaseNet, Scales, Sequence[Corpus]]]:
        """Corpus and backbone; what is done already takes a second."""
        place, config = self.place, self.recipe.distill
        corpora = yield from prepare(
            place.music, place.out / "corpus", place.teacher, self.recipe.corpus, place.n_processes
        )
        checkpoint = place.out / "backbone.pt"
        done = n_done(checkpoint)
        if done < config.n_batches:
            yield Stage(BACKBONE, config.n_batches, done, "batch")
            folders = [(corpus.folder, corpus.n_steps) for corpus in corpora]
            since: list[Batch] = []
            for batch in distil(folders, config, checkpoint, place.n_processes, place.on()):
                since.append(batch)
                yield Step()
                if config.is_checkpoint(batch.number):
                    yield mean_row(since)
                    since = []
        student, scales = trained(checkpoint, config)
        return student.network, scales, corpora


def mean_row(batches: Sequence[Batch]) -> Row:
    """Mean losses of the batches up to a checkpoint, ``training`` their sum; the last rate; all seconds."""
    names = batches[0].losses
    losses = {name: float(np.mean([batch.losses[name] for batch in batches])) for name in names}
    last = batches[-1]
    seconds = sum(batch.seconds for batch in batches)
    values = {"training": sum(losses.values()), **losses, "rate": last.learning_rate, "seconds": seconds}
    return Row(BACKBONE, last.number, values)
