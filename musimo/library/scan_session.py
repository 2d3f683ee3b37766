"""A whole scan: choose the model, lock the library, scan, activate the model, update the indexes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from musimo.audio.features import FEATURE_ID
from musimo.errors import MusimoError
from musimo.library.active_model import activate_if_complete, keep_weights, weights_to_keep
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
    on_notice: Callable[[str], None],
    *,
    wait: bool,
    keep_model: bool,
) -> Iterator[ScanEvent]:
    """Bring a library up to date with folders, as the only process that writes to it.

    Parameters
    ----------
    library : its file, which is created if absent
    weights : of the model in use; ``keep_model`` replaces them by those of the active model
    load_predictor : called once there is something to analyze
    finish : called under the lock, before the audit; its events are passed on
    stop : called now and then; True ends the scan
    on_notice : called with sentences for the user
    wait : wait for another process that writes, instead of raising a LibraryError
    """
    for folder in folders:  # a typing mistake must not leave an empty library behind
        if not library.exists() and not os.path.isdir(folder):
            raise no_folder(folder)
    store = Store.open(library, weights.stem, create=True)
    if keep_model:
        weights = weights_to_keep(store, weights)
        store = Store(store.engine, store.path, weights.stem)
    with hold(store.path, wait=wait, stop=stop, on_wait=on_notice) as held:
        if not held:
            yield Audit(interrupted=True)
            return
        journal = Journal(store, FEATURE_ID, options.coverage)
        activate_if_complete(store)
        if (before := store.active_model()) != store.model:
            on_notice(
                f"{store.model} analyzes all music again; until that is complete, {before} answers"
                " (to keep it: musimo scan --keep-model)"
            )
        for event in scan(journal, folders, lambda: load_predictor(weights), options, stop):
            if isinstance(event, Audit):
                activate_if_complete(store)
                try:
                    keep_weights(store, weights)
                except MusimoError as error:
                    on_notice(f"{error.message}: after an upgrade, only the new network could answer")
                yield from finish()
            yield event
