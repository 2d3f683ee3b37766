"""Tracks written straight into a library, as a scan would write them; no file is made and no sound heard."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from musimo.emotion.space import unit
from musimo.errors import AudioError
from musimo.library.db.files import FileAnalysis, FileFailure, FoundFile, PlannedFile, ScanFolder
from musimo.library.db.journal import Journal
from musimo.library.db.queries import Store
from musimo.library.scan.roots import claim
from musimo.library.scan.spelling import moved_from
from musimo.records import Descriptors, Emotion, FileOpened, FloatArray, Tags, TempoKey, Window, WindowEmotion

MODEL = "plain-1"
DIMENSIONS = 256
STATISTICS = np.arange(579, dtype=np.float32)
FUSED = np.arange(128, dtype=np.float32)


def direction(*coordinates: float) -> FloatArray:
    """A unit vector of an embedding's length, its first coordinates given."""
    vector = np.zeros(DIMENSIONS, np.float32)
    vector[: len(coordinates)] = coordinates
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


class PlainSpace:
    """The space of the embeddings alone."""

    width = DIMENSIONS

    @staticmethod
    def combine(places: FloatArray, mixture: Mapping[str, float]) -> FloatArray:
        assert places.shape[1] == DIMENSIONS
        return unit(places)

    @staticmethod
    def vectors(sounds: Descriptors, mixture: Mapping[str, float]) -> FloatArray:
        assert len(sounds.embedding) == len(sounds.statistics) == len(sounds.fused)
        return sounds.embedding


@dataclass(frozen=True)
class Entry:
    """A track to be: ``vector`` None leaves it without emotion; equal ``sound`` makes exact copies."""

    name: str | bytes
    vector: FloatArray | None = None
    valence: float = 0.5
    arousal: float = 0.5
    tags: Tags = Tags()  # noqa: RUF009 - frozen
    duration_s: float = 180.0
    sound: bytes | None = None
    mtime_ns: int = 0
    tempo_key: TempoKey = TempoKey(None, 0.0, None, 0.0)  # noqa: RUF009 - frozen
    heard: tuple[float, ...] = ()  # scores of the tags of the catalog
    places: tuple[FloatArray, ...] = ()  # of windows of 45 s, one after the other; none: one without a place


@cache
def _empty_library() -> bytes:
    """A new library file: migrations take a while, and hundreds of tests want one."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "library.db"
        Store.open(path, MODEL, create=True)
        return path.read_bytes()


class Catalog:
    """A library at ``path`` whose tracks lie, by name, in ``root``."""

    def __init__(self, path: Path, root: Path, model: str = MODEL, tags: Sequence[str] = ()) -> None:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_empty_library())
        self.root = os.fsencode(root)
        self.store = Store.open(path, model, create=True)
        self.journal = Journal(self.store, "plain-features", "windows")
        self.journal.name_tags(tags)

    def scan_folder(self) -> ScanFolder:
        return claim(self.journal, self.root)

    def planned(self, name: str | bytes) -> PlannedFile:
        return PlannedFile(self.scan_folder(), FoundFile(os.fsencode(name), 1000, 0))

    def add(self, *entries: Entry) -> list[str]:
        """Write entries in one transaction; says how each arrived."""
        scan_folder = self.scan_folder()
        files = [self._analyzed(entry, scan_folder) for entry in entries]
        return list(self.journal.write(files, [], moved_from))

    def fail(self, name: str | bytes, stage: str = "decode", reason: str = "it holds no sound") -> None:
        self.journal.write([], [FileFailure(self.planned(name), AudioError(stage, reason))], moved_from)

    def path(self, name: str | bytes) -> bytes:
        return self.root + b"/" + os.fsencode(name)

    def id(self, name: str | bytes) -> int:
        track = self.store.track_at(self.path(name))
        assert track is not None
        assert track.id is not None
        return track.id

    def ids(self, *names: str | bytes) -> list[int]:
        return [self.id(name) for name in names]

    def _analyzed(self, entry: Entry, scan_folder: ScanFolder) -> FileAnalysis:
        planned = PlannedFile(scan_folder, FoundFile(os.fsencode(entry.name), 1000, entry.mtime_ns))
        window = Window(0.0, min(entry.duration_s, 45.0))
        windows = [Window(45.0 * n, 45.0 * (n + 1)) for n in range(len(entry.places))] or [window]
        sound = entry.sound or os.fsencode(entry.name)
        opened = FileOpened(entry.tags, sound, entry.duration_s, tuple(windows))
        emotion = self._emotion(entry, windows)
        if emotion is None:
            return FileAnalysis(planned, opened, None, None)
        vectors = dict(zip(windows, entry.places, strict=False))
        return FileAnalysis(
            planned, opened, emotion, STATISTICS, tempo_key=entry.tempo_key, window_vectors=vectors
        )

    @staticmethod
    def _emotion(entry: Entry, windows: Sequence[Window]) -> Emotion | None:
        if entry.vector is None:
            return None
        parts = tuple(WindowEmotion(window, entry.valence, entry.arousal) for window in windows)
        scores = np.array(entry.heard, np.float32)
        return Emotion(entry.valence, entry.arousal, 0.0, 0.0, entry.vector, FUSED, parts, scores)
