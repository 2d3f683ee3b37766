"""Tracks of a cue sheet as audio of their own: parts of an open file."""

from __future__ import annotations

from math import inf

from musimo.audio.content_hash import content_hash
from musimo.audio.cue_sheet import TIME_DIGITS
from musimo.audio.decode import SAMPLE_RATE, AudioDecoder
from musimo.audio.mixdown import DecodedWindow
from musimo.records import CueSheet, FloatArray, SheetTrack, Window


class SheetTrackDecoder:
    """An `AudioDecoder` of the part of a file that a track of a sheet takes.

    Its content hash covers that of the file and the place in it, so that it stays when the file moves, or
    other tracks of the sheet change.

    Parameters
    ----------
    file : the whole file
    track : what the sheet says
    """

    def __init__(self, file: AudioDecoder, track: SheetTrack) -> None:
        self._file = file
        self.track = track
        self.start_s = track.start_s
        self.end_s = round(min(file.duration_s, inf if track.end_s is None else track.end_s), TIME_DIGITS)
        self.whole = file.content
        self.content = self.packets_hash = content_hash(
            file.content, "cue", *(None if time is None else f"{time:.6f}" for time in _ends(track))
        )
        self.duration_s = self.end_s - self.start_s
        self.codec = file.codec
        self.sample_rate = file.sample_rate
        self.channels = file.channels
        self.bitrate = file.bitrate
        self.skipped_s = 0.0
        self.lacks_end = file.lacks_end and track.end_s is None
        self.claimed_s: float | None = None
        self._first = round(self.start_s * SAMPLE_RATE) / SAMPLE_RATE  # whole samples: none is read twice

    def expect(self, file_claims_s: float | None) -> None:
        """Set the duration of the complete track, by its sheet or else by the header of the file."""
        end_s = file_claims_s if self.track.end_s is None else self.track.end_s
        self.claimed_s = None if end_s is None else max(0.0, end_s - self.start_s)

    def decode(self, window: Window) -> DecodedWindow:
        """See `AudioDecoder`; times are counted from the beginning of the track."""
        return self._file.decode(Window(self._first + window.start_s, self._first + window.end_s))

    def samples(self, window: Window) -> FloatArray:
        """See `AudioDecoder`."""
        return self.decode(window).samples


def sheet_tracks(file: AudioDecoder, sheet: CueSheet, min_s: float) -> list[SheetTrackDecoder]:
    """Return the tracks of a sheet that are in a file, without those of less than ``min_s``."""
    tracks = (SheetTrackDecoder(file, track) for track in sheet if track.start_s < file.duration_s)
    return [track for track in tracks if track.duration_s >= min_s]


def _ends(track: SheetTrack) -> tuple[float, float | None]:
    return track.start_s, track.end_s
