"""The model card of distilled weights, written from what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from musimo.emotion.weights import Weights
from musimo.training.baselines import Matrix
from musimo.training.evaluate import NETWORK, Figures, table
from musimo.training.finish import paired_bootstrap

SVR = "SVR on clip statistics"
INTERVAL = (2.5, 97.5)  # per cent

CARD = """# Model card: {model_id}

The network behind musimo's valence and arousal, and behind `similar`. This page is written by
`scripts/distil.py` from what it measured.

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
{n_clips} clips, {n_folds} folds, {n_seeds} seeds of folds and training; clips of one artist are never in
two folds, and every method meets the same folds. The backbone knows none of the clips. What is judged on a
fold was finished without it: neither its ratings nor its sound took part, the machine that rates the
unlabelled music included. But settings of this last step were chosen by these same folds, a dozen tried,
so the figures are a little kind. The ratings are on the 1-9 scale; mean ± standard deviation over all
folds. The shipped weights come from the same recipe, finished on all {n_clips} clips, and were themselves
not judged on any clip.

{table}
r: Pearson correlation; R2: share of variance explained; CCC: concordance correlation. The mean rating is
what always answers the mean of the training clips; ridge and SVR on clip statistics are fitted on mean, SD
and SD of change of the same features. The SVRs that hear through the teacher are not what ships: the teacher
is a network of its own, and its price comes on top.

Against the SVR on clip statistics, r of all clips together, out of fold, mean over seeds; artists drawn anew
2,000 times:

{comparison}

{further}
## Limits
- Valence is the harder half, for listeners too: two groups of them agree at r = .72 on it and at .92 on
  arousal. Take it as a hint.
- {n_clips} clips are few; most of what the network knows of music it learnt from game soundtracks.
- Predicted valence keeps near the middle: its spread is about half of the listeners'.
- Clips are 30 s long, and the ratings are what listeners perceive on average, not what anyone feels.
- Little of the music it learnt from is rated unpleasant, so dark music is rated too friendly.
- Ratings come from listeners of two Western countries; other ears may hear otherwise.
"""


def distilled_card(
    weights: Weights,
    summary: Figures,
    comparison: str,
    n_clips: int,
    n_folds: int,
    n_seeds: int,
    further: str = "",
) -> str:
    """Markdown of ``MODEL_CARD.md``; ``further`` are paragraphs of other figures."""
    return CARD.format(
        model_id=weights.model_id,
        n_parameters=sum(p.numel() for p in weights.network.parameters()),
        n_features=weights.card.config.n_features,
        feature_id=weights.card.feature_id,
        training_data=weights.card.training_data.strip(),
        n_clips=n_clips,
        n_folds=n_folds,
        n_seeds=n_seeds,
        table=table(summary),
        comparison=comparison.strip(),
        further=further.strip() + "\n\n" if further else "",
    )


def compared(
    groups: Sequence[str], ratings: Matrix, predictions: Sequence[dict[str, Matrix]], seed: int
) -> tuple[str, dict[str, Any]]:
    """How the network stands to the SVR: as Markdown, and as figures for the weights file.

    Parameters
    ----------
    predictions : of every clip, out of fold, by method; one entry a seed
    """
    ours, theirs = ([each[name] for each in predictions] for name in (NETWORK, SVR))
    draws = paired_bootstrap(groups, ratings, ours, theirs, seed=seed)
    low, high = np.percentile(draws, INTERVAL, axis=0)
    lines, document = (
        ["| | MASE-Net - SVR | 95 % interval | share of draws above 0 |", "|---|---|---|---|"],
        {},
    )
    for column, dimension in enumerate(("valence", "arousal")):
        gain = float(
            np.mean(
                [
                    np.corrcoef(ratings[:, column], a[:, column])[0, 1]
                    - np.corrcoef(ratings[:, column], b[:, column])[0, 1]
                    for a, b in zip(ours, theirs, strict=True)
                ]
            )
        )
        above = float((draws[:, column] > 0).mean())
        lines.append(
            f"| {dimension} | {gain:+.3f} | {low[column]:+.3f} to {high[column]:+.3f} | {above:.3f} |"
        )
        document[dimension] = {"gain": gain, "low": float(low[column]), "high": float(high[column])}
    return "\n".join(lines), document
