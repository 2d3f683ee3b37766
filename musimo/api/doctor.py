"""``Library.maintenance.doctor``: check what musimo needs, and the library. Nothing is changed."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import time
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from musimo import __version__
from musimo.errors import MusimoError
from musimo.installation import LEFT_OUT, installation, lacking
from musimo.library.db import schema
from musimo.library.db.engine import may_write
from musimo.library.db.health import examine, sqlite_version
from musimo.records.check import Check as Check
from musimo.resources import weights_path
from musimo.settings import NOWHERE, Settings, check_library

if TYPE_CHECKING:
    from musimo.library.db.queries import Store

MODULES = (
    "numpy",
    "onnx",
    "onnxruntime",
    "torch",
    "librosa",
    "av",
    "faiss",
    "sqlalchemy",
    "alembic",
    "mutagen",
    "soundfile",
    "safetensors",
)
DECODERS = (
    "mp3float",
    "flac",
    "vorbis",
    "opus",
    "aac",
    "alac",
    "wmav2",
    "wavpack",
    "ape",
    "mpc7",
    "mpc8",
    "tta",
)
"""FFmpeg's names of the decoders most music needs."""
LEAST_FREE = 100_000_000  # bytes: log and new indexes of a library of some ten thousand tracks
SAMPLES = 45 * 22_050  # a window as a scan analyzes it


def diagnose(settings: Settings) -> Iterator[Check]:
    """Yield checks, in an order in which the first problem explains those after it."""
    yield _set_up()
    yield _versions()
    yield _codecs()
    yield _weights(settings)
    yield _device(settings)
    yield from _library(settings)
    if settings.library.parent != NOWHERE:
        yield _free_space(settings.library)


def _set_up() -> Check:
    """Return the kind of set-up, and what a light one lacks."""
    here = installation()
    if not here.is_light:
        return Check("set-up", "ok", here.describe())
    found = f"{here.describe()}: without {' and '.join(lacking(LEFT_OUT))}, which only GPUs and training need"
    return Check("set-up", "ok", f"{found} (the full set-up: {here.add()})")


def _renew() -> str:
    return f"install its packages again: {installation().renew()}"


def _versions() -> Check:
    found = [
        f"musimo {__version__}",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite_version()}",
    ]
    missing = []
    for name in MODULES:
        if name in LEFT_OUT and find_spec(name) is None:
            continue  # see _set_up
        try:
            importlib.import_module(name)
        except (ImportError, OSError) as error:  # OSError: a shared library is missing
            missing.append(f"{name} ({error})")
        else:
            found.append(f"{name} {_version(name)}")
    if missing:
        return Check("versions", "bad", f"cannot be imported: {', '.join(missing)}", _renew())
    return Check("versions", "ok", ", ".join(found))


def _version(module: str) -> str:
    try:
        return metadata.version({"faiss": "faiss-cpu"}.get(module, module))
    except metadata.PackageNotFoundError:  # installed under another name
        return "of an unknown version"


def _codecs() -> Check:
    try:
        import av
        from av.codec import Codec
    except (ImportError, OSError) as error:
        return Check("codecs", "bad", f"FFmpeg cannot be loaded: {error}", _renew())
    missing = []
    for name in DECODERS:
        try:
            Codec(name, "r")
        except ValueError:  # PyAV's UnknownCodecError
            missing.append(name)
    if missing:
        command = installation().pip("--force-reinstall", "--only-binary", ":all:", "av")
        remedy = f"install PyAV as its makers build it: {command}"
        return Check("codecs", "bad", f"FFmpeg lacks {', '.join(missing)}", remedy)
    return Check("codecs", "ok", f"FFmpeg {av.ffmpeg_version_info} decodes {', '.join(DECODERS)}")


def _weights(settings: Settings) -> Check:
    """Load the weights, whose name holds their checksum."""
    try:
        from musimo.audio.features import FEATURE_ID
        from musimo.emotion.weights import load_weights

        weights = load_weights(weights_path(settings.weights), FEATURE_ID)
    except MusimoError as error:
        return Check("weights", "bad", error.message, error.hint)
    except (ImportError, OSError) as error:
        return Check("weights", "bad", str(error), _renew())
    return Check("weights", "ok", f"{weights.model_id}: as its checksum says")


def _device(settings: Settings) -> Check:
    """Analyze 45 s of noise, from samples on."""
    notices: list[str] = []
    try:
        import numpy as np

        from musimo.audio.features import compute_features
        from musimo.emotion.predictor import Predictor

        predictor = Predictor.load(
            weights_path(settings.weights), settings.device, settings.batch_size, notices.append
        )
        features = compute_features(np.random.default_rng(0).normal(0, 0.1, SAMPLES).astype(np.float32))
        started = time.perf_counter()
        [[predicted]] = predictor.predict([[features]])
        seconds = time.perf_counter() - started
    except MusimoError as error:
        return Check("device", "bad", error.message, error.hint or "use --device cpu")
    except (ImportError, OSError, RuntimeError) as error:
        return Check("device", "bad", str(error), _renew())
    found = f"{predictor.device}: 45 s of noise analyzed in {seconds:.2f} s"
    if notices:
        return Check("device", "note", f"{found}; {'; '.join(notices)}", "--device cpu uses no other")
    return Check(
        "device", "ok", f"{found} (valence {predicted.valence:.2f}, arousal {predicted.arousal:.2f})"
    )


def _library(settings: Settings) -> Iterator[Check]:
    path = settings.library
    try:
        check_library(path)
    except MusimoError as error:
        yield Check("library", "bad", error.message, error.hint)
        return
    if not path.exists():
        yield Check("library", "note", f"there is none yet at {path}", "make one: musimo scan FOLDER")
        return
    try:
        health = examine(path)
    except MusimoError as error:
        yield Check("library", "bad", error.message, error.hint or _put_back(path))
        return
    if not may_write(path):
        yield Check(
            "library",
            "note",
            f"{path} can be read, but not written",
            "scan into one of your own: --library FILE",
        )
    else:
        yield Check("library", "ok", str(path))
    yield _schema(health.revision, health.written_by)
    if health.problems:
        yield Check("integrity", "bad", "; ".join(health.problems), _put_back(path))
        return
    yield Check("integrity", "ok", "every page and every reference is intact")
    if health.revision == schema.REVISION:
        yield from _contents(settings)


def _put_back(path: Path) -> str:
    return f"put back a copy that musimo backup made, or move {path.name} away and scan anew"


def _schema(revision: str, written_by: str) -> Check:
    by = f"revision {revision}, last written by musimo {written_by or 'of an unknown version'}"
    if revision == schema.REVISION:
        return Check("schema", "ok", by)
    if revision < schema.REVISION:
        return Check(
            "schema",
            "note",
            f"{by}; this one writes {schema.REVISION}",
            "the next command copies and upgrades it",
        )
    return Check(
        "schema", "bad", f"{by}; this one knows {schema.REVISION}", f"upgrade: {installation().upgrade()}"
    )


def _contents(settings: Settings) -> Iterator[Check]:
    """Check folders and indexes of a library that is intact and of the current schema."""
    from musimo.library.active_model import active_weights
    from musimo.library.db.queries import Store

    try:
        in_use = weights_path(settings.weights)
        store = Store.open(settings.library, in_use.stem)
        store = Store(store.engine, store.path, active_weights(store, in_use).stem)
        away = [os.fsdecode(root) for root in store.root_paths() if not os.path.isdir(root)]  # noqa: PTH112
        yield _indexes(store)
    except MusimoError as error:
        yield Check("indexes", "bad", error.message, error.hint)
        return
    if away:
        remedy = "plug in the drive; if a folder moved: musimo relocate OLD NEW"
        yield Check("folders", "note", f"not there now: {', '.join(away)}", remedy)
    else:
        yield Check("folders", "ok", "every scanned folder is there")


def _indexes(store: Store) -> Check:
    """Check that each index holds exactly the tracks of the library."""
    import numpy as np

    from musimo.search.faiss_index import FaissIndex
    from musimo.search.index import INDEXES, index_file
    from musimo.search.segment_file import OutdatedIndexError

    held = {"mood": store.emotions()[0]}
    sounds = store.stamps()[0]
    stale, bad = [], []
    for name in INDEXES:
        path = index_file(store.path, name)
        try:
            index = FaissIndex.load(path, whole=True)
        except FileNotFoundError:
            continue
        except OutdatedIndexError:
            stale.append(path.name)
            continue
        except (OSError, ValueError) as error:
            bad.append(f"{path.name} cannot be read ({error})")
            continue
        if index.header.generation != store.generation() or store.model not in index.header.model.split():
            stale.append(path.name)
        elif not np.array_equal(index.ids, held.get(name, sounds)):
            bad.append(f"{path.name} holds other tracks than the library")
    if bad:
        return Check("indexes", "bad", "; ".join(bad), "make them anew: musimo reindex")
    if stale:
        return Check(
            "indexes",
            "note",
            f"older than the library: {', '.join(stale)}",
            "the next question makes them anew",
        )
    return Check("indexes", "ok", f"{len(sounds)} sounds, as the library has them")


def _free_space(library: Path) -> Check:
    """Check the space for a copy of the library, which an upgrade makes, and for what a scan adds."""
    folder = next(parent for parent in library.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    needed = LEAST_FREE + (library.stat().st_size if library.exists() else 0)
    found = f"{free / 1e9:.1f} GB free in {folder}"
    if free < needed:
        return Check(
            "space", "bad", f"{found}; an upgrade may take {needed / 1e9:.1f} GB", "free some space there"
        )
    return Check("space", "ok", found)
