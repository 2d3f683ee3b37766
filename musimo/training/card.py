"""The model card, written from what was measured."""

from __future__ import annotations

from collections.abc import Sequence

from musimo.emotion.weights import Weights
from musimo.training.config import TrainingConfig
from musimo.training.evaluate import NETWORK, Figures, FoldPredictions, table

SVR = "SVR on clip statistics"

CARD = """# Model card: {model_id}

The network behind musimo's valence and arousal, and behind `similar`. This page is written by
`scripts/train.py` from what it measured.

## What it is
MASE-Net (multi-scale convolutions, squeeze-excitation, two BiLSTMs, self-attention), after the paper
"Musimo: An Intelligent Music Analysis and Emotion Recognition System": {n_parameters:,} parameters,
stored as float16. It hears clips as {n_features} features a frame (feature id `{feature_id}`),
normalised by the statistics of its training set. It answers with valence (unpleasant to pleasant) and
arousal (calm to excited) on a scale of 1-9, which musimo shows as 0..1, and with an embedding: the 256
values of the last layer that both ratings share. Where the paper leaves a choice open,
`musimo/emotion/mase_net.py` names the one made here.

## What it was trained on
{training_data}

## How good it is
{n_clips} clips, {n_folds} folds; clips of one artist are never in two folds. Every method meets the same
folds, and no clip it is judged on took any part in fitting it or in choosing when to stop: early
stopping watches a share of the training clips, whole artists again. The ratings are on the 1-9 scale;
mean ± standard deviation over the folds. One seed; differences of less than a standard deviation mean
little. The shipped weights come from the same recipe, trained on all {n_clips} clips (a share of them
kept apart to choose the epoch), and were themselves not judged on any clip.

{table}
r: Pearson correlation; R2: share of variance explained; CCC: concordance correlation. The mean rating is
what always answers the mean of the training clips; ridge and SVR are fitted on mean, SD and SD of change
of the same features.

{verdict}

{recipe} Epochs a fold: {epochs}.

## Limits
- {n_clips} clips are few for a network of this size; expect the order of a collection by arousal to make
  sense, and take its valence as a hint.
- Clips are 30 s long, and the ratings are what listeners perceive on average, not what anyone feels.
- Little of the music it learnt from is rated unpleasant, so dark music is rated too friendly.
- Ratings come from listeners of two Western countries; other ears may hear otherwise.
"""


def model_card(
    weights: Weights, summary: Figures, folds: Sequence[FoldPredictions], config: TrainingConfig
) -> str:
    """Markdown of ``MODEL_CARD.md``."""
    return CARD.format(
        model_id=weights.model_id,
        n_parameters=sum(p.numel() for p in weights.network.parameters()),
        n_features=weights.card.config.n_features,
        feature_id=weights.card.feature_id,
        training_data=weights.card.training_data.strip(),
        n_clips=sum(len(fold.targets) for fold in folds),
        n_folds=len(folds),
        table=table(summary),
        verdict=verdict(summary),
        epochs=", ".join(f"{fold.epochs} (best {fold.best_epoch})" for fold in folds),
        recipe=config.recipe.strip(),
    )


def verdict(summary: Figures) -> str:
    """How the network stands to the SVR, in plain words."""
    sentences = []
    for dimension in ("valence", "arousal"):
        network, svr = (summary[method].get("r", {}).get(dimension, 0.0) for method in (NETWORK, SVR))
        stands = "beats" if network > svr else "**loses to**"
        sentences.append(f"For {dimension} the network {stands} the SVR (r {network:.2f} against {svr:.2f}).")
    return " ".join(sentences)
