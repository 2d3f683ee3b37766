"""Write the model card from the results of a training."""

from __future__ import annotations

from collections.abc import Sequence

from musimo.emotion.network import build_network
from musimo.emotion.weights import Weights
from musimo.training.config import TrainingConfig
from musimo.training.cross_dataset import CrossRow, cross_section
from musimo.training.markdown import DIMENSIONS, table
from musimo.training.metrics import LEGEND
from musimo.training.recipe import Recipe
from musimo.training.report import fold_table
from musimo.training.results import SVR, correlation_gain, fold_means
from musimo.training.study import Study
from musimo.training.tag_metrics import TagTable, tag_section

CARD = """# Model card: {model_id}

The network that predicts musimo's valence and arousal, and whose features `similar` compares. This page is
written by `musimo train` from its results.

## Architecture
MASE-Net (multi-scale convolutions, squeeze-excitation, two BiLSTMs, self-attention), after the paper
"Musimo: An Intelligent Music Analysis and Emotion Recognition System": {n_parameters:,} parameters,
stored as float16. Its input is {n_features} features per frame (feature id `{feature_id}`), normalized by
the statistics of its training set. Its outputs are valence (unpleasant to pleasant) and arousal (calm to
excited) on a scale of 1-9, which musimo displays as 0..1, and an embedding: the 256 values of the last layer
shared by both ratings. Where the paper leaves a choice open, `musimo/emotion/mase_net.py` documents the one
made here.

## Training
{description}

## Training data
{training_data}

## Accuracy
{protocol}

Ratings are on the 1-9 scale; mean ± standard deviation over {spread}.

{figures}

{legend} The mean rating is a constant prediction: the mean of the training clips. Ridge and SVR on clip
statistics are fitted to mean, SD and SD of frame differences of the same features.{teacher}

Difference to the SVR on clip statistics in r of all clips together, mean over seeds; cluster bootstrap over
artists, 2,000 resamples:

{comparison}

{verdict}
{more}
## Limitations
{limits}"""

FOLDS = (
    "{n_clips} clips, {n_folds} folds, {seeds}; clips of one artist are never in two folds, and all methods "
    "use the same folds. {independence} The weights come from the same recipe, trained on all {n_clips} "
    "clips; they were not evaluated themselves."
)
HOLDOUT = (
    "{n_clips} held-out clips of artists in no other set; all methods are evaluated on them, {seeds}. The "
    "weights are those of the first seed."
)
SUPERVISED = (
    "The clips of a fold are predicted by a network trained without them: early stopping uses a share of the "
    "training clips, divided by whole artists."
)
DISTILLED = (
    "The backbone was trained without these clips. The clips of a fold are predicted by a network fine-tuned "
    "without their ratings and audio, and without pseudo-labels from an SVR fitted to them."
)
TEACHER = (
    " The SVRs that use the teacher do not ship: they need the teacher, a separate network, in addition."
)
COMMON_LIMITS = """- Valence is harder than arousal, for listeners too: treat it as an estimate.
- The ratings are the mean emotion that listeners perceive, not what an individual feels.
- Predicted valence is compressed: its standard deviation is {spread:.0%} of that of the mean ratings.
"""


def model_card(
    weights: Weights,
    study: Study,
    description: str,
    recipe: Recipe,
    *,
    across: Sequence[CrossRow] = (),
    tags: Sequence[TagTable] = (),
) -> str:
    """Return the Markdown of ``MODEL_CARD.md``.

    Parameters
    ----------
    weights : that the card describes
    study : results of the recipe
    description : of the network
    across, tags : figures on other data sets and of tags; each section is omitted if there are none
    """
    n_clips, n_seeds = len(study.names), len(study.folds)
    held_out = isinstance(recipe, TrainingConfig) and recipe.split == "holdout"
    protocol = (HOLDOUT if held_out else FOLDS).format(
        n_clips=n_clips,
        n_folds=recipe.n_folds,
        seeds=f"{n_seeds} seed{'s' if n_seeds > 1 else ''}",
        independence=SUPERVISED if isinstance(recipe, TrainingConfig) else DISTILLED,
    )
    predicted = study.mean_predictions(study.ours)[:, 0]
    return CARD.format(
        model_id=weights.model_id,
        n_parameters=sum(p.numel() for p in build_network(weights).parameters()),
        n_features=weights.card.config.n_features,
        feature_id=weights.card.feature_id,
        description=description,
        training_data=weights.card.training_data.strip(),
        protocol=protocol,
        spread="seeds" if held_out else "all folds",
        figures=fold_table(study),
        legend=LEGEND,
        teacher="" if isinstance(recipe, TrainingConfig) else TEACHER,
        comparison=comparison(study, recipe.seed),
        verdict=verdict(study),
        more=_more(across, tags),
        limits=COMMON_LIMITS.format(spread=predicted.std() / study.targets[:, 0].std()),
    )


def _more(across: Sequence[CrossRow], tags: Sequence[TagTable]) -> str:
    sections = [("Other data sets", cross_section(across))] if across else []
    sections += [("Tags heard", tag_section(tags))] if tags else []
    return "".join(f"\n## {head}\n{body}\n" for head, body in sections)


def comparison(study: Study, seed: int) -> str:
    """Return the difference in r to the SVR, with its interval, as a table."""
    rows = [
        [dimension, f"{each['gain']:+.3f}", f"{each['low']:+.3f} to {each['high']:+.3f}"]
        for dimension, each in correlation_gain(study, SVR, seed).items()
    ]
    return table(["", f"{study.ours} minus SVR", "95 % interval"], rows)


def verdict(study: Study) -> str:
    """Return sentences that compare the network with the SVR."""
    ours, theirs = fold_means(study, study.ours)["r"], fold_means(study, SVR)["r"]
    sentences = []
    for column, dimension in enumerate(DIMENSIONS):
        relation = "is better than" if ours[column] > theirs[column] else "**is worse than**"
        sentences.append(
            f"For {dimension} the network {relation} the SVR (mean r {ours[column]:.2f} against "
            f"{theirs[column]:.2f})."
        )
    return " ".join(sentences)
