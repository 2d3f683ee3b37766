"""The model card, written from what was measured."""

from __future__ import annotations

from musimo.emotion.network import build_network
from musimo.emotion.weights import Weights
from musimo.training.config import TrainingConfig
from musimo.training.markdown import DIMENSIONS, table
from musimo.training.metrics import LEGEND
from musimo.training.recipe import Recipe
from musimo.training.report import fold_table
from musimo.training.results import SVR, correlation_gain, fold_means
from musimo.training.study import Study

CARD = """# Model card: {model_id}

The network behind musimo's valence and arousal, and behind `similar`. This page is written by
`musimo train` from what it measured.

## What it is
MASE-Net (multi-scale convolutions, squeeze-excitation, two BiLSTMs, self-attention), after the paper
"Musimo: An Intelligent Music Analysis and Emotion Recognition System": {n_parameters:,} parameters,
stored as float16. It hears clips as {n_features} features a frame (feature id `{feature_id}`),
normalised by the statistics of its training set. It predictions with valence (unpleasant to pleasant) and
arousal (calm to excited) on a scale of 1-9, which musimo shows as 0..1, and with an embedding: the 256
values of the last layer that both ratings share. Where the paper leaves a choice open,
`musimo/emotion/mase_net.py` names the one made here.

## How it was made
{words}

## What it was trained on
{training_data}

## How good it is
{judged}

The ratings are on the 1-9 scale; mean ± standard deviation over {spread}.

{figures}

{legend} The mean rating is what always predictions the mean of the training clips; ridge and SVR on clip
statistics are fitted on mean, SD and SD of change of the same features.{teacher}

Against the SVR on clip statistics, r of all clips together, mean over seeds; artists drawn anew 2,000
times:

{comparison}

{verdict}

## Limits
{limits}"""

FOLDS = (
    "{n_clips} clips, {n_folds} folds, {seeds}; clips of one artist are never in two folds, and every "
    "method meets the same folds. {honest} The weights come from the same recipe, on all {n_clips} clips, "
    "and were themselves not judged on any clip."
)
HOLDOUT = (
    "{n_clips} clips that took part in nothing, of artists that are in no other set; every method is judged "
    "on them, {seeds}. The weights are those of the first seed."
)
SUPERVISED = (
    "What is judged on a fold was trained without it: early stopping watches a share of the training clips, "
    "whole artists again."
)
DISTILLED = (
    "The backbone knows none of the clips. What is judged on a fold was finished without it: neither its "
    "ratings nor its sound took part, the machine that rates the unlabelled music included."
)
TEACHER = (
    " The SVRs that hear through the teacher are not what ships: the teacher is a network of its own, and "
    "its price comes on top."
)
COMMON_LIMITS = """- Valence is the harder half, for listeners too: take it as a hint.
- The ratings are what listeners perceive on average, not what anyone feels.
- Predicted valence keeps near the middle: its spread is {spread:.0%} of the listeners'.
"""


def model_card(weights: Weights, study: Study, words: str, recipe: Recipe) -> str:
    """Markdown of ``MODEL_CARD.md``.

    Parameters
    ----------
    weights : that it goes with
    study : what was measured of the recipe
    words : how the network is made
    """
    n_clips, n_seeds = len(study.names), len(study.folds)
    held_out = isinstance(recipe, TrainingConfig) and recipe.split == "holdout"
    judged = (HOLDOUT if held_out else FOLDS).format(
        n_clips=n_clips,
        n_folds=recipe.n_folds,
        seeds=f"{n_seeds} seed{'s' if n_seeds > 1 else ''}",
        honest=SUPERVISED if isinstance(recipe, TrainingConfig) else DISTILLED,
    )
    predicted = study.mean_predictions(study.ours)[:, 0]
    return CARD.format(
        model_id=weights.model_id,
        n_parameters=sum(p.numel() for p in build_network(weights).parameters()),
        n_features=weights.card.config.n_features,
        feature_id=weights.card.feature_id,
        words=words,
        training_data=weights.card.training_data.strip(),
        judged=judged,
        spread="seeds" if held_out else "all folds",
        figures=fold_table(study),
        legend=LEGEND,
        teacher="" if isinstance(recipe, TrainingConfig) else TEACHER,
        comparison=comparison(study, recipe.seed),
        verdict=verdict(study),
        limits=COMMON_LIMITS.format(spread=predicted.std() / study.targets[:, 0].std()),
    )


def comparison(study: Study, seed: int) -> str:
    """By how much r is above the SVR's, with its interval, as a table."""
    rows = [
        [dimension, f"{each['gain']:+.3f}", f"{each['low']:+.3f} to {each['high']:+.3f}"]
        for dimension, each in correlation_gain(study, SVR, seed).items()
    ]
    return table(["", f"{study.ours} less SVR", "95 % interval"], rows)


def verdict(study: Study) -> str:
    """How the network stands to the SVR, in plain words."""
    ours, theirs = fold_means(study, study.ours)["r"], fold_means(study, SVR)["r"]
    sentences = []
    for column, dimension in enumerate(DIMENSIONS):
        stands = "beats" if ours[column] > theirs[column] else "**loses to**"
        sentences.append(
            f"For {dimension} the network {stands} the SVR (mean r {ours[column]:.2f} against "
            f"{theirs[column]:.2f})."
        )
    return " ".join(sentences)
