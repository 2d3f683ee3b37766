"""``train`` and ``evaluate``: a configuration and a place in, events out, figures and weights at the end."""

from __future__ import annotations

import importlib.util
from dataclasses import asdict
from pathlib import Path

from musimo.atomic import write_atomically
from musimo.audio.features import FEATURE_ID
from musimo.emotion.network import network_tensors
from musimo.emotion.weights import ModelCard, load_weights, save_weights
from musimo.errors import MusimoError, UsageError
from musimo.resources import weights_path
from musimo.training.card import model_card
from musimo.training.config import TrainingConfig, load_table
from musimo.training.flow import Flow
from musimo.training.given import Given
from musimo.training.log import logged
from musimo.training.measure import (
    MANY,
    Elsewhere,
    defined,
    figures_of,
    film_music,
    paper_rows,
    paper_set_1,
    study_of,
    tables_of,
    transfers_between,
)
from musimo.training.paper import Measured
from musimo.training.place import Place, open_out
from musimo.training.progress import Finished, Note, Work
from musimo.training.rated import Rated, load_rated, other_labels
from musimo.training.recipe import Recipe, kind_of, load_recipe
from musimo.training.report import write_report
from musimo.training.retrieval_figures import RetrievalConfig, RetrievalTable
from musimo.training.supervised import Supervised
from musimo.training.transfer import SmokeTest, Transfer

EXTRA = ("sklearn", "matplotlib", "scipy")  # what the extra ``train`` brings


def train(config: Path, place: Place) -> Work[None]:
    """Make weights: figures, network, weights file, model card.

    Yields
    ------
    The events of the work; the last is a `Finished`

    Raises
    ------
    SettingsError : the configuration cannot be read
    UsageError : data are missing, or the folder of results is another recipe's
    MusimoError : the extra ``train`` is not installed; a process crashed
    """
    _need_extra()
    recipe = load_recipe(config)
    open_out(place, recipe)
    yield from logged(_train(recipe, place), place.out)


def evaluate(config: Path, place: Place, weights: Path | None = None) -> Work[None]:
    """Measure what a configuration makes, or given weights by its folds; events and errors as of `train`."""
    _need_extra()
    if kind_of(config, ("supervised", "distilled", "retrieval")) == "retrieval":
        yield from _retrieval(config, place, weights)
        return
    recipe = load_recipe(config)
    open_out(place, recipe)
    yield from logged(_evaluate(recipe, place, weights), place.out)


def _train(recipe: Recipe, place: Place) -> Work[None]:
    flow = _flow(recipe, place)
    rated = yield from load_rated(recipe.dataset, place)
    study = yield from study_of(flow, rated, _seeds(recipe), place, _title(rated))
    made = yield from flow.make(rated)
    figures = figures_of(study, recipe.seed)
    card = ModelCard(recipe.version, FEATURE_ID, made.network.config, recipe.training_data.strip(), figures)
    weights = save_weights(place.out, network_tensors(made.network), made.means, made.sds, made.space, card)
    page = place.out / "MODEL_CARD.md"
    write_atomically(page, model_card(load_weights(weights, FEATURE_ID), study, flow.words, recipe).encode())
    report = write_report(
        study, place.out / "report", measured=paper_rows([study], recipe.dataset.name), seed=recipe.seed
    )
    yield Finished(figures, "", report, weights, page)


def _evaluate(recipe: Recipe, place: Place, weights: Path | None) -> Work[None]:
    flow = _flow(recipe, place) if weights is None else Given(recipe, load_weights(weights, FEATURE_ID))
    rated = yield from load_rated(recipe.dataset, place)
    sets = [each for each in (rated, other_labels(rated, place)) if each is not None]
    sets.sort(key=lambda each: each.label_set == "shipped")  # the headline is what the labels should be
    studies = []
    for each in sets:
        studies.append((yield from study_of(flow, each, _seeds(recipe), place, _title(each))))
    elsewhere = yield from _elsewhere(flow, rated, recipe, place)
    measured = {**paper_rows(studies, recipe.dataset.name), **elsewhere.measured}
    folder = place.out / ("report" if weights is None else f"report-{weights.stem}")
    pages = [
        write_report(
            study,
            folder if number == 0 else folder / study.label_set,
            measured=measured,
            transfers=elsewhere.transfers if number == 0 else (),
            smokes=elsewhere.smokes if number == 0 else (),
            seed=recipe.seed,
        )
        for number, study in enumerate(studies)
    ]
    figures: dict[str, object] = {
        each.name: figures_of(study, recipe.seed) for each, study in zip(sets, studies, strict=True)
    }
    if elsewhere.transfers:
        figures["transfers"] = [defined(asdict(each)) for each in elsewhere.transfers]
    if elsewhere.smokes:
        figures["smoke_tests"] = [defined(asdict(each)) for each in elsewhere.smokes]
    tables = "\n\n".join(tables_of(page.read_text(encoding="utf-8")) for page in pages)
    yield Finished(figures, tables, pages[0])


def _elsewhere(flow: Flow, source: Rated, recipe: Recipe, place: Place) -> Work[Elsewhere]:
    """The data sets of ``cross``, there and, where they are large enough to learn from, back."""
    transfers: list[Transfer] = []
    smokes: list[SmokeTest] = []
    measured: dict[str, Measured] = {}
    made = None
    for dataset in recipe.cross:
        try:
            target = yield from load_rated(dataset, place)
        except UsageError as error:
            yield Note(f"not measured on {dataset.name}: {error.message}")
            continue
        made = made or (yield from flow.make(source))
        if dataset.name == "soundtracks":
            smoke = film_music(target, made, place.data / dataset.name)
            smokes += [smoke] if smoke else []
            measured |= paper_set_1(target, made)
        if len(target.clips) >= MANY:
            transfers += transfers_between(source, target, made)
            if not isinstance(flow, Given):
                transfers += transfers_between(target, source, (yield from flow.make(target)))
    return Elsewhere(tuple(transfers), tuple(smokes), measured)


def _retrieval(config: Path, place: Place, weights: Path | None) -> Work[None]:
    """How well `similar` finds its way, in the space of the weights."""
    from musimo.training.retrieval import evaluate_retrieval

    recipe = load_table(RetrievalConfig, config)
    teacher = place.teacher if place.teacher.is_file() else None
    found = None
    for event in evaluate_retrieval(recipe, place.music, place.out / "heard", teacher, weights_path(weights)):
        if isinstance(event, RetrievalTable):
            found = event
        else:
            yield event
    assert found is not None  # it is the last event
    page = place.out / "report.md"
    place.out.mkdir(parents=True, exist_ok=True)
    write_atomically(page, f"{found.markdown()}\n".encode())
    figures = defined(asdict(found))
    assert isinstance(figures, dict)
    yield Finished(figures, found.markdown(), page)


def _flow(recipe: Recipe, place: Place) -> Flow:
    if isinstance(recipe, TrainingConfig):
        return Supervised(recipe, place)
    from musimo.training.distilled import Distilled  # which needs the extra

    flow = Distilled(recipe, place)
    flow.check()
    return flow


def _seeds(recipe: Recipe) -> range:
    return range(recipe.seed, recipe.seed + recipe.n_seeds)


def _title(rated: Rated) -> str:
    return f"How well valence and arousal are met: {rated.name}"


def _need_extra() -> None:
    """Refuse before any work what would fail after it."""
    lacking = [name for name in EXTRA if importlib.util.find_spec(name) is None]
    if lacking:
        raise MusimoError(f"training needs {' and '.join(lacking)}", "pip install 'musimo[train]'")
