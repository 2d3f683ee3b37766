"""A scan from first to last: which model hears, who else writes, and what has to follow."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from musimo.audio.features import FEATURE_ID
from musimo.errors import MusimoError
from musimo.library.active_model import keep_weights, settle, weights_to_stay
from musimo.library.db.journal import Journal
from musimo.library.db.lock import hold
from musimo.library.db.queries import Store
from musimo.library.scan.events import Audit, ScanEvent
from musimo.library.scan.scan import ScanOptions, no_folder, scan

if TYPE_CHECKING:
    from musimo.emotion.predictor import Predictor


def scan_library(
    library: Path,
    weights: Path,
    load_predictor: Callable[[Path], Predictor],
    folders: Sequence[bytes],
    options: ScanOptions,
    finish: Callable[[], Iterator[ScanEvent]],
    stop: Callable[[], bool],
    told: Callable[[str], None],
    *,
    wait: bool,
    keep_model: bool,
) -> Iterator[ScanEvent]:
    """Bring a library up to date with folders, as the only process that writes to it.

    Parameters
    ----------
    library : its file, which is made where there is none
    weights : of the model in use; with ``keep_model`` the one that answers takes its place
    load_predictor : called once there is something to hear
    finish : what follows while no other process may write, before the audit; its events are passed on
    stop : asked now and then
    told : hears sentences that a user should know
    wait : for another process that writes, in place of a LibraryError
    """
    for folder in folders:  # a typing mistake must not leave an empty library behind
        if not library.exists() and not os.path.isdir(folder):
            raise no_folder(folder)
    store = Store.open(library, weights.stem, create=True)
    if keep_model:
        weights = weights_to_stay(store, weights)
        store = Store(store.engine, store.path, weights.stem)
    with hold(store.path, wait=wait, stop=stop, on_wait=told) as held:
        if not held:
            yield Audit(interrupted=True)
            return
        journal = Journal(store, FEATURE_ID, options.coverage)
        settle(store)
        if (before := store.answering_model()) != store.model:
            told(
                f"{store.model} hears all music anew; until it has, {before} goes on answering"
                " (to stay with it: musimo scan --keep-model)"
            )
        for event in scan(journal, folders, lambda: load_predictor(weights), options, stop):
            if isinstance(event, Audit):
                settle(store)
                try:
                    keep_weights(store, weights)
                except MusimoError as error:
                    told(f"{error.message}: after an upgrade, only the new network could answer")
                yield from finish()
            yield event
