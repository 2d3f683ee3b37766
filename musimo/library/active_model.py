"""The active model: the previous one until a new one has analyzed every content, so an upgrade loses nothing.

A musimo with a new network no longer ships the previous one. A library therefore keeps a copy of the weights
of its active model, in a folder beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from musimo.errors import MusimoError, NotFoundError, WeightsError
from musimo.library.db.queries import Store


@dataclass(frozen=True, slots=True)
class ModelUpgrade:
    """Progress of a model that is to replace the active one.

    Parameters
    ----------
    model : name of the new model
    n_analyzed : contents that it has analyzed
    n_contents : contents that it has to analyze before it becomes active
    """

    model: str
    n_analyzed: int
    n_contents: int


def active_weights(store: Store, weights: Path) -> Path:
    """Return the weights that answer queries: ``weights``, or those of the active model until it is replaced.

    Parameters
    ----------
    store : the library, read through the model of ``weights``
    weights : those in use
    """
    before = store.active_model()
    if before is None or before == store.model:
        return weights
    kept = kept_weights(store.path, before)
    return kept if kept.is_file() and not _is_complete(store, before) else weights


def upgrade_progress(store: Store, before: str) -> ModelUpgrade | None:
    """Return how far the model of ``store`` is in replacing ``before``; None where they are the same."""
    if before == store.model:
        return None
    return ModelUpgrade(store.model, *store.progress(before))


def weights_to_keep(store: Store, weights: Path) -> Path:
    """Return the weights of the active model, for a scan that keeps it.

    Raises
    ------
    WeightsError : their copy is gone
    """
    before = store.active_model()
    if before is None or before == weights.stem:
        return weights
    kept = kept_weights(store.path, before)
    if not kept.is_file():
        raise WeightsError(
            f"the active model of the library is {before}, but its weights are not at {kept}",
            "name them with --weights FILE, or scan without --keep-model to analyze all music again",
        )
    return kept


def activate_if_complete(store: Store) -> None:
    """Activate the store's model, with its calibration, once it covers every content of the active one."""
    from musimo.library.calibration import carry_over
    from musimo.library.db import models
    from musimo.library.db.transactions import transaction

    before = store.active_model()
    if before == store.model or (before is not None and not _is_complete(store, before)):
        return
    carry_over(store, before)
    with transaction(store) as connection:
        models.set_active(connection, store.model)


def keep_weights(store: Store, weights: Path) -> None:
    """Copy the weights beside the library, if their model is active, and delete older copies.

    Raises
    ------
    MusimoError : they cannot be copied; the library needs the copy only after an upgrade
    """
    from musimo.atomic import write_atomically

    if store.active_model() != weights.stem:
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
    """Return the path at which a library keeps the weights of a model."""
    return library.with_name(f"{library.name}.models") / f"{model}.safetensors"


def not_analyzed(store: Store, what: str, analyzed_by: Sequence[str]) -> NotFoundError:
    """Return the error for content that the store's model has not analyzed; other models may have."""
    others = [other for other in analyzed_by if other != store.model]
    if others:
        return NotFoundError(
            f"{what} is not analyzed by the active model, {store.model}, only by {', '.join(others)}",
            "analyze all music with the model in use, once: musimo scan FOLDER",
        )
    return NotFoundError(
        f"{what} is in the library, but not analyzed by {store.model}",
        "musimo errors shows whether it failed; if not, scan its folder again",
    )


def _is_complete(store: Store, before: str) -> bool:
    n_analyzed, n_contents = store.progress(before)
    return n_analyzed >= n_contents
