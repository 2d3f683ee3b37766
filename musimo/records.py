"""Records that several rooms share: frozen dataclasses without logic.

Valence and arousal are on the 0..1 scale everywhere inside musimo, 0.5 = neutral: ``(x - 1) / 8`` of the 1-9
rating scale that the network is trained on. Times are seconds. Paths on disk are ``bytes``, as the file
system has them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]

AnyPath = bytes | str | Path


def path_bytes(path: AnyPath) -> bytes:
    """Return a path as the file system has it, with a leading ``~`` or ``~user`` expanded.

    A ``~user`` that the system does not know is left as written.
    """
    return os.path.expanduser(os.fsencode(path))  # noqa: PTH111 - pathlib raises for an unknown user


CONTENT_BYTES = 16  # of a content hash: the first collision is expected at some 10^19 tracks

Coverage = Literal["windows", "full"]
"""How much of a track is analyzed: three windows, or every second."""


@dataclass(frozen=True, slots=True)
class SlidingPlan:
    """Windows of one length, a hop apart, from one end of a track to the other."""

    window_s: float
    hop_s: float


@dataclass(frozen=True, slots=True)
class Tags:
    """Tags and header of a file. A value that is missing or absurd is None."""

    title: str | None = None
    artist: str | None = None
    albumartist: str | None = None
    album: str | None = None
    genre: str | None = None
    composer: str | None = None
    year: int | None = None
    track: int | None = None
    disc: int | None = None
    bpm: float | None = None
    duration_s: float | None = None  # claimed by the header; FileOpened.duration_s is measured
    sample_rate: int | None = None  # Hz
    channels: int | None = None
    bitrate: int | None = None  # kbit/s
    codec: str | None = None  # lower case: mp3, flac, vorbis, opus, aac, alac, ...


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a track that is analyzed as one."""

    start_s: float
    end_s: float

    @property
    def middle_s(self) -> float:
        """The time that a reading of this window is reported at."""
        return (self.start_s + self.end_s) / 2


WindowPlan = Coverage | SlidingPlan | Window
"""Which windows of a track are analyzed: as in a library; sliding windows; or one passage only."""


@dataclass(frozen=True, slots=True)
class FileOpened:
    """A file that contains audio: first event of :func:`musimo.audio.extract.extract_windows`.

    Parameters
    ----------
    tags : of the file, completed by the decoder
    content : hash of the audio, equal for files that differ only in tags, name or folder
    duration_s : measured over the whole stream, never taken from a header
    windows : that will be extracted
    expected_duration_s : duration of the complete audio by its header, if a part of it is missing; else None
    """

    tags: Tags
    content: bytes
    duration_s: float
    windows: tuple[Window, ...]
    expected_duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class ExtractedWindow:
    """The features of one window.

    Parameters
    ----------
    window : the part of the track that could be decoded
    features : [shape=(n_frames, 193), float32]
    statistics : of the features over time [shape=(579,), float32]
    missing_s : gaps within the window, where audio is too damaged to be decoded
    """

    window: Window
    features: FloatArray
    statistics: FloatArray
    missing_s: float = 0.0


@dataclass(frozen=True, slots=True)
class WindowPrediction:
    """Prediction of the network for one window.

    Parameters
    ----------
    valence, arousal : 0..1
    embedding : of any norm [shape=(256,), float32]
    fused : fused values in the axes of the sound space [shape=(k,), float32], see :mod:`musimo.emotion.space`
    """

    valence: float
    arousal: float
    embedding: FloatArray
    fused: FloatArray


@dataclass(frozen=True, slots=True)
class WindowEmotion:
    """Emotion of one window of a track, 0..1."""

    window: Window
    valence: float
    arousal: float


@dataclass(frozen=True, slots=True)
class Emotion:
    """Emotion of a whole track.

    Parameters
    ----------
    valence, arousal : means over the windows, 0..1
    valence_sd, arousal_sd : population standard deviations over the windows; 0 for a single window
    embedding : mean over the windows, scaled to unit length [shape=(256,), float32]
    fused : mean over the windows [shape=(k,), float32], see :class:`WindowPrediction`
    windows : in order of time
    """

    valence: float
    arousal: float
    valence_sd: float
    arousal_sd: float
    embedding: FloatArray
    fused: FloatArray
    windows: tuple[WindowEmotion, ...]


@dataclass(frozen=True, slots=True)
class Descriptors:
    """Descriptors of n contents, as a library stores them: what sound vectors are computed from.

    Parameters
    ----------
    embedding : unit length [shape=(n, 256), float32]
    statistics : of the features over time [shape=(n, 579), float32]
    fused : in the axes of the sound space [shape=(n, k), float32]
    """

    embedding: FloatArray
    statistics: FloatArray
    fused: FloatArray


KEYS: Final = (
    *("C major", "Db major", "D major", "Eb major", "E major", "F major"),
    *("F# major", "G major", "Ab major", "A major", "Bb major", "B major"),
    *("C minor", "C# minor", "D minor", "Eb minor", "E minor", "F minor"),
    *("F# minor", "G minor", "G# minor", "A minor", "Bb minor", "B minor"),
)
"""Names of all keys, by mode and rising tonic, spelled with the fewest accidentals; else the usual one."""


@dataclass(frozen=True, slots=True)
class TempoKey:
    """Tempo and key of a track, estimated from its audio, regardless of its tags.

    Parameters
    ----------
    tempo : beats per minute; None where no beat was found
    tempo_confidence, key_confidence : 0..1
    key : one of ``KEYS``; None where none was found
    """

    tempo: float | None
    tempo_confidence: float
    key: str | None
    key_confidence: float


@dataclass(frozen=True, slots=True)
class Track:
    """One track of a library, as results show it.

    ``content`` is the id of its content; tracks that share it are exact copies. ``valence`` and ``arousal``
    are None if the content is not analyzed by the active model. A file outside the library has neither ``id``
    nor ``content``. ``partial`` is the decoded fraction, 0..1; None if nothing is missing, or if not
    analyzed. ``tempo_key`` is None if it was not estimated.
    """

    id: int | None
    path: bytes  # absolute
    tags: Tags
    duration_s: float | None
    content: int | None
    valence: float | None
    arousal: float | None
    partial: float | None = None
    tempo_key: TempoKey | None = None


TextField = Literal["title", "artist", "album", "albumartist", "genre", "composer", "format"]
NumberField = Literal[
    "id",
    "year",
    "track",
    "disc",
    "bpm",
    "tempo",
    "duration",
    "bitrate",
    "samplerate",
    "channels",
    "valence",
    "arousal",
]


@dataclass(frozen=True, slots=True)
class TextFilter:
    """``needle`` occurs in the field. The needle is case-folded; fold the field too."""

    field: TextField
    needle: str
    negated: bool


@dataclass(frozen=True, slots=True)
class PathFilter:
    """``needle`` occurs in the absolute path."""

    needle: bytes
    negated: bool


@dataclass(frozen=True, slots=True)
class RangeFilter:
    """``low <= field <= high``; None leaves an end open. Valence and arousal are 0..1, durations seconds."""

    field: NumberField
    low: float | None
    high: float | None
    negated: bool


@dataclass(frozen=True, slots=True)
class KeyFilter:
    """The key is one of ``keys``, a subset of ``KEYS``."""

    keys: tuple[str, ...]
    negated: bool


Filter = TextFilter | PathFilter | RangeFilter | KeyFilter
"""One condition on a track. An unknown value meets no condition, and every negated one."""


@dataclass(frozen=True, slots=True)
class SimilarTrack:
    """One result of ``similar``; similarity is 0..1, 1 = the same sound."""

    rank: int
    similarity: float
    track: Track
    versions: tuple[Track, ...] = ()  # of the same work, represented by this one


@dataclass(frozen=True, slots=True)
class MoodTrack:
    """One result of ``mood`` or ``mood-path``.

    ``distance`` is Euclidean on the 0..1 plane of the query, of valence and arousal or of their percentiles;
    ``similarity``, 0..1, is to the track given as the sound to match, None if there was none.
    """

    rank: int
    distance: float
    track: Track
    similarity: float | None = None
    versions: tuple[Track, ...] = ()  # as in `SimilarTrack`


@dataclass(frozen=True, slots=True)
class PathTrack:
    """One result of ``path``.

    ``to_start`` and ``to_end`` are angles to the first and the last track of the path, as fractions of 180
    degrees: 0 = the same sound, 0.5 = nothing in common.
    """

    rank: int
    to_start: float
    to_end: float
    track: Track


@dataclass(frozen=True, slots=True)
class Failure:
    """One file that could not be analyzed."""

    path: bytes  # absolute
    stage: str
    reason: str
    when: str  # ISO 8601, UTC


@dataclass(frozen=True, slots=True)
class AnalyzedFile:
    """Emotion of a file outside any library."""

    path: bytes
    tags: Tags
    content: bytes  # hash of its audio
    duration_s: float
    emotion: Emotion
    statistics: FloatArray  # (579,), mean over the windows
    partial: float | None = None  # decoded fraction; None if nothing is missing
    tempo_key: TempoKey | None = None


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file outside any library that could not be analyzed."""

    path: bytes
    stage: str
    reason: str


@dataclass(frozen=True, slots=True)
class Curve:
    """Emotion over time inside one track.

    Parameters
    ----------
    track : its id is None for a file outside the library
    plan : the windows of the query
    duration_s : of the track, measured
    readings : in order of time; each covers its whole window, not only the middle
    partial : decoded fraction; None if nothing is missing
    """

    track: Track
    plan: SlidingPlan
    duration_s: float
    readings: tuple[WindowEmotion, ...]
    partial: float | None = None


Dimension = Literal["valence", "arousal"]


@dataclass(frozen=True, slots=True)
class Peak:
    """A local maximum of valence or arousal; ``value`` and ``prominence`` are 0..1."""

    time_s: float
    dimension: Dimension
    value: float
    prominence: float


@dataclass(frozen=True, slots=True)
class Turn:
    """A time at which the emotion changes.

    Parameters
    ----------
    time_s : where one window ends and the next begins
    valence, arousal : differences, -1..1, of the window after it minus the window before
    """

    time_s: float
    valence: float
    arousal: float

    @property
    def change(self) -> float:
        """Distance on the valence-arousal plane, 0..1.41."""
        return float(np.hypot(self.valence, self.arousal))
