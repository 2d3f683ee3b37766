"""What the rooms hand to one another: frozen records, no behaviour beyond simple arithmetic.

Valence and arousal are on the 0..1 scale everywhere inside musimo, 0.5 = neutral: ``(x - 1) / 8`` of the
1-9 rating scale the network is trained on. Times are seconds. Paths on disk are ``bytes``, as the
file system has them.
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


CONTENT_BYTES = 16  # of a sound's hash: two different sounds share one once in some 10^19 tracks

Coverage = Literal["windows", "full"]
"""How much of a track is heard: three windows of it, or every second."""


@dataclass(frozen=True, slots=True)
class SlidingPlan:
    """Windows of one length, a hop apart, from one end of a track to the other."""

    window_s: float
    hop_s: float


@dataclass(frozen=True, slots=True)
class Tags:
    """What a file says about itself. What it does not say, or says absurdly, is None."""

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
    duration_s: float | None = None  # the header's claim; Sound.duration_s is the measured truth
    sample_rate: int | None = None  # Hz
    channels: int | None = None
    bitrate: int | None = None  # kbit/s
    codec: str | None = None  # lower case: mp3, flac, vorbis, opus, aac, alac, ...


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a track."""

    start_s: float
    end_s: float

    @property
    def middle_s(self) -> float:
        """The time that a reading of this stretch is told at."""
        return (self.start_s + self.end_s) / 2


WindowPlan = Coverage | SlidingPlan | Window
"""What of a track is heard: as a library hears it; all of it, window after window; or one passage alone."""


@dataclass(frozen=True, slots=True)
class FileOpened:
    """A file that holds sound: first of the events of ``audio.hear``.

    Parameters
    ----------
    tags : what the file says, completed by what the decoder found
    content : hash of the sound, equal for files that differ only in tags, name or place
    duration_s : measured over the whole stream, never taken from a header
    windows : what will be heard
    expected_duration_s : how long the whole sound is by its header, where a part of it is lacking; else None
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
    window : which stretch of the track was really heard
    features : (n_frames, 193) float32
    statistics : (579,) float32, of the features over time
    missing_s : holes within the window, of sound too damaged to be decoded
    """

    window: Window
    features: FloatArray
    statistics: FloatArray
    missing_s: float = 0.0


@dataclass(frozen=True, slots=True)
class WindowPrediction:
    """What the network says of one clip.

    Parameters
    ----------
    valence, arousal : 0..1
    embedding : (256,), unscaled
    fused : (k,), its fused values in the axes of the sound space, see :mod:`musimo.emotion.space`
    """

    valence: float
    arousal: float
    embedding: FloatArray
    fused: FloatArray


@dataclass(frozen=True, slots=True)
class WindowEmotion:
    """Emotion of one stretch of a track."""

    window: Window
    valence: float
    arousal: float


@dataclass(frozen=True, slots=True)
class Emotion:
    """Emotion of a whole track.

    Parameters
    ----------
    valence, arousal : means over the windows
    valence_sd, arousal_sd : population standard deviations over the windows; 0 for a single window
    embedding : (256,) float32, mean of the windows' embeddings, unit length
    fused : (k,) float32, mean of the windows', see :class:`WindowPrediction`
    windows : what the means were taken over, in order of time
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
    """What ``similar`` knows of sounds, one row each, as a library keeps it.

    Parameters
    ----------
    embedding : (n, 256) float32, unit length
    statistics : (n, 579) float32, of the features over time
    fused : (n, k) float32, in the axes of the sound space
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
"""Every key by its name of fewest accidentals, by rising tonic; where two have as few, the usual one."""


@dataclass(frozen=True, slots=True)
class TempoKey:
    """Pulse and tonality of a sound, as they were heard, whatever its tags say.

    Parameters
    ----------
    tempo : beats a minute; None where no beat was found
    tempo_confidence, key_confidence : 0..1
    key : one of ``KEYS``; None where none was found
    """

    tempo: float | None
    tempo_confidence: float
    key: str | None
    key_confidence: float


@dataclass(frozen=True, slots=True)
class Track:
    """One track of a library, as answers show it.

    ``content`` names the row of its sound; tracks that share it are exact copies. ``valence`` and
    ``arousal`` are None where the sound is not analysed under the model in use. A file outside the library
    has neither ``id`` nor ``content``. ``partial`` is the share of the sound that could be heard, 0..1;
    None where it is whole, or not analysed. ``tempo_key`` is None where it was not listened for.
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
    """``needle`` occurs in the field. The needle is folded; fold what it is looked for in."""

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
    """The key is one of ``keys``, which are of ``KEYS``."""

    keys: tuple[str, ...]
    negated: bool


Filter = TextFilter | PathFilter | RangeFilter | KeyFilter
"""One condition on a track; what is not known meets none, and meets every negated one."""


@dataclass(frozen=True, slots=True)
class SimilarTrack:
    """One row of a ``similar`` answer; similarity is 0..1, 1 = the same sound."""

    rank: int
    similarity: float
    track: Track
    versions: tuple[Track, ...] = ()  # of the same piece, left out for this one


@dataclass(frozen=True, slots=True)
class MoodTrack:
    """One row of a ``mood`` or ``mood-path`` answer.

    ``distance`` is Euclidean on the 0..1 plane that was asked, of valence and arousal or of their
    percentiles; ``similarity``, 0..1, is to the track that it was to sound like, None where there was none.
    """

    rank: int
    distance: float
    track: Track
    similarity: float | None = None
    versions: tuple[Track, ...] = ()  # as of `SimilarTrack`


@dataclass(frozen=True, slots=True)
class PathTrack:
    """One row of a ``path`` answer.

    ``to_start`` and ``to_end`` are angles to the first and the last track of the path, as shares of 180
    degrees: 0 = the same sound, 0.5 = nothing in common.
    """

    rank: int
    to_start: float
    to_end: float
    track: Track


@dataclass(frozen=True, slots=True)
class Failure:
    """One file that could not be heard."""

    path: bytes  # absolute
    stage: str
    reason: str
    when: str  # ISO 8601, UTC


@dataclass(frozen=True, slots=True)
class AnalyzedFile:
    """Emotion of a file outside any library."""

    path: bytes
    tags: Tags
    content: bytes  # hash of its sound
    duration_s: float
    emotion: Emotion
    statistics: FloatArray  # (579,), mean over the windows
    partial: float | None = None  # share of the sound that could be heard; None where it is whole
    tempo_key: TempoKey | None = None


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file outside any library that could not be heard."""

    path: bytes
    stage: str
    reason: str


@dataclass(frozen=True, slots=True)
class Curve:
    """Mood inside one track.

    Parameters
    ----------
    track : as answers show it; its id is None for a file outside the library
    plan : the windows that were asked for
    duration_s : of the track, measured
    readings : in order of time; each is of all the sound in its window, not of its middle alone
    partial : share of the sound that could be heard; None where it is whole
    """

    track: Track
    plan: SlidingPlan
    duration_s: float
    readings: tuple[WindowEmotion, ...]
    partial: float | None = None


Dimension = Literal["valence", "arousal"]


@dataclass(frozen=True, slots=True)
class Peak:
    """A time at which valence or arousal is higher than around it; ``value``, ``prominence`` are 0..1."""

    time_s: float
    dimension: Dimension
    value: float
    prominence: float


@dataclass(frozen=True, slots=True)
class Turn:
    """A time at which the mood changes.

    Parameters
    ----------
    time_s : where one stretch ends and the next begins, each as long as a window
    valence, arousal : how much higher, -1..1, they are in the stretch after it than in the one before
    """

    time_s: float
    valence: float
    arousal: float

    @property
    def change(self) -> float:
        """How far the mood moves on the plane, 0..1.41."""
        return float(np.hypot(self.valence, self.arousal))
