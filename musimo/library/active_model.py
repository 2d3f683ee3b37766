"""Which model answers: the one before, until a new one has heard all; so no upgrade takes answers away.

A musimo that brings a new network no longer has the one before, so a library keeps a copy of the weights it
answers with, in a folder beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import update

from musimo.atomic import write_atomically
from musimo.errors import MusimoError, NotFoundError, WeightsError
from musimo.library.db.calibrations import carry_over
from musimo.library.db.queries import Store
from musimo.library.db.schema import library_state
from musimo.library.db.transactions import transaction


@dataclass(frozen=True, slots=True)
class Move:
    """A library on its way from the model that answers to another.

    Parameters
    ----------
    model : that has not heard all yet
    heard : sounds that it has heard
    sounds : sounds that it has to hear before it answers
    """

    model: str
    heard: int
    sounds: int


def answering_weights(store: Store, weights: Path) -> Path:
    """The weights a library answers with: ``weights``, or those before while these have not heard all.

    Parameters
    ----------
    store : the library, seen through the model of ``weights``
    weights : those in use
    """
    before = store.answering_model()
    if before is None or before == store.model:
        return weights
    kept = kept_weights(store.path, before)
    return kept if kept.is_file() and _has_to_hear(store, before) else weights


def move_from(store: Store, before: str) -> Move | None:
    """How far the model of ``store`` is on its way to replace ``before``; None where it is not on its way."""
    if before == store.model:
        return None
    return Move(store.model, *store.progress(before))


def weights_to_stay(store: Store, weights: Path) -> Path:
    """The weights that keep the library on the model that answers.

    Raises
    ------
    WeightsError : they are not there any more
    """
    before = store.answering_model()
    if before is None or before == weights.stem:
        return weights
    kept = kept_weights(store.path, before)
    if not kept.is_file():
        raise WeightsError(
            f"the library answers by {before}, whose weights are not at {kept}",
            "name them with --weights FILE, or scan without --keep-model: then all is heard anew",
        )
    return kept


def settle(store: Store) -> None:
    """Let the model of ``store`` answer, by the owner's ear, if it has heard all that the one before has."""
    before = store.answering_model()
    if before == store.model or (before is not None and _has_to_hear(store, before)):
        return
    carry_over(store, before)
    with transaction(store) as connection:
        connection.execute(update(library_state).values(model=store.model))


def keep_weights(store: Store, weights: Path) -> None:
    """Copy the weights beside the library, in the place of others, if it answers by them.

    Raises
    ------
    MusimoError : they cannot be copied; until an upgrade the library does without
    """
    if store.answering_model() != weights.stem:
        return
    kept = kept_weights(store.path, weights.stem)
    try:
        if not kept.is_file():
            kept.parent.mkdir(exist_ok=True)
            write_atomically(kept, weights.read_bytes())
        for other in kept.parent.glob("*.safetensors"):
            if other != kept:
                other.unlink()
    except OSError as error:
        raise MusimoError(f"cannot keep a copy of the weights in {kept.parent}: {error.strerror}") from error


def kept_weights(library: Path, model: str) -> Path:
    """Where a library keeps the weights of a model."""
    return library.with_name(f"{library.name}.models") / f"{model}.safetensors"


def not_analysed(store: Store, what: str, heard_by: Sequence[str]) -> NotFoundError:
    """What to say of sounds that the model of ``store`` has not heard; other models may have."""
    others = [other for other in heard_by if other != store.model]
    if others:
        return NotFoundError(
            f"{what} is analysed by the model that answers, {store.model}, only by {', '.join(others)}",
            "hear all music by the model in use, once: musimo scan FOLDER",
        )
    return NotFoundError(
        f"{what} is in the library, but not analysed by {store.model}",
        "if it failed, musimo errors tells why; if not, scan its folder again",
    )


def _has_to_hear(store: Store, before: str) -> bool:
    heard, sounds = store.progress(before)
    return heard < sounds
