"""Evaluate retrieval on a folder of music: describe its windows, re-encode tracks, compare methods."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np

from musimo.audio.decode import SAMPLE_RATE, open_audio
from musimo.audio.features import FEATURE_ID, compute_features
from musimo.audio.formats import is_music
from musimo.audio.loudness import gain_to_reference, loudness, relative_features
from musimo.audio.statistics import clip_statistics
from musimo.audio.tags import read_tags
from musimo.audio.windows import tile
from musimo.emotion.onnx_backend import OnnxNetwork
from musimo.emotion.predictor import stack_harmony
from musimo.emotion.weights import Weights, load_weights
from musimo.errors import AudioError, UsageError
from musimo.records import FloatArray, Window
from musimo.training.progress import Event, Note, Stage, Step
from musimo.training.retrieval_metrics import (
    UNTAGGED,
    Collection,
    RetrievalConfig,
    RetrievalTable,
    cross_validated_figures,
    distance_figures,
    figures,
    reencoded_recall,
    space_methods,
    z_scored_methods,
)
from musimo.training.teacher import Teachers

TrackDescriptors = Mapping[str, FloatArray]

# codec, sample rate in Hz, bit/s of stereo
ENCODINGS = {"mp3": ("libmp3lame", 44_100, 128_000), "opus": ("libopus", 48_000, 96_000)}
INSTALL_BLISS = "not measured: pip install bliss-audio"
BLISS_FAILS = "not measured: bliss-audio does not run on this machine"


@dataclass(frozen=True, slots=True)
class WindowDescriber:
    """Networks that describe a window; teachers are optional."""

    weights: Weights
    network: OnnxNetwork
    teachers: Teachers | None

    def describe(self, windows: Sequence[FloatArray]) -> dict[str, FloatArray]:
        """Return the descriptors of the windows of a track by kind [shape=(n, d)]."""
        computed = [compute_features(samples) for samples in windows]
        track_lufs = loudness(computed)
        described = [
            self._describe(relative_features(features, track_lufs), samples * gain_to_reference(track_lufs))
            for features, samples in zip(computed, windows, strict=True)
        ]
        return {kind: np.stack([each[kind] for each in described]) for kind in described[0]}

    def _describe(self, features: FloatArray, samples: FloatArray) -> dict[str, FloatArray]:
        frames = (features - self.weights.means) / self.weights.sds
        prediction = self.network.predict(
            [frames], stack_harmony(self.weights.card.config.n_harmony, [features])
        )
        descriptors = {
            "statistics": clip_statistics(features),
            "embedding": prediction.embedding[0],
            "fused": prediction.fused[0],
        }
        if self.teachers is not None:
            descriptors["teacher"] = self.teachers.embed(samples).mean(axis=0)
        return descriptors


def evaluate_retrieval(
    config: RetrievalConfig, music: Path, cache: Path, teachers: Sequence[Path], weights: Path
) -> Generator[Event | RetrievalTable, None, None]:
    """Evaluate how well ``similar`` finds related tracks in a folder of music, beside simpler methods.

    Parameters
    ----------
    config : protocol
    music : folder of music; its top-level folders are packages
    cache : folder for the descriptors of each track, from which an interrupted run resumes
    teachers : weights of MSD-MusiCNN and MTT-MusiCNN, ``.npz``; none omits their row
    weights : a weights file

    Yields
    ------
    Events, then one `RetrievalTable`

    Raises
    ------
    UsageError : fewer than two tracks can be decoded
    WeightsError : as in `musimo.emotion.weights.load_weights`
    """
    loaded = load_weights(weights, FEATURE_ID)
    describer = WindowDescriber(loaded, OnnxNetwork(loaded), Teachers(teachers) if teachers else None)
    kept = cache / f"{describer.weights.model_id}{'-and-teachers' if teachers else ''}-{config.window_s:g}s"
    found = sorted(path for path in music.rglob("*") if is_music(os.fsencode(path.name)))
    paths, descriptors = [], []
    yield Stage("computing descriptors", len(found), unit="track")
    for path in found:
        try:
            descriptors.append(
                _cached_descriptors(kept / f"{path.relative_to(music)}.npz", path, describer, config)
            )
            paths.append(path)
        except AudioError as error:
            yield Note(f"skipped {path}: {error.reason}")
        yield Step()
    if len(paths) < 2:
        raise UsageError(f"there is no music in {music}", "name a folder of music")

    missing = {} if teachers else {"teacher": "not measured: give the weights of both"}
    whole = {}
    if find_spec("bliss_audio") is None:
        missing["bliss"] = INSTALL_BLISS
    elif not _bliss_runs(paths[0]):
        missing["bliss"] = BLISS_FAILS
    else:
        yield Stage("bliss", len(paths), unit="track")
        rows = []
        for path in paths:
            rows.append(_bliss(path, cache / "bliss" / f"{path.relative_to(music)}.npy"))
            yield Step()
        whole["bliss"] = np.stack(rows)
    collection = Collection(descriptors, *_labels(paths, music, config), whole)

    space = space_methods(describer.weights.space)
    yield Stage("comparing methods")
    methods = z_scored_methods(collection) | space
    shipped = {name: figures(method, collection, config) for name, method in methods.items()}
    shipped |= {name: distance_figures(values, collection, config) for name, values in whole.items()}
    others = cross_validated_figures(collection, config)

    chosen = np.random.default_rng(config.seed).permutation(len(paths))[: config.n_encoded]
    yield Stage("re-encoding", len(ENCODINGS) * len(chosen), unit="track")
    encoded = {}
    for name in ENCODINGS if len(chosen) else ():
        copies = []
        for i in chosen:
            copies.append(_reencoded_descriptors(paths[i], name, kept, music, describer, config))
            yield Step()
        encoded[name] = reencoded_recall(space["both"], collection, chosen.tolist(), copies)
    n_windows = sum(len(track["fused"]) for track in descriptors)
    yield RetrievalTable(describer.weights.model_id, len(paths), n_windows, shipped, others, encoded, missing)


def _cached_descriptors(
    cache: Path, path: Path, describer: WindowDescriber, config: RetrievalConfig
) -> TrackDescriptors:
    """Return the descriptors of a track, computed or cached."""
    if not cache.is_file():
        cache.parent.mkdir(parents=True, exist_ok=True)
        rows: dict[str, Any] = describer.describe(_windows(path, config))
        unfinished = cache.with_suffix(".part.npz")
        np.savez(unfinished, **rows)
        unfinished.replace(cache)
    with np.load(cache, allow_pickle=False) as file:
        return {kind: file[kind] for kind in file.files}


def _windows(path: Path, config: RetrievalConfig) -> list[FloatArray]:
    """Return the samples of a track's windows; a short one is repeated to the window's length."""
    n = round(config.window_s * SAMPLE_RATE)
    with open_audio(path) as audio:
        room = max(0.0, audio.duration_s - config.window_s)
        count = max(1, round(audio.duration_s / config.every_s))
        starts = [room * i / (count - 1) for i in range(count)] if count > 1 else [room / 2]
        found = [audio.samples(Window(start, start + config.window_s)) for start in starts]
    found = [tile(samples, n) for samples in found if len(samples)]
    if not found:
        raise AudioError("decode", "no audio could be decoded")
    return found


def _reencoded_descriptors(
    path: Path, name: str, kept: Path, music: Path, describer: WindowDescriber, config: RetrievalConfig
) -> TrackDescriptors:
    """Return the descriptors of a track in another encoding."""
    cache = kept / f"{path.relative_to(music)}.{name}.npz"
    with TemporaryDirectory() as folder:
        copy = Path(folder) / f"copy.{name}"
        if not cache.is_file():
            reencode(path, copy, *ENCODINGS[name])
        return _cached_descriptors(cache, copy, describer, config)


def reencode(source: Path, target: Path, codec: str, rate: int, bit_rate: int) -> None:
    """Write a track in another format, in stereo."""
    with av.open(str(source), metadata_errors="replace") as old, av.open(str(target), "w") as new:
        stream: Any = new.add_stream(codec, rate=rate, layout="stereo")
        stream.bit_rate = bit_rate
        resampler = av.AudioResampler(format=stream.format.name, layout="stereo", rate=rate)
        position = 0
        for frame in old.decode(audio=0):
            frame.pts = None
            for turned in resampler.resample(frame):
                turned.pts, turned.time_base = position, Fraction(1, rate)
                position += turned.samples
                new.mux(stream.encode(turned))
        new.mux(stream.encode(None))


def _bliss_runs(path: Path) -> bool:
    """Return whether bliss works here; its wheel requires a recent processor."""
    code = "import sys; from bliss_audio import Song; Song(sys.argv[1])"
    return subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True).returncode == 0


def _bliss(path: Path, cache: Path) -> FloatArray:
    """Return bliss's vector of a whole file; vectors are compared by Euclidean distance."""
    if not cache.is_file():
        from bliss_audio import Song  # type: ignore[import-untyped,import-not-found,unused-ignore]

        cache.parent.mkdir(parents=True, exist_ok=True)
        np.save(cache, np.asarray(Song(str(path)).analysis, np.float32))
    return np.asarray(np.load(cache, allow_pickle=False))


def _labels(
    paths: list[Path], music: Path, config: RetrievalConfig
) -> tuple[list[str], list[str], list[str]]:
    """Return albums, credits and packages, from the manifest if there is one, else from tags and folders."""
    manifest = music / config.manifest
    listed: dict[str, dict[str, str]] = {}
    if manifest.is_file():
        with manifest.open(encoding="utf-8", newline="") as file:
            listed = {row["path"]: row for row in csv.DictReader(file, delimiter="\t")}
    albums, credits, packages = [], [], []
    for path in paths:
        relative = path.relative_to(music)
        tags, row = read_tags(path), listed.get(relative.as_posix(), {})
        packages.append(row.get("package") or relative.parts[0])
        albums.append(row.get("album") or tags.album or packages[-1])
        credits.append(row.get("credit") or tags.artist or UNTAGGED)
    return albums, credits, packages
