"""A library of the first schema, as it was written then, is brought to today's and goes on."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import soundfile

from musimo import Library
from musimo.api.session import Session
from musimo.audio.features import FEATURE_ID
from musimo.audio.tempo_key import TEMPO_KEY_ID
from musimo.errors import NotFoundError
from musimo.library.db import schema
from musimo.library.db.queries import Store
from musimo.library.db.ratings import all_ratings
from musimo.resources import resource, weights_path
from tests.conftest import PlainPredictor
from tests.sounds import melody

FIRST = Path(__file__).parents[2] / "libraries" / "0001.db"  # three melodies in /music, heard by OLD
OLD = "mase_net-0.2-309989ef"


@pytest.fixture
def library(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """The library of 0001, with its music where it can be heard."""
    music = tmp_path / "music"
    music.mkdir()
    for seed in (1, 2, 3):
        path = music / f"{seed}.wav"
        soundfile.write(path, melody(4, 22_050, seed), 22_050, subtype="PCM_16")
        os.utime(path, ns=(10**18, 10**18))
    shutil.copy(FIRST, home / "library.db")
    with closing(sqlite3.connect(home / "library.db")) as connection, connection:
        connection.execute("UPDATE roots SET path = ?", (os.fsencode(music),))
    monkeypatch.setattr(Session, "load_predictor", lambda self, weights: PlainPredictor())
    monkeypatch.setenv("MUSIMO_JOBS", "0")
    return Library.open()


def test_it_is_backed_up_and_loses_nothing(library: Library, home: Path) -> None:
    path = home / "library.db"
    store = Store.open(path, OLD)
    backup = home / f"library.db.before-{schema.REVISION}"
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
        before = connection.execute("SELECT valence, arousal FROM emotions ORDER BY content_id").fetchall()
    np.testing.assert_allclose(store.emotions()[1], before, rtol=1e-6)
    assert store.counts().analyzed == 3
    assert len(store.stamps()[0]) == 0, "there is no space in which the old model's sounds lie"
    track = store.track_by_id(1)
    assert track is not None
    assert track.content is not None
    assert store.descriptors_of(track.content) is None
    assert len(store.windows_of(track.content)) == 1


def test_until_it_is_heard_again_every_answer_says_what_to_do(library: Library, tmp_path: Path) -> None:
    outside = tmp_path / "outside.wav"
    soundfile.write(outside, melody(4, 22_050, 9), 22_050)
    for ask in (
        lambda: library.similar("1.wav"),
        lambda: library.similar(outside),
        lambda: library.mood(0.5, 0.5),
    ):
        with pytest.raises(NotFoundError, match=f"analyzed by .*{library.model}, only by {OLD}") as caught:
            ask()
        assert "musimo scan FOLDER" in caught.value.hint
    assert (library.status().analyzed, library.status().indexed) == (0, 0)


def test_the_next_scan_hears_all_of_it_again_and_keeps_the_old_answers(
    library: Library, tmp_path: Path, home: Path
) -> None:
    audit = library.scan(tmp_path / "music")
    assert (audit.new, audit.failed, audit.missing) == (0, 0, 0)
    assert len(library.similar("1.wav")) == 2
    assert library.status().analyzed == library.status().indexed == 3
    assert library.scan(tmp_path / "music").unchanged == 3
    assert [track.id for track in library.tracks()] == [1, 2, 3]
    assert Store.open(home / "library.db", OLD).counts().analyzed == 3


def test_a_library_of_the_second_schema_answers_as_before_and_calls_nothing_partial(home: Path) -> None:
    """Its sounds were heard before there was the mark."""
    second = "mase_net-0.2-67541ddb"
    path = home / "library.db"
    shutil.copy(FIRST.with_name("0002.db"), path)
    with closing(sqlite3.connect(path)) as connection:
        before = connection.execute("SELECT valence, arousal FROM emotions ORDER BY content_id").fetchall()
    store = Store.open(path, second)
    backup = home / f"library.db.before-{schema.REVISION}"
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0002",)]
    np.testing.assert_allclose(store.emotions()[1], before, rtol=1e-6)
    assert (store.counts().analyzed, store.counts().partial) == (3, 0)
    assert len(store.stamps()[0]) == 3
    assert [track.partial for track in store.all_tracks()] == [None] * 3
    assert len({*store.stamps()[1].tolist()}) == 3, "no two alike"


def test_a_library_of_the_third_schema_knows_which_model_answers(home: Path) -> None:
    third = "mase_net-0.3-157bd086"
    path = home / "library.db"
    shutil.copy(FIRST.with_name("0003.db"), path)
    store = Store.open(path, "mase_net-next")
    assert store.active_model() == third
    assert store.progress(third) == (0, 3)
    assert len(Store.open(path, third).stamps()[0]) == 3
    assert (home / f"library.db.before-{schema.REVISION}").is_file()


def test_a_library_of_the_fourth_schema_answers_as_before(home: Path) -> None:
    fourth = "mase_net-0.3-157bd086"
    path = home / "library.db"
    shutil.copy(FIRST.with_name("0004.db"), path)
    with closing(sqlite3.connect(path)) as connection:
        before = connection.execute("SELECT valence, arousal FROM emotions ORDER BY content_id").fetchall()
    store = Store.open(path, fourth)
    np.testing.assert_allclose(store.emotions()[1], before, rtol=1e-6)
    assert len(store.stamps()[0]) == 3
    assert store.active_model() == fourth


def as_if_made_now(connection: sqlite3.Connection) -> None:
    """Let the model that ships, and the methods of now, have made the analyses."""
    connection.execute("UPDATE models SET name = ?, features = ?", (weights_path().stem, FEATURE_ID))
    connection.execute("UPDATE tempo_keys SET maker = ?", (TEMPO_KEY_ID,))


def test_a_library_of_the_fifth_schema_takes_new_hashes_over(home: Path, tmp_path: Path) -> None:
    """Three melodies, a copy of the first, and half of the third; the second is liked."""
    music = tmp_path / "music"
    music.mkdir()
    for seed in (1, 2, 3):
        soundfile.write(music / f"{seed}.wav", melody(4, 22_050, seed), 22_050, subtype="PCM_16")
    shutil.copy(music / "1.wav", music / "copy.wav")
    data = (music / "3.wav").read_bytes()
    (music / "cut.wav").write_bytes(data[: 44 + (len(data) - 44) // 2])
    path = home / "library.db"
    shutil.copy(FIRST.with_name("0005.db"), path)
    for file in music.iterdir():
        os.utime(file, ns=(10**18, 10**18))
    with closing(sqlite3.connect(path)) as connection, connection:
        before = connection.execute("SELECT * FROM emotions ORDER BY content_id").fetchall()
        connection.execute("UPDATE roots SET path = ?", (os.fsencode(music),))
        as_if_made_now(connection)
    store = Store.open(path, weights_path().stem)
    partial = {Path(track.path).name: track.partial for track in store.all_tracks()}
    assert partial == {"1.wav": None, "2.wav": None, "3.wav": None, "copy.wav": None, "cut.wav": 0.5}
    with Library.open() as library:
        audit = library.scan(music)
    assert (audit.unchanged, audit.seen) == (5, 5)
    tracks = {Path(track.path).name: track for track in store.all_tracks()}
    assert {name: track.partial for name, track in tracks.items()} == partial
    assert tracks["1.wav"].content == tracks["copy.wav"].content
    [rating] = all_ratings(store)
    assert (rating.track, rating.opinion.liking) == (tracks["2.wav"], 1)
    with closing(sqlite3.connect(path)) as connection:
        after = connection.execute("SELECT * FROM emotions ORDER BY content_id").fetchall()
        hashes = connection.execute("SELECT count(*) FROM contents WHERE hash != old_hash").fetchone()
    assert hashes == (4,)
    assert [row[:11] for row in after] == [row[:11] for row in before]
    assert [row[11] for row in before if row[11] is not None] == [0.5]


def test_every_schema_that_was_has_its_library() -> None:
    kept = sorted(path.stem for path in FIRST.parent.glob("*.db"))
    revisions = sorted(path.name[:4] for path in (resource("migrations") / "versions").glob("0*.py"))
    assert kept == revisions[:-1]
    assert kept == [f"{number:04}" for number in range(1, int(schema.REVISION))]


def test_a_library_of_the_seventh_schema_stays_as_it_is_and_takes_cue_sheets(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three melodies, of which the second is liked."""
    music = tmp_path / "music"
    music.mkdir()
    for seed in (1, 2, 3):
        path = music / f"{seed}.wav"
        soundfile.write(path, melody(4, 22_050, seed), 22_050, subtype="PCM_16")
        os.utime(path, ns=(10**18, 10**18))
    path = home / "library.db"
    shutil.copy(FIRST.with_name("0007.db"), path)
    with closing(sqlite3.connect(path)) as connection, connection:
        before = connection.execute("SELECT * FROM emotions ORDER BY content_id").fetchall()
        connection.execute("UPDATE roots SET path = ?", (os.fsencode(music),))
        as_if_made_now(connection)
        connection.execute("UPDATE sqlite_sequence SET seq = 9 WHERE name = 'tracks'")
    monkeypatch.setattr(Session, "load_predictor", lambda self, weights: PlainPredictor())
    monkeypatch.setenv("MUSIMO_JOBS", "0")
    with Library.open() as library:
        assert library.scan(music).unchanged == 3
        assert [(track.id, track.part) for track in library.tracks()] == [(1, None), (2, None), (3, None)]
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT * FROM emotions ORDER BY content_id").fetchall() == before
        sheet = 'FILE "2.wav" WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 01 00:02:00\n'
        (music / "2.cue").write_text(sheet)
        audit = library.scan(music)
        assert (audit.changed, audit.unchanged, audit.ignored) == (1, 2, 1)
        assert [track.id for track in library.tracks()] == [1, 2, 10, 3], "no id is used again"
        (music / "2.cue").unlink()
        library.scan(music)
        [rating] = all_ratings(library._session.store)
        assert rating.track is not None
        assert (rating.track.id, rating.opinion.liking) == (2, 1)
