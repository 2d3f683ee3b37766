"""From predictions to reported results: studies, transfer to other data sets, tables of the paper."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from musimo.training.bandwidth import bandwidths
from musimo.training.baselines import BASELINES, stack_statistics
from musimo.training.bootstrap import interval, paired_bootstrap
from musimo.training.cross_dataset import BANDWIDTH, UNTRAINED, CrossRow, EvaluationSet
from musimo.training.cross_validation import NETWORK
from musimo.training.datasets.loading import find_files, first_named, read_table
from musimo.training.markdown import DIMENSIONS
from musimo.training.metrics import METRICS, Matrix, figures, pearson
from musimo.training.paper_tables import Measured
from musimo.training.progress import Work
from musimo.training.rated_dataset import RatedDataset
from musimo.training.study import Study
from musimo.training.tag_metrics import NETWORK as TAGS_NETWORK
from musimo.training.tag_metrics import TEACHER as TAGS_TEACHER
from musimo.training.tag_metrics import TagScores, TagTable, against_genres, against_teacher
from musimo.training.trainer import OutOfFold, TrainedNetwork, Trainer, fold_folder
from musimo.training.transfer import SmokeTest, Transfer, smoke_test, transfer
from musimo.training.workspace import Workspace

SVR = "SVR on clip statistics"
MIN_TRANSFER_CLIPS = 100  # with fewer, nothing but the sign of a correlation is train_statistics
PAPER_SET_1 = 261  # excerpts of Soundtracks Set 1 in Table II


def make_study(
    trainer: Trainer,
    rated: RatedDataset,
    seeds: Sequence[int],
    workspace: Workspace,
    title: str,
    notes: Sequence[str] = (),
) -> Work[Study]:
    """Collect the out-of-fold predictions of every seed in a study of the tested clips."""
    parts: list[OutOfFold] = []
    for seed in seeds:
        parts.append((yield from trainer.out_of_fold(rated, seed, fold_folder(workspace, rated, seed))))
    tested = np.flatnonzero(parts[0].fold_of >= 0)
    return Study(
        title=title,
        recipe=trainer.description,
        names=tuple(rated.clips[i].name for i in tested.tolist()),
        groups=tuple(rated.clips[i].group for i in tested.tolist()),
        genres=tuple(rated.clips[i].genre for i in tested.tolist()),
        quadrants=tuple(rated.clips[i].quadrant for i in tested.tolist()),
        targets=rated.ratings[tested],
        predictions={
            name: np.stack([part.predictions[name][tested] for part in parts])
            for name in parts[0].predictions
        },
        folds=np.stack([part.fold_of[tested] for part in parts]),
        ours=NETWORK,
        curves=tuple(curve for part in parts for curve in part.curves),
        notes=tuple(notes),
        label_set=rated.label_set,
    )


@dataclass(frozen=True, slots=True)
class CrossDatasetResults:
    """Figures on other data sets."""

    rows: tuple[CrossRow, ...] = ()
    tags: tuple[TagTable, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    smokes: tuple[SmokeTest, ...] = ()
    measured: Mapping[str, Measured] = field(default_factory=dict)


def cross_predictions(
    source: RatedDataset, target: RatedDataset, network: TrainedNetwork
) -> dict[str, Matrix]:
    """Predict ``target`` by our network and by the baselines, trained on ``source`` [shape=(n, 2)]."""
    test_statistics = stack_statistics(target.features)
    train_statistics = stack_statistics(source.features)
    predictions = {NETWORK: network.rate(target.features)}
    predictions |= {
        name: baseline(train_statistics, source.ratings, test_statistics)
        for name, baseline in BASELINES.items()
        if name != "mean rating"
    }
    return predictions


def transfers_of(source: str, target: RatedDataset, predictions: Mapping[str, Matrix]) -> list[Transfer]:
    """Return the figures of predictions for ``target`` by methods trained on the data set ``source``."""
    return [
        transfer(source, target.name, method, target.ratings, predicted, target.groups)
        for method, predicted in predictions.items()
    ]


def evaluation_set(rated: RatedDataset, seed: int) -> EvaluationSet:
    """Return the labels of a data set for `CrossRow`; ``seed`` is of the bootstrap."""
    return EvaluationSet(
        rated.name, rated.ratings, rated.groups, [clip.quadrant for clip in rated.clips], seed
    )


def bandwidth_rows(rated: RatedDataset, seed: int) -> list[CrossRow]:
    """Return the figures of bandwidth as the only predictor of both dimensions."""
    predicted = np.repeat(bandwidths(rated.features)[:, None], 2, axis=1)
    return evaluation_set(rated, seed).rows(UNTRAINED, None, {BANDWIDTH: [predicted]})


def tag_tables(
    rated: RatedDataset, heard: TagScores, teacher: TagScores | None = None, seed: int = 0
) -> list[TagTable]:
    """Compare tags heard in the clips of a data set with those of a teacher and with its genres, if any.

    Parameters
    ----------
    heard, teacher : scores of the clips; None for no teacher
    seed : of the bootstrap
    """
    tables = []
    if teacher is not None:
        tables.append(against_teacher(heard, teacher, rated.groups, f"Teacher, {rated.name}", seed=seed))
    genres = [clip.genres for clip in rated.clips]
    methods = {TAGS_NETWORK: heard} | ({} if teacher is None else {TAGS_TEACHER: teacher})
    table = against_genres(methods, genres, rated.groups, f"Genres, {rated.name}", seed)
    return [each for each in (*tables, table) if each.rows]


def soundtracks_smoke_test(target: RatedDataset, network: TrainedNetwork, folder: Path) -> SmokeTest | None:
    """Correlate predictions of Soundtracks with its ratings, tension included; None without tension."""
    one_set = target.dataset.part.removesuffix("-raw") or "set1"
    table = first_named(find_files(folder), f"mean_ratings_{one_set}.csv")
    if table is None:
        return None
    rows = read_table(table, "number", "tension")
    of_number = {int(float(row["number"])): float(row["tension"]) for row in rows}
    tension = np.array([of_number[int(clip.name.rsplit("-", 1)[1])] for clip in target.clips])
    valence, energy = target.ratings.T
    title = f"Soundtracks {one_set}, {len(target.clips)} excerpts"
    return smoke_test(title, network.rate(target.features), valence, energy, tension)


def fold_means(study: Study, method: str) -> dict[str, tuple[float, float]]:
    """Return every metric, averaged over folds and seeds: metric -> (valence, arousal)."""
    each = study.fold_figures(method)
    return {
        name: (float(np.mean([f[name][0] for f in each])), float(np.mean([f[name][1] for f in each])))
        for name in METRICS
    }


def paper_rows(studies: Iterable[Study], dataset: str) -> dict[str, Measured]:
    """Return our rows of Table I if the data set is the paper's."""
    if dataset != "deam":
        return {}
    return {"DEAM": {f"{NETWORK}, {study.label_set} labels": fold_means(study, NETWORK) for study in studies}}


def paper_set_1(target: RatedDataset, network: TrainedNetwork) -> dict[str, Measured]:
    """Return our row of Table II if enough of Soundtracks Set 1 is available."""
    if target.dataset.name != "soundtracks" or len(target.clips) < PAPER_SET_1:
        return {}
    return {"Soundtracks Set 1": {NETWORK: figures(target.ratings, network.rate(target.features))}}


def study_figures(study: Study, seed: int) -> dict[str, object]:
    """Return the figures of a study as JSON values; undefined ones are omitted.

    Returns
    -------
    folds : method -> metric -> ``valence``, ``valence_sd``, ``arousal``, ``arousal_sd``, over folds and seeds
    against : method -> ``valence``, ``arousal`` -> ``gain`` in r of all clips, ``low``, ``high`` (95 %)
    """
    others = [name for name in study.predictions if name != study.ours and not study.is_constant(name)]
    return {
        "clips": len(study.names),
        "artists": len(set(study.groups)),
        "seeds": len(study.folds),
        "folds": {name: _summary(study, name) for name in study.predictions},
        "against": {name: correlation_gain(study, name, seed) for name in others},
    }


def correlation_gain(study: Study, other: str, seed: int) -> dict[str, dict[str, float]]:
    """Return the difference in r of all clips to another method, with its 95 % interval over artists."""
    ours, theirs = study.predictions[study.ours], study.predictions[other]
    draws = paired_bootstrap(study.groups, study.targets, list(ours), list(theirs), seed=seed)
    document = {}
    for column, dimension in enumerate(DIMENSIONS):
        rated = study.targets[:, column]
        value = float(
            np.mean(
                [
                    pearson(rated, a[:, column]) - pearson(rated, b[:, column])
                    for a, b in zip(ours, theirs, strict=True)
                ]
            )
        )
        found = interval(value, draws[:, column])
        if math.isfinite(found.low):
            document[dimension] = {"gain": found.value, "low": found.low, "high": found.high}
    return document


def _summary(study: Study, method: str) -> dict[str, dict[str, float]]:
    each = study.fold_figures(method)
    summary = {}
    for metric in METRICS:
        values: Matrix = np.array([fold[metric] for fold in each])
        if np.isfinite(values).all():
            means, sds = values.mean(axis=0), values.std(axis=0, ddof=1) if len(values) > 1 else (0.0, 0.0)
            summary[metric] = {
                name: float(value)
                for column, dimension in enumerate(DIMENSIONS)
                for name, value in ((dimension, means[column]), (f"{dimension}_sd", sds[column]))
            }
    return summary


def json_safe(value: object) -> object:
    """Replace NaN and infinity by None, recursively; JSON has neither."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: json_safe(each) for name, each in value.items()}
    return [json_safe(each) for each in value] if isinstance(value, list | tuple) else value


def extract_tables(page: str) -> str:
    """Return the tables of a Markdown page with their headings."""
    lines: list[str] = []
    for line in page.splitlines():
        if line.startswith("#"):
            while lines and lines[-1].startswith("##"):
                lines.pop()  # a heading without a table
            lines.append(line)
        elif line.startswith("|"):
            lines.append(line)
    while lines and lines[-1].startswith("#"):
        lines.pop()
    parts = [f"\n{line}\n" if line.startswith("#") else line for line in lines]
    return "\n".join(parts).strip()
