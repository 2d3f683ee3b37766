"""``train`` and ``evaluate``: from a configuration and a workspace to figures, weights and reports."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from musimo.atomic import write_atomically
from musimo.audio.features import FEATURE_ID
from musimo.emotion.network import network_tensors
from musimo.emotion.weights import ModelCard, load_weights, save_weights
from musimo.errors import UsageError
from musimo.installation import require_training
from musimo.resources import weights_path
from musimo.training.config import TrainingConfig, load_table
from musimo.training.cross_dataset import CrossRow, out_of_fold_rows
from musimo.training.cross_validation import NETWORK
from musimo.training.fixed_weights import FixedWeights
from musimo.training.model_card import model_card
from musimo.training.paper_tables import Measured
from musimo.training.progress import Finished, Note, Work
from musimo.training.rated_dataset import RatedDataset, load_rated_dataset, with_other_labels
from musimo.training.recipe import Recipe, kind_of, load_recipe
from musimo.training.report import write_report
from musimo.training.results import (
    MIN_TRANSFER_CLIPS,
    CrossDatasetResults,
    bandwidth_rows,
    cross_predictions,
    evaluation_set,
    extract_tables,
    json_safe,
    make_study,
    paper_rows,
    paper_set_1,
    soundtracks_smoke_test,
    study_figures,
    tag_tables,
    transfers_of,
)
from musimo.training.retrieval_metrics import RetrievalConfig, RetrievalTable
from musimo.training.run_log import write_log
from musimo.training.supervised import SupervisedTrainer
from musimo.training.tag_metrics import TagTable
from musimo.training.trainer import TagTeacher, Trainer
from musimo.training.transfer import SmokeTest, Transfer
from musimo.training.workspace import Workspace, open_workspace


def train(config: Path, workspace: Workspace) -> Work[None]:
    """Train a network: figures, weights file, model card and report.

    Parameters
    ----------
    config : configuration file
    workspace : folders, device and cores

    Yields
    ------
    Events; the last is a `Finished`

    Raises
    ------
    SettingsError : the configuration cannot be read
    UsageError : data are missing, or the folder of results belongs to another recipe
    MusimoError : the extra ``train`` is not installed, or a process crashed
    """
    require_training()
    recipe = load_recipe(config)
    open_workspace(workspace, recipe)
    yield from write_log(_train(recipe, workspace), workspace.out)


def evaluate(config: Path, workspace: Workspace, weights: Path | None = None) -> Work[None]:
    """Evaluate a configuration's recipe, or existing weights on its folds; yield and raise as `train`."""
    require_training()
    if kind_of(config, ("supervised", "distilled", "retrieval")) == "retrieval":
        yield from _retrieval(config, workspace, weights)
        return
    recipe = load_recipe(config)
    open_workspace(workspace, recipe)
    yield from write_log(_evaluate(recipe, workspace, weights), workspace.out)


def _train(recipe: Recipe, workspace: Workspace) -> Work[None]:
    trainer = _make_trainer(recipe, workspace)
    rated = yield from load_rated_dataset(recipe.dataset, workspace)
    study = yield from make_study(trainer, rated, _seeds(recipe), workspace, _title(rated))
    final = yield from trainer.train_final(rated)
    figures = study_figures(study, recipe.seed)
    card = ModelCard(
        recipe.version, FEATURE_ID, final.network.config, recipe.training_data.strip(), figures, final.tags
    )
    weights = save_weights(
        workspace.out, network_tensors(final.network), final.means, final.sds, final.space, card
    )
    page = workspace.out / "MODEL_CARD.md"
    across = out_of_fold_rows(study, rated.name, recipe.seed) if any(study.quadrants) else []
    tags = yield from _evaluate_tags(trainer, rated, rated, recipe.seed)
    loaded = load_weights(weights, FEATURE_ID)
    text = model_card(loaded, study, trainer.description, recipe, across=across, tags=tags)
    write_atomically(page, text.encode())
    report = write_report(
        study,
        workspace.out / "report",
        measured=paper_rows([study], recipe.dataset.name),
        across=across,
        tags=tags,
        seed=recipe.seed,
    )
    yield Finished(figures, "", report, weights, page)


def _evaluate(recipe: Recipe, workspace: Workspace, weights: Path | None) -> Work[None]:
    trainer = (
        _make_trainer(recipe, workspace)
        if weights is None
        else FixedWeights(recipe, load_weights(weights, FEATURE_ID))
    )
    rated = yield from load_rated_dataset(recipe.dataset, workspace)
    sets = [each for each in (rated, with_other_labels(rated, workspace)) if each is not None]
    sets.sort(key=lambda each: each.label_set == "shipped")  # corrected labels come first
    studies = []
    for each in sets:
        studies.append((yield from make_study(trainer, each, _seeds(recipe), workspace, _title(each))))
    across = yield from _evaluate_across(trainer, rated, recipe, workspace)
    tags = [*(yield from _evaluate_tags(trainer, rated, rated, recipe.seed)), *across.tags]
    rows = [*across.rows]
    if rows or any(studies[0].quadrants):
        rows = [*out_of_fold_rows(studies[0], rated.name, recipe.seed), *rows]
    measured = {**paper_rows(studies, recipe.dataset.name), **across.measured}
    folder = workspace.out / ("report" if weights is None else f"report-{weights.stem}")
    pages = [
        write_report(
            study,
            folder if number == 0 else folder / study.label_set,
            measured=measured,
            across=rows if number == 0 else (),
            tags=tags if number == 0 else (),
            transfers=across.transfers if number == 0 else (),
            smokes=across.smokes if number == 0 else (),
            seed=recipe.seed,
        )
        for number, study in enumerate(studies)
    ]
    figures: dict[str, object] = {
        each.name: study_figures(study, recipe.seed) for each, study in zip(sets, studies, strict=True)
    }
    if rows:
        figures["across"] = [json_safe(asdict(each)) for each in rows]
    if tags:
        figures["tags"] = [json_safe(asdict(each)) for each in tags]
    if across.transfers:
        figures["transfers"] = [json_safe(asdict(each)) for each in across.transfers]
    if across.smokes:
        figures["smoke_tests"] = [json_safe(asdict(each)) for each in across.smokes]
    tables = "\n\n".join(extract_tables(page.read_text(encoding="utf-8")) for page in pages)
    yield Finished(figures, tables, pages[0])


def _evaluate_across(
    trainer: Trainer, source: RatedDataset, recipe: Recipe, workspace: Workspace
) -> Work[CrossDatasetResults]:
    """Evaluate on the data sets of ``cross``, and in the reverse direction if they are large enough."""
    rows: list[CrossRow] = []
    tags: list[TagTable] = []
    transfers: list[Transfer] = []
    smokes: list[SmokeTest] = []
    measured: dict[str, Measured] = {}
    for dataset in recipe.cross:
        try:
            target = yield from load_rated_dataset(dataset, workspace)
        except UsageError as error:
            yield Note(f"not evaluated on {dataset.name}: {error.message}")
            continue
        if dataset.name == "soundtracks":
            final = yield from trainer.train_final(source)
            smoke = soundtracks_smoke_test(target, final, workspace.data / dataset.name)
            smokes += [smoke] if smoke else []
            measured |= paper_set_1(target, final)
        if len(target.clips) < MIN_TRANSFER_CLIPS:
            continue
        tags += yield from _evaluate_tags(trainer, source, target, recipe.seed)
        pairs = [(source, target), (target, source)]
        for trained_on, tested_on in pairs[:1] if isinstance(trainer, FixedWeights) else pairs:
            found = yield from _transfer(trainer, trained_on, tested_on, recipe.seed)
            transfers += found.transfers
            rows += found.rows
        study = yield from make_study(trainer, target, [recipe.seed], workspace, _title(target))
        rows += out_of_fold_rows(study, target.name, recipe.seed) + bandwidth_rows(target, recipe.seed)
    return CrossDatasetResults(tuple(rows), tuple(tags), tuple(transfers), tuple(smokes), measured)


def _transfer(
    trainer: Trainer, trained_on: RatedDataset, tested_on: RatedDataset, seed: int
) -> Work[CrossDatasetResults]:
    """Train on one data set, without the artists of the other, and evaluate on the other."""
    training_set = trained_on.without_artists_of(tested_on)
    if training_set is not trained_on and len(training_set.clips) < MIN_TRANSFER_CLIPS:
        yield Note(f"{trained_on.name} has too few artists that are not in {tested_on.name}")
        return CrossDatasetResults()
    network = yield from trainer.train_final(training_set)
    predictions = cross_predictions(training_set, tested_on, network)
    evaluated, rows = evaluation_set(tested_on, seed), []
    for method, predicted in predictions.items():
        name, n_train = trained_on.name, len(training_set.clips)
        if method == NETWORK and isinstance(trainer, FixedWeights):  # what they were trained on is unknown
            rows += evaluated.rows(trainer.weights.model_id, None, {method: [predicted]})
        else:
            rows += evaluated.rows(name, n_train, {method: [predicted]})
    transfers = transfers_of(trained_on.name, tested_on, predictions)
    return CrossDatasetResults(rows=tuple(rows), transfers=tuple(transfers))


def _evaluate_tags(
    trainer: Trainer, source: RatedDataset, rated: RatedDataset, seed: int
) -> Work[list[TagTable]]:
    """Evaluate the tags that the network trained on ``source`` hears in clips; none if it hears none."""
    if not isinstance(trainer, TagTeacher | FixedWeights):
        return []
    network = yield from trainer.train_final(source)
    if not network.tags:
        return []
    teacher = (yield from trainer.teacher_tags(rated)) if isinstance(trainer, TagTeacher) else None
    return tag_tables(rated, network.hear(rated.features), teacher, seed)


def _retrieval(config: Path, workspace: Workspace, weights: Path | None) -> Work[None]:
    """Evaluate the retrieval of `similar` in the sound space of the weights."""
    from musimo.training.retrieval import evaluate_retrieval

    recipe = load_table(RetrievalConfig, config)
    teacher = workspace.teacher if workspace.teacher.is_file() else None
    found = None
    for event in evaluate_retrieval(
        recipe, workspace.music, workspace.out / "heard", teacher, weights_path(weights)
    ):
        if isinstance(event, RetrievalTable):
            found = event
        else:
            yield event
    assert found is not None  # it is the last event
    page = workspace.out / "report.md"
    workspace.out.mkdir(parents=True, exist_ok=True)
    write_atomically(page, f"{found.markdown()}\n".encode())
    figures = json_safe(asdict(found))
    assert isinstance(figures, dict)
    yield Finished(figures, found.markdown(), page)


def _make_trainer(recipe: Recipe, workspace: Workspace) -> Trainer:
    if isinstance(recipe, TrainingConfig):
        return SupervisedTrainer(recipe, workspace)
    from musimo.training.distilled import DistilledTrainer  # needs the extra ``train``

    trainer = DistilledTrainer(recipe, workspace)
    trainer.check()
    return trainer


def _seeds(recipe: Recipe) -> range:
    return range(recipe.seed, recipe.seed + recipe.n_seeds)


def _title(rated: RatedDataset) -> str:
    return f"Accuracy of valence and arousal: {rated.name}"
