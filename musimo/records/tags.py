"""Tags of a file, and the tracks that a cue sheet describes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tags:
    """Tags and header of a file. A value that is missing or absurd is None."""

    title: str | None = None
    artist: str | None = None
    albumartist: str | None = None
    album: str | None = None
    genre: str | None = None
    composer: str | None = None
    year: int | None = None  # of the first release, where it is known
    track: int | None = None
    disc: int | None = None
    bpm: float | None = None
    duration_s: float | None = None  # claimed by the header; FileOpened.duration_s is measured
    sample_rate: int | None = None  # Hz
    channels: int | None = None
    bitrate: int | None = None  # kbit/s
    codec: str | None = None  # lower case: mp3, flac, vorbis, opus, aac, alac, ...
    release_year: int | None = None  # of this release


@dataclass(frozen=True, slots=True)
class SheetTrack:
    """A track that a cue sheet describes: a part of a file.

    Parameters
    ----------
    start_s : where it begins in the file
    end_s : where it ends; None: with the file
    tags : what the sheet says of it; the rest is as the file says
    """

    start_s: float
    end_s: float | None
    tags: Tags


CueSheet = tuple[SheetTrack, ...]
"""The tracks of one file, in order of time."""
