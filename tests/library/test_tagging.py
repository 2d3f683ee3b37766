"""What the library knows, in its files: who is written, who is left out, and what the next scan sees."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile

from musimo.api import Library, tags
from musimo.api.session import Session
from musimo.audio.tag_writing import read_fields
from musimo.errors import LibraryError, NotFoundError, UsageError
from musimo.library.db.lock import hold
from musimo.records import AnalyzedFile, FloatArray, TempoKey, WindowPrediction
from musimo.search.mood_words import QUADRANTS, TAG_WORDS, words_for
from musimo.search.selection import Selection
from musimo.search.where import parse
from tests.conftest import PlainPredictor
from tests.sounds import encode, melody, sine


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    for n in range(3):
        soundfile.write(folder / f"{n}.flac", sine(200 + 70 * n, 0.5, amplitude=0.1 + 0.3 * n), 22_050)
    encode(folder / "film.mka", melody(1, 44_100))
    return folder


@pytest.fixture
def library(music: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setattr(Session, "load_predictor", lambda self, weights: PlainPredictor())
    monkeypatch.setenv("MUSIMO_JOBS", "0")
    library = Library.open()
    library.scan(music)
    return library


def states(rows: object) -> dict[str, str]:
    return {Path(os.fsdecode(row.update.track.path_bytes)).name: row.state for row in rows}  # type: ignore[attr-defined]


ALL = {"0.flac": "written", "1.flac": "written", "2.flac": "written", "film.mka": "left out"}


def test_the_next_scan_finds_what_was_written_unchanged(library: Library, music: Path) -> None:
    wanted = library.tags.updates()
    before = {path: path.read_bytes() for path in music.iterdir()}
    assert states(library.tags.preview(wanted)) == {
        name: {"written": "to write"}.get(state, state) for name, state in ALL.items()
    }
    assert {path: path.read_bytes() for path in music.iterdir()} == before
    rows = list(library.tags.write(wanted))
    assert states(rows) == ALL
    [left] = [row for row in rows if row.state == "left out"]
    assert left.reason == "musimo writes no tags into files of this kind"
    for row in rows[:3]:
        assert row.update.fields["MUSIMO_VALENCE"] == f"{row.update.track.valence:.3f}"
        assert read_fields(row.update.track.path_bytes, {})[0] == row.update.fields
    audit = library.scan(music)
    assert (audit.unchanged, audit.seen) == (4, 4)
    assert {*states(library.tags.write(library.tags.updates())).values()} == {"unchanged", "left out"}


def test_what_other_programs_changed_is_still_seen_by_the_next_scan(library: Library, music: Path) -> None:
    file = mutagen.File(music / "1.flac")
    file["title"] = "new"
    file.save()
    assert states(library.tags.write(library.tags.updates())) == ALL
    audit = library.scan(music)
    assert (audit.unchanged, audit.changed) == (3, 1)
    assert library.show(str(music / "1.flac")).track.tags.title == "new"


def test_tempo_and_key_that_are_known_go_into_fields_of_their_own(
    library: Library, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [track] = library.tracks(Selection(1))
    for tempo, key, *expected in (
        (128.04, "A minor", "128.0", "Am"),
        (None, None, None, None),
        (None, "F# minor", None, "F#m"),
    ):
        known = replace(track, tempo_key=TempoKey(tempo, 0.9, key, 0.9))
        monkeypatch.setattr(tags, "select_tracks", lambda store, selection, known=known: iter([known]))
        [result] = library.tags.write(library.tags.updates())
        assert result.state == "written"
        written = read_fields(track.path_bytes, {})[0]
        assert [written.get(name) for name in ("MUSIMO_BPM", "MUSIMO_KEY")] == expected
    [row] = library.tags.updates(key_notation="camelot")
    assert row.fields["MUSIMO_KEY"] == "11A"


class Hearing(PlainPredictor):
    """Hears two tags: one in everything, one in the loudest."""

    def __init__(self) -> None:
        super().__init__()
        self.tags = ("slow", "metal")

    def predict(self, tracks: Sequence[Sequence[FloatArray]]) -> list[list[WindowPrediction]]:
        return [
            [replace(felt, tags=np.array([0.625, felt.arousal], np.float32)) for felt in windows]
            for windows in super().predict(tracks)
        ]


def test_tags_heard_go_into_a_field_of_their_own(music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "load_predictor", lambda self, weights: Hearing())
    monkeypatch.setenv("MUSIMO_JOBS", "0")
    library = Library.open()
    [analyzed] = library.analyze(music / "2.flac")
    assert isinstance(analyzed, AnalyzedFile)
    library.scan(music)
    known = {track.path.name: track.heard for track in library.tracks()}
    assert analyzed.heard == known["2.flac"] == library.show("2.flac").track.heard
    assert all(heard is not None and "slow" in [one.tag for one in heard] for heard in known.values())
    wanted = {update.track.path.name: update.fields["MUSIMO_HEARD"] for update in library.tags.updates()}
    assert wanted == {name: "; ".join(one.tag for one in heard or ()) for name, heard in known.items()}
    assert {*states(library.tags.write(library.tags.updates("2.flac"))).values()} == {"written"}
    assert read_fields(music / "2.flac", {})[0]["MUSIMO_HEARD"] == wanted["2.flac"]
    assert library.scan(music).unchanged == 4
    assert library.status().heard == dict(
        Counter(tag for text in wanted.values() for tag in text.split("; "))
    )
    assert len(list(library.tracks(Selection(where="heard:slow", max_per_album=None)))) == 4
    [row, *_] = library.similar("2.flac", selection=Selection(1, fold_versions=False))
    assert row.track.heard == known[row.track.path.name]


def test_other_sound_and_missing_files_are_left_out(library: Library, music: Path) -> None:
    soundfile.write(music / "0.flac", sine(900, 0.5), 22_050)
    (music / "1.flac").unlink()
    looked = states(library.tags.preview(library.tags.updates()))
    assert [looked[name] for name in ("0.flac", "1.flac", "2.flac")] == ["left out", "left out", "to write"]
    reasons = {row.reason for row in library.tags.write(library.tags.updates()) if row.reason}
    assert any("not the one that the library knows" in reason for reason in reasons)
    assert "it is not there" in reasons
    assert read_fields(music / "0.flac", {})[0] == {}


def test_which_tracks_are_meant(library: Library, music: Path) -> None:
    assert len(library.tags.updates(str(music / "1.flac"), "2.flac")) == 2
    assert len(library.tags.updates(where=["format:matroska", "format:flac"])) == 0
    assert len(library.tags.updates(where=[parse("path:1.fl")])) == 1
    assert [wish.fields for wish in library.tags.updates("1.flac", remove=True)] == [{}]
    with pytest.raises(NotFoundError):
        library.tags.updates("no such track")
    with pytest.raises(UsageError):
        library.tags.updates("flac")


def test_it_stops_between_files_and_goes_on_where_it_stopped(library: Library) -> None:
    asked = iter([False, False, True])
    wanted = library.tags.updates()
    assert len(list(library.tags.write(wanted, stop=lambda: next(asked)))) == 2
    assert [*states(library.tags.write(wanted)).values()] == [
        "unchanged",
        "unchanged",
        "written",
        "left out",
    ]


def test_only_one_writes_at_a_time(library: Library) -> None:
    with hold(library.settings.library), pytest.raises(LibraryError, match="is writing"):
        list(library.tags.write(library.tags.updates()))


def test_a_track_that_is_not_analysed_has_nothing_to_say(library: Library, music: Path) -> None:
    (music / "0.flac").write_bytes(b"text")
    library.scan(music)
    rows = {
        Path(os.fsdecode(row.update.track.path_bytes)).name: row
        for row in library.tags.preview(library.tags.updates())
    }
    assert (rows["0.flac"].state, rows["0.flac"].reason) == ("left out", "it is not analyzed")


def test_words_are_those_that_lead_to_the_place() -> None:
    for word, place in TAG_WORDS.items():
        quadrant, *nearer = words_for(place)
        assert quadrant in QUADRANTS
        assert [TAG_WORDS[word] for word in nearer] == [place] if word not in QUADRANTS else not nearer
    assert words_for((0.5, 0.55)) == ("happy",)
    assert words_for((0.9, 0.9), {"Mine": (0.9, 0.91)}) == ("happy", "mine")
    assert words_for((0.2, 0.2), {"sad": (0.9, 0.9)})[0] == "sad"


def test_words_mean_percentiles_of_the_library_unless_the_plane_is_asked_for(library: Library) -> None:
    moods = library._session.store.emotions()[1]
    words = library.tags.mood_words()
    highest = tuple(float(value) for value in moods.max(axis=0))
    assert words(*highest).startswith("happy")
    assert library.tags.mood_words(absolute=True)(0.75, 0.25) == "calm"
