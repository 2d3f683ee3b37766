"""The draft of a track's analysis: windows come in, groups of them go out, predictions come back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import nan

import numpy as np

from musimo.audio.decoded_fraction import decoded_fraction
from musimo.audio.silence import MAX_SILENT_FRACTION, silent_fraction
from musimo.audio.tempo_key import TempoKeyFeatures, estimate_tempo_key, tempo_key_features
from musimo.audio.windows import WINDOWS_PER_CALL
from musimo.emotion.space import SoundSpace, unit
from musimo.emotion.summary import mean_statistics, summarize
from musimo.errors import AudioError
from musimo.library.scan.messages import ExtractMessage, Finished
from musimo.records import (
    Descriptors,
    Emotion,
    ExtractedWindow,
    FileOpened,
    FloatArray,
    TempoKey,
    Window,
    WindowPrediction,
)


@dataclass(frozen=True, slots=True)
class Summary:
    """The analysis of a whole track, over the windows that are not silent.

    Valence and arousal are NaN where all of it is digital silence.

    Parameters
    ----------
    partial : decoded fraction, None where that is 1
    decoded : the same of the audio that is present
    """

    emotion: Emotion
    statistics: FloatArray  # (579,), mean over the windows
    partial: float | None
    tempo_key: TempoKey
    decoded: float | None = None


@dataclass(frozen=True, slots=True)
class _AnalyzedWindow:
    """What is kept of a window for the summary."""

    window: Window
    prediction: WindowPrediction
    statistics: FloatArray
    tempo_key: TempoKeyFeatures
    silent: float


@dataclass(slots=True)
class Draft:
    """A track between its first message and its result.

    Attributes
    ----------
    opened : None until the file is opened
    ended : whether its last message came
    error : why it cannot be analyzed
    """

    opened: FileOpened | None = None
    ended: bool = False
    error: AudioError | None = None
    window_vectors: dict[Window, FloatArray] = field(default_factory=dict)
    _waiting: list[ExtractedWindow] = field(default_factory=list)  # not in a group yet
    _analyzed: list[_AnalyzedWindow] = field(default_factory=list)
    _lacking_s: float = 0.0  # holes in the analyzed windows

    def take(self, message: ExtractMessage) -> list[ExtractedWindow]:
        """Take the next message; return a group of windows to be predicted together, or an empty list."""
        if isinstance(message, FileOpened):
            self.opened = message
            return []
        if isinstance(message, ExtractedWindow):
            self._waiting.append(message)
            if len(self._waiting) < WINDOWS_PER_CALL:
                return []
        else:
            self.ended = True
            if isinstance(message, AudioError):
                self.error = message
                self._waiting = []
        group, self._waiting = self._waiting, []
        return group

    def add(self, group: Sequence[ExtractedWindow], predictions: Sequence[WindowPrediction]) -> None:
        """Add the predictions of a group; of its windows only what the summary needs is kept."""
        for window, prediction in zip(group, predictions, strict=True):
            self._lacking_s += window.missing_s
            self._analyzed.append(
                _AnalyzedWindow(
                    window.window,
                    prediction,
                    window.statistics,
                    tempo_key_features(window),
                    silent_fraction(window.features),
                )
            )

    def add_window_vectors(
        self, space: SoundSpace, group: Sequence[ExtractedWindow], predictions: Sequence[WindowPrediction]
    ) -> None:
        """Add the sound vectors of a group, in every block of ``space``."""
        descriptors = Descriptors(
            unit([prediction.embedding for prediction in predictions]),
            np.stack([window.statistics for window in group]),
            np.stack([prediction.fused for prediction in predictions]),
        )
        vectors = space.block_vectors(descriptors)
        self.window_vectors |= zip((window.window for window in group), vectors, strict=True)

    @property
    def empty(self) -> bool:
        """Whether no window was analyzed."""
        return not self._analyzed

    @property
    def silent(self) -> bool:
        """Whether every window that was analyzed is digital silence, from its first to its last frame."""
        return bool(self._analyzed) and all(one.silent == 1 for one in self._analyzed)

    def summary(self) -> Summary | None:
        """Summarize the track; None where no window was to be analyzed."""
        assert self.opened is not None
        if not self._analyzed:
            return None
        counted = _with_music(self._analyzed)
        predictions = [(one.window, one.prediction) for one in counted]
        if self.silent:
            predictions = [(window, replace(one, valence=nan, arousal=nan)) for window, one in predictions]
        windows = [one.window for one in self._analyzed]
        return Summary(
            summarize(predictions),
            mean_statistics([one.statistics for one in counted]),
            decoded_fraction(self.opened, windows, self._lacking_s),
            estimate_tempo_key([one.tempo_key for one in counted]),
            decoded_fraction(replace(self.opened, expected_duration_s=None), windows, self._lacking_s),
        )


@dataclass(slots=True)
class FileDraft:
    """A file between its first message and its result: one track, or those of its sheet.

    Attributes
    ----------
    tracks : in order of time; the last one is being extracted
    ended : whether the last message of the file came
    failure : why the decoder gave the file up
    """

    tracks: list[Draft] = field(default_factory=lambda: [Draft()])
    ended: bool = False
    failure: AudioError | None = None

    def take(self, message: ExtractMessage) -> Iterator[tuple[Draft, list[ExtractedWindow]]]:
        """Take the next message; yield groups of windows to be predicted together, each with its draft."""
        if isinstance(message, FileOpened) and self.tracks[-1].opened is not None:
            yield from self._grouped(Finished())
            self.tracks.append(Draft())
        yield from self._grouped(message)
        self.ended = isinstance(message, Finished | AudioError)
        if isinstance(message, AudioError):
            self.failure = message

    def _grouped(self, message: ExtractMessage) -> Iterator[tuple[Draft, list[ExtractedWindow]]]:
        if group := self.tracks[-1].take(message):
            yield self.tracks[-1], group

    @property
    def error(self) -> AudioError | None:
        """Why the file cannot be analyzed: the decoder failed, or there is no track to store."""
        if self.failure is None and not self.analyzed:
            return self.left_out[0][1]
        return self.failure

    @property
    def analyzed(self) -> list[Draft]:
        """The tracks to be stored."""
        return [track for track in self.tracks if _error_of(track) is None]

    @property
    def left_out(self) -> list[tuple[Draft, AudioError]]:
        """The other tracks, and why they cannot be analyzed."""
        return [(track, error) for track in self.tracks if (error := _error_of(track)) is not None]


def _error_of(draft: Draft) -> AudioError | None:
    """Return why a track cannot be analyzed; None where it can."""
    if draft.error is None and draft.silent:
        return AudioError("analyze", "it contains digital silence only, which has no mood")
    return draft.error


def _with_music(windows: Sequence[_AnalyzedWindow]) -> Sequence[_AnalyzedWindow]:
    """Return the windows that have little silence; if there are none, those with any music; else all."""
    for most in (MAX_SILENT_FRACTION, np.nextafter(1, 0)):
        if counted := [one for one in windows if one.silent <= most]:
            return counted
    return windows
