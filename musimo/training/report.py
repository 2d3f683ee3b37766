"""The report of an evaluation: all figures of a study as Markdown, with plots beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from musimo.atomic import write_atomically
from musimo.errors import MusimoError
from musimo.training.bootstrap import (
    N_RESAMPLES,
    Interval,
    correlations,
    interval,
    mean_over_seeds,
    resample_groups,
)
from musimo.training.cross_dataset import CrossRow, cross_section
from musimo.training.markdown import (
    DIMENSIONS,
    UNDEFINED,
    escape,
    heading,
    number,
    spread,
    table,
    with_interval,
)
from musimo.training.metrics import ERRORS, LEGEND, METRICS, Matrix
from musimo.training.paper_tables import Measured, paper_section
from musimo.training.plots import (
    calibration,
    calibration_line,
    clips_by_genre,
    learning_curves,
    residuals_by_genre,
    scatter,
)
from musimo.training.study import Study
from musimo.training.tag_metrics import TagTable, tag_section
from musimo.training.transfer import SmokeTest, Transfer, smoke_section, transfer_section

NAME = "report.md"
ORDER_METRICS = (
    "r",
    "Spearman",
    "pairs",
    "CCC",
)  # meaningless for a method with constant predictions in each fold

Draws = Mapping[str, Mapping[str, Matrix]]
"""method -> metric -> [shape=(1 + n_resamples, 2)]: all clips once, then resampled artists"""


def write_report(
    study: Study,
    folder: Path,
    *,
    measured: Mapping[str, Measured] | None = None,
    across: Sequence[CrossRow] = (),
    tags: Sequence[TagTable] = (),
    transfers: Sequence[Transfer] = (),
    smokes: Sequence[SmokeTest] = (),
    seed: int = 0,
) -> Path:
    """Write ``report.md`` and its plots.

    Parameters
    ----------
    study : results
    folder : is created if missing
    measured : own figures for the tables of the paper, as in `paper_section`
    across, tags, transfers, smokes : figures on other data sets and of tags; each section is omitted if
        there are none
    seed : of the bootstrap

    Returns
    -------
    path of the page

    Raises
    ------
    MusimoError : the folder cannot be created or written, or matplotlib is missing
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MusimoError(f"cannot create {folder}: {error.strerror}", "name another folder") from error
    for name, draw in _pictures(study).items():
        write_atomically(folder / name, draw())
    page = report(
        study, measured=measured, across=across, tags=tags, transfers=transfers, smokes=smokes, seed=seed
    )
    write_atomically(folder / NAME, page.encode())
    return folder / NAME


def report(
    study: Study,
    *,
    measured: Mapping[str, Measured] | None = None,
    across: Sequence[CrossRow] = (),
    tags: Sequence[TagTable] = (),
    transfers: Sequence[Transfer] = (),
    smokes: Sequence[SmokeTest] = (),
    seed: int = 0,
) -> str:
    """Return the page; parameters as in `write_report`."""
    weights = np.vstack([np.ones(len(study.names)), resample_groups(study.groups, N_RESAMPLES, seed)])
    draws = {
        method: mean_over_seeds(weights, study.targets, values)
        for method, values in study.predictions.items()
    }
    n_groups = len(set(study.groups))
    sections = [
        ("", _opening(study)),
        (
            "Every fold and seed",
            f"Mean ± standard deviation over folds and seeds.\n\n{fold_table(study)}\n\n{LEGEND}",
        ),
        (
            "Confidence intervals",
            f"All clips together, mean over seeds, with 95 % intervals: cluster bootstrap over the "
            f"{n_groups} artists, {N_RESAMPLES:,} resamples. {_POOLED}\n\n{interval_table(study, draws)}",
        ),
        (
            f"{escape(study.ours)} against the other methods",
            "Paired differences of the figures above, on the same folds and the same resamples. **Bold**: "
            f"{escape(study.ours)} is better, and the interval excludes 0; (worse): it is worse, and the "
            f"interval excludes 0.\n\n{difference_table(study, draws)}",
        ),
        ("Predicted and mean ratings", _picture("scatter.png", "Predicted against mean ratings", _SCATTER)),
        (
            "Calibration",
            f"{_picture('calibration.png', 'Mean rating over predicted rating', _CALIBRATION)}\n\n"
            f"{calibration_table(study)}",
        ),
        ("Correlation of valence and arousal", f"{_COUPLING}\n\n{coupling_table(study, weights)}"),
        (
            "By genre",
            f"{_picture('genres.png', 'Residuals by genre', _GENRES)}\n\n{genre_table(study)}",
        ),
    ]
    if study.curves:
        sections.append(("Learning curves", _picture("curves.png", "Loss over epochs", _CURVES)))
    if across:
        sections.append(("Matrix of data sets", cross_section(across)))
    if transfers:
        sections.append(("Transfer to other data sets", transfer_section(transfers)))
    if smokes:
        sections.append(("Smoke test on film music", smoke_section(smokes)))
    if tags:
        sections.append(("Tags heard", tag_section(tags)))
    sections.append(("Tables of the paper", paper_section(measured or {})))
    return "\n\n".join(f"## {head}\n\n{body}" if head else body for head, body in sections) + "\n"


def fold_table(study: Study) -> str:
    """Return mean ± SD over folds and seeds: one row per dimension and method, one column per metric."""
    rows = []
    for column, dimension in enumerate(DIMENSIONS):
        for method in study.predictions:
            each = study.fold_figures(method)
            cells = [spread([fold[metric][column] for fold in each]) for metric in METRICS]
            rows.append([f"{dimension}, {escape(method)}", *cells])
    return table(["", *_HEADS], rows)


def interval_table(study: Study, draws: Draws) -> str:
    """Return every metric of all clips with its 95 % interval."""
    return table(
        ["", *_HEADS],
        [
            [
                f"{dimension}, {escape(method)}",
                *(
                    with_interval(_interval(draws[method][metric][:, column]))
                    if _is_meaningful(study, method, metric)
                    else UNDEFINED
                    for metric in METRICS
                ),
            ]
            for column, dimension in enumerate(DIMENSIONS)
            for method in study.predictions
        ],
    )


def difference_table(study: Study, draws: Draws) -> str:
    """Return our method minus each other: every metric, paired, with 95 % intervals."""

    def cell(other: str, metric: str, column: int) -> str:
        if not _is_meaningful(study, other, metric) or not _is_meaningful(study, study.ours, metric):
            return UNDEFINED
        gain = _interval((draws[study.ours][metric] - draws[other][metric])[:, column])
        better, worse = (gain.high < 0, gain.low > 0) if metric in ERRORS else (gain.low > 0, gain.high < 0)
        text = with_interval(gain, signed=True)
        return f"**{text}**" if better else f"{text} (worse)" if worse else text

    return table(
        ["", *_HEADS],
        [
            [f"{dimension}, against {escape(other)}", *(cell(other, metric, column) for metric in METRICS)]
            for column, dimension in enumerate(DIMENSIONS)
            for other in study.predictions
            if other != study.ours
        ],
    )


def calibration_table(study: Study) -> str:
    """Return bias, standard deviations and the regression line of mean ratings over predictions."""
    all_predicted = study.mean_predictions(study.ours)
    rows = []
    for column, dimension in enumerate(DIMENSIONS):
        rated, predicted = study.targets[:, column], all_predicted[:, column]
        bias = float((predicted - rated).mean())
        slope, intercept = calibration_line(rated, predicted)
        sds = (number(float(values.std())) for values in (predicted, rated))
        rows.append([dimension, number(bias, signed=True), *sds, number(slope), number(intercept)])
    return table(["", "mean residual", "SD predicted", "SD rated", "slope", "intercept"], rows)


def coupling_table(study: Study, weights: Matrix) -> str:
    """Return the correlation of valence and arousal of listeners and methods, with 95 % intervals."""
    rows = [["listeners", with_interval(_interval(correlations(weights, *study.targets.T)))]]
    for method, predictions in study.predictions.items():
        draws = np.mean([correlations(weights, *values.T) for values in predictions], axis=0)
        rows.append(
            [escape(method), UNDEFINED if study.is_constant(method) else with_interval(_interval(draws))]
        )
    return table(["", "r of valence with arousal"], rows)


def genre_table(study: Study) -> str:
    """Return the residuals of our method by genre; predictions are averaged over seeds."""
    residuals = study.mean_predictions(study.ours) - study.targets
    genres = clips_by_genre(study.genres)
    rows = []
    everything = ("all", list(range(len(residuals))))
    for name, clips in [*((escape(genre), clips) for genre, clips in genres.items()), everything]:
        part = residuals[clips]
        means, sds, errors = part.mean(axis=0), part.std(axis=0), np.abs(part).mean(axis=0)
        cells = [f"{means[i]:+.2f} ± {sds[i]:.2f}" for i in range(2)] + [f"{error:.2f}" for error in errors]
        rows.append([name, str(len(part)), cells[0], cells[2], cells[1], cells[3]])
    head = [
        "genre",
        "clips",
        *(f"{d}{what}" for d in DIMENSIONS for what in (", mean residual ± SD", ", MAE")),
    ]
    return table(head, rows)


def _opening(study: Study) -> str:
    """Return title, recipe, clips and folds, and notes."""
    n_folds, n_seeds = len(np.unique(study.folds)), len(study.folds)
    data = f"{len(study.names)} clips of {len(set(study.groups))} artists, {n_seeds} seed"
    data += "s" if n_seeds > 1 else ""
    if n_folds > 1:
        data += (
            f", {n_folds} folds. Clips of one artist are never in two folds; all methods use the same folds, "
            "and methods fitted fold by fold are evaluated out of fold"
        )
    data += ". Ratings are on the 1-9 scale."
    if study.label_set:
        data += f" Labels: {escape(study.label_set)}."
    return "\n\n".join([f"# {escape(study.title)}", study.recipe.strip(), data, *study.notes])


def _pictures(study: Study) -> dict[str, Callable[[], bytes]]:
    drawn: dict[str, Callable[[], bytes]] = {
        "scatter.png": lambda: scatter(study),
        "calibration.png": lambda: calibration(study),
        "genres.png": lambda: residuals_by_genre(study),
    }
    return drawn | ({"curves.png": lambda: learning_curves(study.curves)} if study.curves else {})


def _picture(name: str, text: str, caption: str) -> str:
    return f"![{text}]({name})\n\n{caption}"


def _interval(values: Matrix) -> Interval:
    """Return the interval of a column of `Draws`."""
    return interval(float(values[0]), values[1:])


def _is_meaningful(study: Study, method: str, metric: str) -> bool:
    """Return whether the metric of all clips together is meaningful for the method."""
    return metric not in ORDER_METRICS or not study.is_constant(method)


_HEADS = tuple(map(heading, METRICS))
_POOLED = (
    "Methods with one constant per fold (the mean rating) do not order clips: over all folds together, their "
    "correlations would reflect the means of the folds only, so they are omitted (–)."
)
_SCATTER = "Each point is a clip, its prediction the mean over seeds; r is averaged over the seeds."
_CALIBRATION = (
    "Clips ordered by prediction, in bins of equal size. The dashed line is perfect calibration; a slope "
    "above 1 means that predictions vary less than mean ratings."
)
_COUPLING = (
    "If a network confuses valence with arousal, its two predictions correlate more than the listeners' "
    "ratings. All clips together, mean over seeds, cluster bootstrap over artists."
)
_GENRES = "Predicted minus rated: above 0, the genre is overrated. Small genres are uncertain."
_CURVES = "Losses of every training behind the figures; the dot is the selected epoch."
