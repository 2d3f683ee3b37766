"""Make the shipped weights: a backbone taught on unlabelled music, then ratings from labelled clips.

    python scripts/distil.py CONFIG --music FOLDER --teacher FILE --data FOLDER --out FOLDER

``--music`` holds freely licensed music, ``--teacher`` is the .npz of MSD-MusiCNN's weights, ``--data`` the
labelled data set. Stop it whenever you like: the same command goes on where it stopped. Needs the extra
``train``.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

import torch
from torch.multiprocessing.spawn import spawn

from musimo.audio.features import FEATURE_ID
from musimo.emotion.weights import ModelCard, load_weights, save_weights
from musimo.errors import MusimoError, UsageError
from musimo.training.clips import cached_features, ratings_of
from musimo.training.corpus import prepare
from musimo.training.describe import describe_clips, describe_music
from musimo.training.distil_card import compared, distilled_card
from musimo.training.distill import trained, work_together
from musimo.training.evaluate import summarize_folds, table
from musimo.training.finish import condense, cross_validate, finish, out_of_fold
from musimo.training.recipe import DistilRecipe, load_recipe
from musimo.training.teacher import MusicNN

CHANCE = 1000  # seeds of the shipped heads count from here times the recipe's, apart from those of the folds


def main() -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path)
    parser.add_argument("--music", type=Path, required=True, help="folder of unlabelled music")
    parser.add_argument("--teacher", type=Path, required=True, help="weights of MSD-MusiCNN, .npz")
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled data set")
    parser.add_argument("--out", type=Path, required=True, help="folder for caches, checkpoints and results")
    parser.add_argument("--processes", type=int, default=2, help="one core each")
    options = parser.parse_args()
    torch.set_num_threads(1)
    try:
        make(load_recipe(options.config), options)
    except MusimoError as error:
        print(f"{error.message}\n{error.hint}".strip(), file=sys.stderr)
        return 1
    return 0


def make(recipe: DistilRecipe, options: argparse.Namespace) -> None:
    """Corpus, backbone, figures, ratings, weights, card."""
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    note = out / "recipe.txt"
    if note.is_file() and note.read_text(encoding="utf-8") != repr(recipe):
        raise UsageError(f"{out} holds the work of another recipe", "name another folder with --out")
    note.write_text(repr(recipe), encoding="utf-8")
    clips = import_module(f"musimo.training.datasets.{recipe.dataset}").load(options.data)
    corpora = prepare(options.music, out / "corpus", options.teacher, recipe.corpus, options.processes)
    print(", ".join(f"{len(corpus.done)} rows of {corpus.n_steps} steps" for corpus in corpora), flush=True)

    checkpoint = out / "backbone.pt"
    (out / "meeting").unlink(missing_ok=True)  # where processes of a run that was stopped met
    folders = [(corpus.folder, corpus.n_steps) for corpus in corpora]
    spawn(  # type: ignore[no-untyped-call]
        work_together, (folders, recipe.distill, checkpoint, options.processes), options.processes
    )
    student, scales = trained(checkpoint, recipe.distill)
    network = student.network
    print(f"backbone: {checkpoint}", flush=True)

    ratings, groups = ratings_of(clips), [clip.group for clip in clips]
    features = cached_features(clips, out / "features", options.processes)
    known = describe_clips(clips, features, MusicNN(options.teacher), network, scales)
    music = describe_music(corpora, network, scales, out / "music.npz")
    folds, predictions = [], []
    for seed in range(recipe.seed, recipe.seed + recipe.n_seeds):
        of_seed = list(
            cross_validate(network, known, ratings, groups, music, recipe.heads, recipe.n_folds, seed)
        )
        folds += of_seed
        predictions.append(out_of_fold(of_seed, groups, ratings, recipe.n_folds, seed))
        print(f"seed {seed}\n{table(summarize_folds(of_seed))}", flush=True)
    summary = summarize_folds(folds)
    comparison, gains = compared(groups, ratings, predictions, recipe.seed)

    chance = recipe.seed * CHANCE
    tops = finish(network, known, ratings, music, recipe.heads, chance)
    if len(tops) > 1:
        tops = [condense(network, tops, known, music, recipe.heads, chance + CHANCE - 1)]
    figures = {
        f"{recipe.n_folds} folds grouped by artist, {recipe.n_seeds} seeds, 1-9, mean and SD": summary,
        "r above the SVR on clip statistics, 95 %": gains,
    }
    card = ModelCard(recipe.version, FEATURE_ID, network.config, recipe.training_data.strip(), figures)
    means, sds = (row.numpy() for row in scales.features)
    path = save_weights(out, tops[0].put_into(network), means, sds, card)
    text = distilled_card(
        load_weights(path, FEATURE_ID), summary, comparison, len(clips), recipe.n_folds, recipe.n_seeds
    )
    (out / "MODEL_CARD.md").write_text(text, encoding="utf-8")
    print(f"{path}\n{out / 'MODEL_CARD.md'}")


if __name__ == "__main__":
    sys.exit(main())
