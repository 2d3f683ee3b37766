"""The class ``Library``: a music library, and one verb for each thing it can be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from musimo.api.seeds import AnySeed, AnyTrack
from musimo.api.session import Session
from musimo.audio.paths import AnyPath, path_bytes
from musimo.records import AnalyzedFile, Coverage, FailedFile, Failure, FloatArray, Track
from musimo.search.selection import EVERYTHING, select_tracks
from musimo.settings import Settings, load_settings

if TYPE_CHECKING:
    from musimo.api.analyses import Analyses
    from musimo.api.maintenance import Maintenance
    from musimo.api.moods import AnyMood
    from musimo.api.playlists import Playlists
    from musimo.api.ratings import Ratings
    from musimo.api.tags import Tags
    from musimo.api.vectors import VectorKind
    from musimo.library.overview import Details, Status
    from musimo.library.scan.events import Audit, ScanEvent
    from musimo.library.scan.scan import ScanOptions
    from musimo.records.curve import Curve
    from musimo.records.indexing import Indexing
    from musimo.search.duplicates import DuplicateGroup
    from musimo.search.order import Order
    from musimo.search.results import FindResult, MoodPathResult, MoodResult, PathResult, SimilarResult
    from musimo.search.selection import Selection, Where
    from musimo.search.sound_map import SoundMap
    from musimo.search.space import By

Progress = Callable[[int, int], None]


class Library:
    """A music library. It is opened when it is first asked, and may be asked from many threads.

    Tracks are named by the path of any audio file, an id, words that only one title or path of the library
    has, a :class:`~musimo.api.Track`, or a row of a result. Valence and arousal are 0..1, 0.5 = neutral.

    Parameters
    ----------
    settings : where the library is, and how to analyze; :meth:`open` reads the user's
    on_notice : called with a sentence a user should read, such as that a GPU could not be used
    on_step : called with the progress of an index that a query has to wait for
    """

    def __init__(
        self,
        settings: Settings,
        on_notice: Callable[[str], None] | None = None,
        on_step: Callable[[Indexing], None] | None = None,
    ) -> None:
        self._session = Session(settings, on_notice, on_step)

    @classmethod
    def open(cls, path: str | Path | None = None) -> Library:
        """Return the library at ``path``; None for the user's own. The first scan creates it."""
        return cls(load_settings(library=path))

    def close(self) -> None:
        """Close the database; a later query opens it again."""
        self._session.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def settings(self) -> Settings:
        """Where the library is, and how to analyze."""
        return self._session.settings

    @property
    def model(self) -> str:
        """Id of the model in use; the previous one stays active until this one covers the library."""
        return self._session.weights.stem

    def scan(self, *folders: AnyPath, coverage: Coverage = "windows", retry_failed: bool = False) -> Audit:
        """Bring the library up to date with folders; see :func:`musimo.library.scan.scan.scan`."""
        from musimo.library.scan.events import Audit
        from musimo.library.scan.scan import ScanOptions

        settings = self.settings
        options = ScanOptions(settings.jobs, settings.batch_size, coverage, retry_failed)
        *_, audit = self.scan_events(folders, options)
        assert isinstance(audit, Audit)  # the last event of every scan
        return audit

    def scan_events(
        self,
        folders: Sequence[AnyPath],
        options: ScanOptions,
        stop: Callable[[], bool] = lambda: False,
        *,
        wait: bool = False,
        keep_model: bool = False,
    ) -> Iterator[ScanEvent]:
        """Scan folders, yielding events; the indexes are up to date when the last one, an Audit, comes.

        Parameters
        ----------
        stop : asked between events; once it returns True the batch in hand is stored and the scan ends
        wait : for another process that writes to the library; else LibraryError
        keep_model : analyze with the active model instead of the one in use
        """
        from musimo.api.scans import scan_events

        paths = [path_bytes(folder) for folder in folders]
        return scan_events(self._session, paths, options, stop, wait=wait, keep_model=keep_model)

    def analyze(self, *files: AnyPath, coverage: Coverage = "windows") -> Iterator[AnalyzedFile | FailedFile]:
        """Analyze files, yielding results in their order; no library is needed."""
        return self._session.analyze(files, self._session.weights, coverage)

    def tracks(self, selection: Selection | None = None) -> Iterator[Track]:
        """Yield the tracks of a selection by path; None for all."""
        return select_tracks(self._session.store, selection or EVERYTHING)

    def find_track(self, track: AnyTrack) -> Track | None:
        """Return the track of the library that is meant; None for a file outside it.

        Raises
        ------
        NotFoundError, UsageError : no track is meant, or several
        """
        from musimo.api.seeds import find_track

        return find_track(self._session, track)

    def show(self, track: AnyTrack) -> Details:
        """Return all that is known of one track of the library."""
        from musimo.api.overview import details

        return details(self._session, track)

    def status(self) -> Status:
        """Return the library in numbers."""
        from musimo.api.overview import status

        return status(self._session)

    def failures(self) -> list[Failure]:
        """Return the files that could not be analyzed, by path."""
        return self._session.store.failures()

    def similar(
        self,
        *tracks: AnySeed,
        by: By = "both",
        unlike: Sequence[AnySeed] = (),
        liked: bool = False,
        order: Order = "similarity",
        explain: bool = False,
        selection: Selection | None = None,
        min_similarity: float = 0.0,
        from_s: float | None = None,
        to_s: float | None = None,
    ) -> SimilarResult:
        """Find tracks that sound like ``tracks``, without these and their exact copies.

        Parameters
        ----------
        tracks : to be like; several are combined by the agreement of their rankings
        by : compare ``mood``, ``sound``, or ``both``
        unlike : tracks to be less like
        liked : be like the tracks rated as liked as well, and less like the disliked ones; what is named
            here outweighs a rating
        order : of the rows: by ``similarity``, as an arc of ``mood``, or as a ``flow`` with small jumps
        explain : attach to each row what it shares with the seed nearest to it
        selection : which tracks, and how many; None for ten, with diversity
        min_similarity : 0..1; less similar tracks are left out
        from_s, to_s : ask with this passage of the one track only; None for its start, or its end

        Raises
        ------
        NotFoundError : no such track, or nothing is analyzed yet
        UsageError : a name that means several tracks, a track on both sides, a passage outside its track
        AudioError : a file that cannot be analyzed
        """
        from musimo.api.similar import similar

        return similar(
            self._session,
            tracks,
            unlike,
            by=by,
            liked=liked,
            order=order,
            explain=explain,
            selection=selection,
            min_similarity=min_similarity,
            from_s=from_s,
            to_s=to_s,
        )

    def find(
        self,
        text: str,
        order: Order = "similarity",
        *,
        explain: bool = False,
        selection: Selection | None = None,
    ) -> FindResult:
        """Find tracks by a description, such as ``"sad piano"``; see :mod:`musimo.search.description`.

        ``explain`` attaches the value of each word. NotFoundError if no word is understood.
        """
        from musimo.api.find import find

        return find(self._session, text, order=order, explain=explain, selection=selection)

    def mood(
        self,
        valence: str | float,
        arousal: float | None = None,
        *,
        relative: bool | None = None,
        spread: float | None = None,
        seed: int | None = None,
        like: AnySeed | None = None,
        order: Order = "similarity",
        selection: Selection | None = None,
    ) -> MoodResult:
        """Find tracks whose mood is near a point: ``mood("calm")``, or ``mood(0.7, 0.3)``.

        Parameters
        ----------
        valence, arousal : 0..1; or words in place of both, such as ``"energetic dark"``
        relative : read the point in percentiles of the library; None: words relative, numbers absolute
        spread : only tracks within this distance, in random order
        seed : of the random order; None draws one
        like : of the tracks near the mood, list those most similar to this one
        order : of the rows, see :meth:`similar`
        selection : which tracks, and how many; None for ten, with diversity

        Raises
        ------
        UsageError : a word that is no mood, a number outside 0..1
        NotFoundError, AudioError : see :meth:`similar`
        """
        from musimo.api.moods import mood

        return mood(
            self._session,
            valence,
            arousal,
            relative=relative,
            spread=spread,
            seed_number=seed,
            like=like,
            order=order,
            selection=selection,
        )

    def mood_path(
        self,
        start: AnyMood,
        end: AnyMood,
        duration_s: float,
        *,
        relative: bool | None = None,
        selection: Selection | None = None,
    ) -> MoodPathResult:
        """Find tracks whose moods lead evenly from one point to another, about ``duration_s`` long together.

        Parameters
        ----------
        start, end : words, or valence and arousal, 0..1
        relative : read both in percentiles of the library; None: where one of them is in words
        selection : which tracks; its limit does not count, and None is for any, with diversity
        """
        from musimo.api.moods import mood_path

        return mood_path(self._session, start, end, duration_s, relative=relative, selection=selection)

    def path(
        self, *stops: AnySeed, n: int = 12, by: By = "both", selection: Selection | None = None
    ) -> PathResult:
        """Find tracks that lead from the first stop to the last, each like the one before.

        Parameters
        ----------
        stops : two or more tracks to lead through; they are part of the result, whatever the selection says
        n : tracks, stops included, at most 50; there are fewer where too few lie between
        by : compare ``mood``, ``sound``, or ``both``
        selection : which tracks may lie between the stops; its limit does not count

        Raises
        ------
        UsageError : fewer than two stops, a stop twice in a row, more stops than tracks
        NotFoundError, AudioError : see :meth:`similar`
        """
        from musimo.api.paths import path

        return path(self._session, stops, n=n, by=by, selection=selection)

    def curve(
        self,
        track: AnyTrack,
        window_s: float = 45.0,
        hop_s: float = 5.0,
        on_progress: Progress | None = None,
        on_opened: Callable[[float, int], None] | None = None,
    ) -> Curve:
        """Analyze valence and arousal over time inside a track; a file needs no library.

        Parameters
        ----------
        window_s, hop_s : length of the windows, 5 to 45 s, and seconds from one to the next
        on_progress : called with the windows done, and their total
        on_opened : called first with the duration, s, and how many readings; its errors end the analysis

        Raises
        ------
        NotFoundError, UsageError : no track is meant, or several; windows that cannot be
        AudioError : it cannot be analyzed, or is digital silence
        """
        from musimo.api.curves import curve

        return curve(self._session, track, window_s, hop_s, on_progress, on_opened)

    def duplicates(self, where: Where = (), on_progress: Progress | None = None) -> list[DuplicateGroup]:
        """Find tracks with the same audio, of the same recording, and probably of the same recording.

        A report: nothing is changed. A track may be in one group of each kind.

        Parameters
        ----------
        where : conditions on the tracks; two are compared only if both pass
        on_progress : called with the contents compared, and their total
        """
        from musimo.api.duplicates import duplicates

        return duplicates(self._session, where, on_progress)

    def map(self, selection: Selection | None = None) -> SoundMap:
        """Project every track to a point of a plane; NotFoundError where none is analyzed."""
        from musimo.search.sound_map import map_sounds

        session = self._session
        return map_sounds(session.store, session.sounds("both"), selection or EVERYTHING)

    def vectors(
        self, by: VectorKind = "both", selection: Selection | None = None
    ) -> tuple[list[Track], FloatArray]:
        """Return analyzed tracks of a selection by path, and a row of numbers for each [shape=(n, d)].

        Parameters
        ----------
        by : sound vectors as ``similar`` compares them by ``both``, ``sound`` or ``mood``, unit length; the
            ``embedding`` of the network, d = 256, unit length; or ``emotion``: valence and arousal
        """
        from musimo.api.vectors import vectors

        return vectors(self._session, by, selection or EVERYTHING)

    @property
    def ratings(self) -> Ratings:
        """Ratings of the user, and the calibration fitted to them."""
        from musimo.api.ratings import Ratings

        return Ratings(self._session)

    @property
    def maintenance(self) -> Maintenance:
        """Pruning, relocating, reindexing, backups and checks."""
        from musimo.api.maintenance import Maintenance

        return Maintenance(self._session)

    @property
    def tags(self) -> Tags:
        """Valence, arousal, mood, tempo and tags heard in the files' own tags."""
        from musimo.api.tags import Tags

        return Tags(self._session)

    @property
    def analyses(self) -> Analyses:
        """Exchange of analyses with other libraries and programs."""
        from musimo.api.analyses import Analyses

        return Analyses(self._session)

    @property
    def playlists(self) -> Playlists:
        """Playlist files, and the recipes of the settings."""
        from musimo.api.playlists import Playlists

        return Playlists(self._session)
