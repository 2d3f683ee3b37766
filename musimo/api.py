"""A music library from Python: what the command line does, without the command line.

    from musimo import Library
    library = Library.open()
    library.scan("~/Music")
    for row in library.similar("track.mp3"):
        print(f"{row.similarity:.2f}", row.track.path)

Torch, librosa and av are imported only when something has to be heard.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from musimo.emotion.space import SoundSpace, load_space, unit
from musimo.errors import AudioError, NotFoundError, UsageError
from musimo.library.store import Counts, Store
from musimo.records import (
    AnalyzedFile,
    Coverage,
    FailedFile,
    Failure,
    Filter,
    FloatArray,
    MoodTrack,
    SimilarTrack,
    SoundBlocks,
    Track,
    WindowEmotion,
)
from musimo.resources import weights_path
from musimo.search.diversify import album_key, artist_key, diversify
from musimo.search.find import find_track
from musimo.search.index import FaissIndex, Header, Ids, Metric, index_file, open_index
from musimo.search.query import nearest_moods, nearest_sounds
from musimo.search.space import MIXTURES, By, maker, questions, rows
from musimo.settings import Settings, load_settings

if TYPE_CHECKING:
    from musimo.emotion.analyzer import Analyzer
    from musimo.library.events import Audit, ScanEvent
    from musimo.library.scan import ScanOptions

LOOKUP = 64  # tracks fetched at once while a ranking is read; a list of ten rarely needs more


@dataclass(frozen=True, slots=True)
class Seed:
    """A track to ask with.

    Parameters
    ----------
    track : as it is shown; its id is None for a file outside the library
    sound : its blocks, in one row
    content : id of its sound in the library; None where the library does not have it
    """

    track: Track
    sound: SoundBlocks
    content: int | None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which tracks an answer may hold, and how many.

    Parameters
    ----------
    limit : rows; None for all
    where : conditions in the language of :mod:`musimo.search.where`; all must hold
    max_per_artist, max_per_album : most rows of one; None for no cap
    """

    limit: int | None = 10
    where: Sequence[Filter] = ()
    max_per_artist: int | None = 2
    max_per_album: int | None = 1


@dataclass(frozen=True, slots=True)
class Details:
    """All that is known of one track."""

    track: Track
    valence_sd: float | None
    arousal_sd: float | None
    windows: tuple[WindowEmotion, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """The library in numbers."""

    library: Path
    model: str
    counts: Counts
    indexed: int
    roots: tuple[bytes, ...]


class Library:
    """A library file and the questions it answers. It is opened when the first of them is asked.

    Parameters
    ----------
    settings : where it lies, and how to hear
    on_notice : told, in a sentence, what a user should know: a GPU that could not be used
    """

    def __init__(self, settings: Settings, on_notice: Callable[[str], None] | None = None) -> None:
        self.settings = settings
        self._on_notice = on_notice
        self._opened: Store | None = None
        self._loaded_space: SoundSpace | None = None
        self._indexes: dict[str, FaissIndex] = {}

    @classmethod
    def open(cls, path: str | Path | None = None) -> Library:
        """The library at ``path``; None for the user's own. A scan makes it where it does not exist."""
        return cls(load_settings(library=path))

    @property
    def model(self) -> str:
        """Id of the model in use."""
        return self._weights().stem

    def scan(self, *folders: str | Path, coverage: Coverage = "windows", retry_failed: bool = False) -> Audit:
        """Bring the library up to date with ``folders``; see :func:`musimo.library.scan.scan`."""
        from musimo.library.scan import ScanOptions

        options = ScanOptions(
            jobs=self.settings.jobs,
            batch_size=self.settings.batch_size,
            coverage=coverage,
            retry_failed=retry_failed,
        )
        *_, audit = self.scan_events([_path_bytes(folder) for folder in folders], options)
        return audit  # type: ignore[return-value]  # the last event of a scan is its audit

    def scan_events(
        self,
        folders: Sequence[bytes],
        options: ScanOptions,
        stop: Callable[[], bool] = lambda: False,
        *,
        wait: bool = False,
    ) -> Iterator[ScanEvent]:
        """Scan, telling what happens as it goes; the indexes are fresh when the last event comes.

        While another process writes to the library this one raises LibraryError, or waits.
        """
        from musimo.audio.features import FEATURE_ID
        from musimo.library.events import Audit
        from musimo.library.journal import Journal
        from musimo.library.lock import hold
        from musimo.library.scan import no_folder, scan

        for folder in folders:  # a typing mistake must not leave an empty library behind
            if not self.settings.library.exists() and not os.path.isdir(folder):  # noqa: PTH112 - bytes
                raise no_folder(folder)
        store = self._store(create=True)
        told = self._on_notice or (lambda _: None)
        with hold(store.path, wait=wait, stop=stop, on_wait=told) as held:
            if not held:
                yield Audit(interrupted=True)
                return
            journal = Journal(store, FEATURE_ID, options.coverage)
            for event in scan(journal, folders, self._load_analyzer, options, stop):
                if isinstance(event, Audit):
                    self.build_indexes()
                yield event

    def similar(
        self,
        *tracks: str | Path | Seed,
        by: By = "both",
        unlike: Sequence[str | Path | Seed] = (),
        selection: Selection | None = None,
        min_similarity: float = 0.0,
    ) -> list[SimilarTrack]:
        """Tracks that sound like ``tracks``, best first, without these tracks and their exact copies.

        Parameters
        ----------
        tracks : each a path of any audio file, an id, or a part of a title or path only one track has
        by : alike in ``mood``, in ``sound``, or in ``both``
        unlike : tracks to be less like
        selection : which tracks, and how many; None for ten, with diversity
        min_similarity : 0..1; less similar tracks are left out

        Raises
        ------
        NotFoundError, UsageError : no such track, or several; nothing of the library is analysed by the model
        AudioError : a file that cannot be heard
        """
        if not tracks:
            raise UsageError("similar to what?", "name at least one track")
        selection = selection or Selection()
        seeds = [self.seed(track) for track in tracks]
        unwanted = [self.seed(track) for track in unlike]
        asked = {seed.content for seed in (*seeds, *unwanted)}
        index = self._asked(self._sounds(by))
        ranked = nearest_sounds(
            index, self._places(seeds, by), self._places(unwanted, by), self._allowed(selection)
        )
        fresh = (
            (content, similarity)
            for content, similarity in ranked
            if content not in asked and similarity >= min_similarity
        )
        chosen = self._select(fresh, selection)
        return [SimilarTrack(rank, similarity, track) for rank, (similarity, track) in enumerate(chosen, 1)]

    def mood(self, valence: float, arousal: float, selection: Selection | None = None) -> list[MoodTrack]:
        """Tracks whose mood lies nearest to a point of the 0..1 valence-arousal plane, nearest first."""
        selection = selection or Selection()
        ranked = nearest_moods(self._asked(self._moods()), valence, arousal, self._allowed(selection))
        rows = self._select(ranked, selection)
        return [MoodTrack(rank, distance, track) for rank, (distance, track) in enumerate(rows, 1)]

    def analyze(
        self, *files: str | Path | bytes, coverage: Coverage = "windows"
    ) -> Iterator[AnalyzedFile | FailedFile]:
        """Emotion of files, in their order; no library is needed."""
        from musimo.library.analyze import analyze

        return analyze(
            [_path_bytes(file) for file in files], self._load_analyzer, self.settings.jobs, coverage
        )

    def seed(self, track: str | Path | Seed) -> Seed:
        """What to ask with: a track of the library, or any audio file, which is heard now."""
        if isinstance(track, Seed):
            return track
        store = self._store()
        known = find_track(store, track)
        if known is None:
            return self._hear(Path(track))
        sound = None if known.content is None else store.sound(known.content)
        if sound is None:
            raise self._not_analysed(os.fsdecode(known.path), store.heard_by(known.content or 0))
        return Seed(known, sound, known.content)

    def details(self, track: str | Path) -> Details:
        """All that is known of one track of the library."""
        store = self._store()
        known = find_track(store, track)
        if known is None:
            raise NotFoundError(f"{track} is not in the library", "hear it alone: musimo analyze FILE")
        if known.content is None:
            return Details(known, None, None, ())
        valence_sd, arousal_sd = store.spread(known.content) or (None, None)
        return Details(known, valence_sd, arousal_sd, tuple(store.windows_of(known.content)))

    def status(self) -> Status:
        """The library in numbers."""
        store = self._store()
        roots = tuple(store.root_paths())
        return Status(store.path, self.model, store.counts(), len(self._sounds("both")), roots)

    def build_indexes(self) -> None:
        """Make the indexes that are not there or not of today, so that the next question need not."""
        self._sounds("both")
        self._moods()

    def failures(self) -> list[Failure]:
        """Files that could not be heard."""
        return self._store().failures()

    def tracks(self, selection: Selection | None = None) -> Iterator[Track]:
        """Every track, by path."""
        selection = selection or Selection(None, (), None, None)
        found = self._store().all_tracks(selection.where)
        diverse = diversify(found, artist_key, album_key, selection.max_per_artist, selection.max_per_album)
        return islice(diverse, selection.limit)

    def _store(self, *, create: bool = False) -> Store:
        if self._opened is None:
            self._opened = Store.open(self.settings.library, self.model, create=create)
        return self._opened

    def _load_analyzer(self) -> Analyzer:
        from musimo.emotion.analyzer import Analyzer

        return Analyzer.load(self._weights(), self.settings.device, self.settings.batch_size, self._on_notice)

    def _hear(self, path: Path) -> Seed:
        """A file outside the library, as a seed."""
        [heard] = self.analyze(path)
        if isinstance(heard, FailedFile):
            raise AudioError(heard.stage, f"cannot hear {path}: {heard.reason}")
        track = Track(
            None, heard.path, heard.tags, heard.duration_s, None, heard.emotion.valence, heard.emotion.arousal
        )
        emotion = heard.emotion
        sound = SoundBlocks(emotion.embedding[None], heard.statistics[None], emotion.fused[None])
        return Seed(track, sound, self._store().content_id(heard.content))

    def _sounds(self, by: By) -> FaissIndex:
        name = "similar" if by == "both" else f"similar-{by}"

        def vectors() -> tuple[Ids, FloatArray]:
            ids, sounds = self._store().sounds()
            return ids, rows(self._space().vectors(sounds, MIXTURES[by]))

        return self._index("cosine", name, maker(self.model, by), vectors)

    def _moods(self) -> FaissIndex:
        return self._index("euclidean", "mood", self.model, self._store().moods)

    def _places(self, seeds: Sequence[Seed], by: By) -> FloatArray:
        """What seeds ask of an index [shape=(n, d)]."""
        return questions(unit([self._space().vectors(seed.sound, MIXTURES[by])[0] for seed in seeds]))

    def _asked(self, index: FaissIndex) -> FaissIndex:
        """The index, if it holds anything or there is nothing to hold."""
        if not len(index) and (before := self._store().heard_by()):
            raise self._not_analysed("no track of the library", before)
        return index

    def _not_analysed(self, what: str, heard_by: Sequence[str]) -> NotFoundError:
        """What to say of sounds that the model in use has not heard."""
        others = [model for model in heard_by if model != self.model]
        if others:
            return NotFoundError(
                f"{what} is analysed by the model in use, {self.model}, only by {', '.join(others)}",
                "hear the music again, once: musimo scan FOLDER",
            )
        return NotFoundError(
            f"{what} is in the library, but not analysed by {self.model}",
            "if it failed, musimo errors tells why; if not, scan its folder again",
        )

    def _weights(self) -> Path:
        return weights_path(self.settings.weights)

    def _space(self) -> SoundSpace:
        if self._loaded_space is None:
            self._loaded_space = load_space(self._weights())
        return self._loaded_space

    def _index(
        self, metric: Metric, name: str, maker: str, vectors: Callable[[], tuple[Ids, FloatArray]]
    ) -> FaissIndex:
        store = self._store()
        header = Header(maker, metric, store.generation())
        if (index := self._indexes.get(name)) is not None and index.header == header:
            return index
        self._indexes[name] = open_index(index_file(store.path, name), header, vectors)
        return self._indexes[name]

    def _allowed(self, selection: Selection) -> Ids | None:
        return self._store().matching_contents(selection.where) if selection.where else None

    def _select(
        self, ranked: Iterable[tuple[int, float]], selection: Selection
    ) -> Iterator[tuple[float, Track]]:
        diverse = diversify(
            self._with_tracks(ranked, selection.where),
            lambda row: artist_key(row[1]),
            lambda row: album_key(row[1]),
            selection.max_per_artist,
            selection.max_per_album,
        )
        return islice(diverse, selection.limit)

    def _with_tracks(
        self, ranked: Iterable[tuple[int, float]], filters: Sequence[Filter]
    ) -> Iterator[tuple[float, Track]]:
        ranked = iter(ranked)
        while rows := list(islice(ranked, LOOKUP)):
            tracks = self._store().tracks_of([content for content, _ in rows], filters)
            for content, score in rows:
                if content in tracks:
                    yield score, tracks[content]


def _path_bytes(path: str | Path | bytes) -> bytes:
    return os.path.expanduser(os.fsencode(path))  # noqa: PTH111 - pathlib's raises for a user it does not know
