"""Records that several rooms share: frozen dataclasses without logic.

Valence and arousal are on the 0..1 scale everywhere inside musimo, 0.5 = neutral: ``(x - 1) / 8`` of the 1-9
rating scale that the network is trained on. Times are seconds. Paths on disk are ``bytes``, as the file
system has them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from musimo.records.failures import FailedFile as FailedFile
from musimo.records.failures import Failure as Failure
from musimo.records.fields import (
    CONFIDENCE_DIGITS,
    SECOND_DIGITS,
    TEMPO_DIGITS,
    Fields,
    OnDisk,
    number,
    path_fields,
    point,
)
from musimo.records.filters import AnyFilter as AnyFilter
from musimo.records.filters import Filter as Filter
from musimo.records.filters import HeardFilter as HeardFilter
from musimo.records.filters import KeyFilter as KeyFilter
from musimo.records.filters import LikedFilter as LikedFilter
from musimo.records.filters import MoodFilter as MoodFilter
from musimo.records.filters import NumberField as NumberField
from musimo.records.filters import PathFilter as PathFilter
from musimo.records.filters import RangeFilter as RangeFilter
from musimo.records.filters import TextField as TextField
from musimo.records.filters import TextFilter as TextFilter
from musimo.records.heard import Heard as Heard
from musimo.records.heard import HeardScores as HeardScores
from musimo.records.heard import HeardTag as HeardTag
from musimo.records.heard import heard_fields, no_tags
from musimo.records.keys import KEYS as KEYS
from musimo.records.keys import KeyNotation as KeyNotation
from musimo.records.keys import written_key as written_key
from musimo.records.scale import Scale
from musimo.records.tags import CueSheet as CueSheet
from musimo.records.tags import SheetTrack as SheetTrack
from musimo.records.tags import Tags as Tags

FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]


CONTENT_BYTES = 16  # of a content hash: the first collision is expected at some 10^19 tracks

Coverage = Literal["windows", "full"]
"""How much of a track is analyzed: three windows, or every second."""


@dataclass(frozen=True, slots=True)
class SlidingPlan:
    """Windows of one length, a hop apart, from one end of a track to the other."""

    window_s: float
    hop_s: float


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a track that is analyzed as one."""

    start_s: float
    end_s: float

    @property
    def middle_s(self) -> float:
        """The time that a reading of this window is reported at."""
        return (self.start_s + self.end_s) / 2

    def as_dict(self) -> Fields:
        """Return the fields of the JSON contract."""
        return {"start": number(self.start_s, SECOND_DIGITS), "end": number(self.end_s, SECOND_DIGITS)}


WindowPlan = Coverage | SlidingPlan | Window | tuple[Window, ...]
"""Which windows of a track are analyzed: as in a library; sliding; of one passage; or exactly these."""


@dataclass(frozen=True, slots=True)
class FileOpened:
    """A file that contains audio, or a track of its cue sheet.

    The first event of :func:`musimo.audio.extract.extract_windows`, or the first of each track. Times of
    windows are counted from the beginning of the track.

    Parameters
    ----------
    tags : of the file and its sheet, completed by the decoder
    content : hash of the audio, equal for files that differ only in tags, name or folder
    duration_s : measured over the whole stream, never taken from a header
    windows : that will be extracted
    expected_duration_s : duration of the complete audio by its header, if a part of it is missing; else None
    old_content : hash of version 1, if it was asked for
    start_s, end_s : where a track of a sheet lies in its file; None: it is the whole file
    whole : content hash of the whole file, of which ``content`` is a part; None: it is the whole
    """

    tags: Tags
    content: bytes
    duration_s: float
    windows: tuple[Window, ...]
    expected_duration_s: float | None = None
    old_content: bytes | None = None
    start_s: float | None = None
    end_s: float | None = None
    whole: bytes | None = None


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
    tags : scores of the tags heard, 0..1 [shape=(n_tags,), float32]
    """

    valence: float
    arousal: float
    embedding: FloatArray
    fused: FloatArray
    tags: FloatArray = field(default_factory=no_tags)


@dataclass(frozen=True, slots=True)
class WindowEmotion:
    """Emotion of one window of a track, 0..1."""

    window: Window
    valence: float
    arousal: float

    def as_dict(self, scale: Scale = "0-1") -> Fields:
        """Return the fields of the JSON contract."""
        return {**self.window.as_dict(), **point(self.valence, self.arousal, scale)}


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
    tags : mean scores of the tags heard [shape=(n_tags,), float32], see :class:`WindowPrediction`
    """

    valence: float
    arousal: float
    valence_sd: float
    arousal_sd: float
    embedding: FloatArray
    fused: FloatArray
    windows: tuple[WindowEmotion, ...]
    tags: FloatArray = field(default_factory=no_tags)


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

    def as_dict(self) -> Fields:
        """Return the fields of the JSON contract."""
        return {
            "tempo": number(self.tempo, TEMPO_DIGITS),
            "tempo_confidence": number(self.tempo_confidence, CONFIDENCE_DIGITS),
            "key": self.key,
            "key_confidence": number(self.key_confidence, CONFIDENCE_DIGITS),
            "camelot": written_key(self.key, "camelot"),
            "open_key": written_key(self.key, "openkey"),
        }


def tempo_key_fields(tempo_key: TempoKey | None) -> Fields:
    """Return the fields of tempo and key, each None where they are not known."""
    return dict.fromkeys(TempoKey(None, 0, None, 0).as_dict()) if tempo_key is None else tempo_key.as_dict()


@dataclass(frozen=True, slots=True)
class Track(OnDisk):
    """One track of a library, as results show it.

    Parameters
    ----------
    id : of the track in the library; None for a file outside it
    path_bytes : absolute path, as on disk; ``path`` is the same as a :class:`pathlib.Path`
    tags : of the file
    duration_s : measured where the audio is analyzed, else as its header claims
    content : id of its audio, shared by exact copies; None where that is not known
    valence, arousal : 0..1; None where the audio is not analyzed by the active model
    partial : decoded fraction of the audio, 0..1; None where all of it was decoded, or it is not analyzed
    tempo_key : None where it is not analyzed
    content_hash : hash of its audio, the ``content`` of JSON and of exported analyses; None where not known
    part : where a track of a cue sheet lies in its file; None: it is the whole file
    heard : tags heard, strongest first; None where the model hears none, or they were not asked for
    """

    id: int | None
    path_bytes: bytes
    tags: Tags
    duration_s: float | None
    content: int | None
    valence: float | None
    arousal: float | None
    partial: float | None = None
    tempo_key: TempoKey | None = None
    content_hash: bytes | None = None
    part: Window | None = None
    heard: Heard | None = None

    def as_dict(self, scale: Scale = "0-1") -> dict[str, object]:
        """Return the fields of the JSON contract; what is not known is None."""
        tags = self.tags
        part = {"start": None, "end": None} if self.part is None else self.part.as_dict()
        return {
            "id": self.id,
            **path_fields(self.path_bytes),
            "title": tags.title,
            "artist": tags.artist,
            "album": tags.album,
            "albumartist": tags.albumartist,
            "genre": tags.genre,
            "year": tags.year,
            "release_year": tags.release_year,
            "duration": number(self.duration_s, SECOND_DIGITS),
            "format": tags.codec,
            "bitrate": tags.bitrate,
            **point(self.valence, self.arousal, scale),
            "partial": number(self.partial, SECOND_DIGITS),
            **tempo_key_fields(self.tempo_key),
            "content": None if self.content_hash is None else self.content_hash.hex(),
            **part,
            **heard_fields(self.heard),
        }


@dataclass(frozen=True, slots=True)
class AnalyzedFile(OnDisk):
    """Emotion of a file outside any library; valence and arousal are NaN where it is digital silence."""

    path_bytes: bytes
    tags: Tags
    content: bytes  # hash of its audio
    duration_s: float
    emotion: Emotion
    statistics: FloatArray  # (579,), mean over the windows
    partial: float | None = None  # decoded fraction; None if nothing is missing
    tempo_key: TempoKey | None = None
    heard: Heard | None = None  # tags heard, strongest first; None where the network hears none

    def as_dict(self, scale: Scale = "0-1") -> dict[str, object]:
        """Return the fields of the JSON contract; ``clips`` are its windows."""
        return {
            **path_fields(self.path_bytes),
            "duration": number(self.duration_s, SECOND_DIGITS),
            **point(self.emotion.valence, self.emotion.arousal, scale),
            "partial": number(self.partial, SECOND_DIGITS),
            **tempo_key_fields(self.tempo_key),
            "content": self.content.hex(),
            **heard_fields(self.heard),
            "clips": [one.as_dict(scale) for one in self.emotion.windows],
        }
