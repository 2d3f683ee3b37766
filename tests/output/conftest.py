from dataclasses import replace

import numpy as np
import pytest

from musimo.output.answers import MoodResult, SimilarResult
from musimo.records import (
    AnalyzedFile,
    Emotion,
    Tags,
    TempoKey,
    Track,
    Window,
    WindowEmotion,
)
from musimo.search.rows import MoodTrack, SimilarTrack

HOSTILE_TITLE = (
    '\x1b[2J\x1b]0;owned\x07"Quoted" & <b> ]]> \u202egnp.exe\u202c\nsecond line\r\x9b31m 🎸 春の海 \ud800'
    + "long " * 200
)


@pytest.fixture
def track() -> Track:
    tags = Tags(
        title="Feeling Good",
        artist="Nina Simone",
        album="I Put a Spell on You",
        genre="Jazz",
        year=1965,
        track=7,
        bpm=119.6,
        sample_rate=44_100,
        channels=2,
        bitrate=320,
        codec="mp3",
    )
    told = TempoKey(120.04, 0.876, "G minor", 0.523)
    return Track(7, b"/music/Nina/07 Feeling Good.mp3", tags, 173.42, 3, 0.625, 0.25, tempo_key=told)


@pytest.fixture
def bare() -> Track:
    """Nothing is known of it, and its name is not UTF-8."""
    return Track(8, b"/music/caf\xe9.ogg", Tags(), None, None, None, None)


@pytest.fixture
def hostile() -> Track:
    tags = Tags(title=HOSTILE_TITLE, artist="=HYPERLINK(1)", album="a\x00b", genre="-1+1", codec="mp3")
    return Track(9, b"/music/\x1b[31mred\n#EXTM3U.mp3", tags, float("nan"), 4, float("nan"), 0.5)


@pytest.fixture
def similar(track: Track, bare: Track, hostile: Track) -> SimilarResult:
    wide = replace(track, tags=Tags(title="春の海" * 20, artist="宮城道雄"), duration_s=3725.0)
    rows = [track, wide, bare, hostile]
    similar = tuple(SimilarTrack(rank, 1 / rank, row) for rank, row in enumerate(rows, 1))
    return SimilarResult(similar, (replace(track, id=None),))


@pytest.fixture
def mood(track: Track) -> MoodResult:
    return MoodResult((MoodTrack(1, 0.125, track),), 0.75, 0.25)


@pytest.fixture
def analyzed() -> AnalyzedFile:
    windows = (
        WindowEmotion(Window(0.0, 45.0), 0.5, 0.25),
        WindowEmotion(Window(60.5, 105.5), 0.75, 0.25),
    )
    emotion = Emotion(0.625, 0.25, 0.125, 0.0, np.zeros(256, np.float32), np.zeros(128, np.float32), windows)
    statistics = np.zeros(579, np.float32)
    return AnalyzedFile(
        b"/tmp/new.flac",
        Tags(codec="flac"),
        b"hash",
        110.0,
        emotion,
        statistics,
        tempo_key=TempoKey(None, 0.1, "Eb major", 0.5),
    )
