"""From a backbone that met no rating to one that rates: fold by fold for honest figures, then for good."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from musimo.emotion.mase_net import MaseNet
from musimo.training.baselines import BASELINES, Matrix, svr
from musimo.training.clips import grouped_folds
from musimo.training.evaluate import NETWORK, FoldPredictions
from musimo.training.heads import HeadsConfig, Taught, Top, rate, teach

LABELLER = "SVR on teacher and clip statistics"
ON_TEACHER = "SVR on the teacher"
ON_EMBEDDING = "SVR on the embedding before the ratings"


@dataclass(frozen=True, slots=True)
class Described:
    """Sounds in the three ways that finishing needs.

    Parameters
    ----------
    fused : (n, 2048), behind the frozen part of the network
    teacher : (n, 200), mean of the teacher's answers
    statistics : (n, 3 * 193), of the features
    """

    fused: NDArray[np.float32]
    teacher: Matrix
    statistics: Matrix

    @property
    def joined(self) -> Matrix:
        """What the labeller reads."""
        return np.hstack([self.statistics, self.teacher])

    def part(self, which: NDArray[np.int64]) -> Described:
        """Those of the given indices."""
        return Described(self.fused[which], self.teacher[which], self.statistics[which])


def finish(
    network: MaseNet, clips: Described, ratings: Matrix, music: Described, config: HeadsConfig, seed: int
) -> list[Top]:
    """Teach the ratings by clips and, through machines fitted on these clips alone, by unlabelled music.

    One machine reads teacher and clip statistics, the other the embedding: the one knows more, the other is
    what the network can follow, and the mean of both taught better than either.

    Returns
    -------
    ``config.n_members`` tops, whose mean is the answer
    """
    heard = [embedding(network, sounds) for sounds in (clips, music)]
    labels = (svr(clips.joined, ratings, music.joined) + svr(heard[0], ratings, heard[1])) / 2
    rated, labelled = _taught(clips, ratings), _taught(music, labels)
    return [teach(network, rated, labelled, config, seed + member) for member in range(config.n_members)]


@torch.inference_mode()
def embedding(network: MaseNet, sounds: Described) -> Matrix:
    """Of a network whose frozen part is known, (n, 256)."""
    return np.asarray(Top(network).eval()(torch.from_numpy(sounds.fused))[1].double().numpy())


def condense(
    network: MaseNet, tops: Sequence[Top], clips: Described, music: Described, config: HeadsConfig, seed: int
) -> Top:
    """One top that answers what several answer on average."""
    fused = [torch.from_numpy(part.fused) for part in (clips, music)]
    rated, labelled = (Taught(x, rate(tops, x)) for x in fused)
    return teach(network, rated, labelled, config, seed)


def cross_validate(
    network: MaseNet,
    clips: Described,
    ratings: Matrix,
    groups: Sequence[str],
    music: Described,
    config: HeadsConfig,
    n_folds: int,
    seed: int,
) -> Iterator[FoldPredictions]:
    """Finish on all folds but one, predict that one; baselines, labeller and teacher on the same folds."""
    fold_of = grouped_folds(groups, ratings, n_folds, seed)
    before = embedding(network, clips)
    for fold in range(n_folds):
        known, asked = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        inputs = {name: (clips.statistics, baseline) for name, baseline in BASELINES.items()}
        inputs |= {
            ON_TEACHER: (clips.teacher, svr),
            LABELLER: (clips.joined, svr),
            ON_EMBEDDING: (before, svr),
        }
        predictions = {
            name: method(of[known], ratings[known], of[asked]) for name, (of, method) in inputs.items()
        }
        chance = (seed * n_folds + fold) * 1000
        tops = finish(network, clips.part(known), ratings[known], music, config, chance)
        if len(tops) > 1:
            tops = [condense(network, tops, clips.part(known), music, config, chance + 999)]
        answers = rate(tops, torch.from_numpy(clips.fused[asked]))
        predictions[NETWORK] = answers.double().numpy()
        yield FoldPredictions(fold, config.n_batches, config.n_batches, ratings[asked], predictions)


def out_of_fold(
    folds: Sequence[FoldPredictions], groups: Sequence[str], ratings: Matrix, n_folds: int, seed: int
) -> dict[str, Matrix]:
    """Predictions of every clip by the fold it was in, (n, 2) by method, in the order of the clips."""
    fold_of = grouped_folds(groups, ratings, n_folds, seed)
    every: dict[str, Matrix] = {name: np.full_like(ratings, np.nan) for name in folds[0].predictions}
    for fold in folds:
        for name, values in fold.predictions.items():
            every[name][fold_of == fold.fold] = values
    return every


def _taught(sounds: Described, ratings: Matrix) -> Taught:
    return Taught(torch.from_numpy(sounds.fused), torch.from_numpy(ratings).float())
