"""Libraries whose contents are known by an older hash: taken over by reading files once."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path

import mutagen
import pytest
import soundfile

from musimo.audio.extract import extract_windows
from musimo.library.db.analyses import analysis_model, stored_analyses, write_analyses
from musimo.library.db.queries import Store
from musimo.library.db.ratings import Opinion, all_ratings, rate
from musimo.library.scan.events import ContentChanged
from musimo.library.scan.scan import ScanOptions
from musimo.records import FileOpened
from tests.audio.tails import id3v1
from tests.conftest import PlainPredictor
from tests.library.scan.test_scan import export, run
from tests.sounds import encode, melody, wav_header


class NoPredictor(PlainPredictor):
    def predict(self, tracks: object) -> list[list[object]]:  # type: ignore[override]
        raise AssertionError("nothing was to be analyzed")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "library.db", "plain-1", create=True)


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    for seed in (1, 2, 3):
        encode(folder / f"{seed}.flac", melody(3, 44_100, seed))
    return folder


def old_hash(path: bytes) -> bytes:
    opened = next(extract_windows(path, "windows", lambda content: False, with_old_hash=True))
    assert isinstance(opened, FileOpened)
    assert opened.old_content is not None
    return opened.old_content


def age(store: Store) -> None:
    """Make the library one of schema 0005: contents by their old hash, of which copies share one."""
    first: dict[bytes, int] = {}
    with closing(sqlite3.connect(store.path)) as connection, connection:
        for track in store.all_tracks():
            hash_ = old_hash(track.path_bytes)
            assert track.content is not None
            shared = first.setdefault(hash_, track.content)
            connection.execute(
                "UPDATE tracks SET content_id = ?, hash_version = 1 WHERE id = ?", (shared, track.id)
            )
            connection.execute(
                "UPDATE contents SET hash = ?, old_hash = ? WHERE id = ?", (hash_, hash_, shared)
            )
        unused = "NOT IN (SELECT content_id FROM tracks)"
        for table in ("emotions", "windows", "tempo_keys", "ratings"):
            connection.execute(f"DELETE FROM {table} WHERE content_id {unused}")
        connection.execute(f"DELETE FROM contents WHERE id {unused}")


def rows(store: Store, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(store.path)) as connection:
        return connection.execute(query).fetchall()


def like(store: Store, name: str, liking: int = 1) -> None:
    rate(store, {content_of(store, name): Opinion(liking=liking)})


def content_of(store: Store, name: str) -> int:
    [content] = [t.content for t in store.all_tracks() if t.path_bytes.endswith(b"/" + os.fsencode(name))]
    assert content is not None
    return content


def ratings(store: Store) -> dict[str, int | None]:
    return {Path(r.track.path).name if r.track else "": r.opinion.liking for r in all_ratings(store)}


def test_nothing_is_analyzed_again_and_nothing_is_lost(store: Store, music: Path) -> None:
    run(store, music)
    before, hashes = export(store), rows(store, "SELECT id, hash FROM contents ORDER BY id")
    like(store, "2.flac")
    age(store)
    assert rows(store, "SELECT id, hash FROM contents ORDER BY id") != hashes
    audit, _ = run(store, music, predictor=NoPredictor())
    assert (audit.unchanged, audit.seen) == (3, 3)
    assert export(store) == before
    assert rows(store, "SELECT id, hash FROM contents ORDER BY id") == hashes
    assert ratings(store) == {"2.flac": 1}
    assert rows(store, "SELECT DISTINCT hash_version FROM tracks") == [(2,)]


def test_a_scan_that_is_stopped_goes_on(store: Store, music: Path) -> None:
    run(store, music)
    before = export(store)
    age(store)
    calls = count()
    audit, _ = run(store, music, predictor=NoPredictor(), stop=lambda: next(calls) > 2)
    assert audit.interrupted
    opened = audit.unchanged
    audit, _ = run(store, music, predictor=NoPredictor())
    assert audit.unchanged == 3
    assert opened < 3
    assert export(store) == before


def test_files_that_were_moved_or_tagged_meanwhile_are_known(store: Store, music: Path) -> None:
    run(store, music)
    for name in ("1.flac", "2.flac", "3.flac"):
        like(store, name)
    age(store)
    (music / "1.flac").rename(music / "moved.flac")
    for name in ("2.flac", "3.flac", "moved.flac"):
        tags = mutagen.File(music / name)
        assert tags is not None
        tags["title"] = ["Another"]
        tags.save()
    audit, _ = run(store, music, predictor=NoPredictor())
    assert (audit.moved, audit.changed, audit.new) == (1, 2, 0)
    assert ratings(store) == {"moved.flac": 1, "2.flac": 1, "3.flac": 1}


def test_contents_that_differed_in_tails_become_one(store: Store, music: Path) -> None:
    """The newest rating wins; what was analyzed stays."""
    (music / "tail.flac").write_bytes((music / "1.flac").read_bytes() + id3v1(17))
    run(store, music)
    assert content_of(store, "1.flac") == content_of(store, "tail.flac")
    age(store)
    with closing(sqlite3.connect(store.path)) as connection, connection:
        for name, hash_, at in (("1.flac", b"a" * 16, "2020"), ("tail.flac", b"b" * 16, "2021")):
            id_ = {"1.flac": 101, "tail.flac": 102}[name]
            of = f"SELECT content_id FROM tracks WHERE path = x'{name.encode().hex()}'"
            connection.execute("INSERT INTO contents VALUES (?, ?, 3.0, ?)", (id_, hash_, hash_))
            old = connection.execute(of).fetchone()[0]
            columns = [row[1] for row in connection.execute("PRAGMA table_info(emotions)")]
            picked = ", ".join("?" if column == "content_id" else column for column in columns)
            connection.execute(
                f"INSERT INTO emotions SELECT {picked} FROM emotions WHERE content_id = ?", (id_, old)
            )
            connection.execute(
                "INSERT INTO tempo_keys SELECT ?, maker, tempo, tempo_confidence, key, key_confidence"
                " FROM tempo_keys WHERE content_id = ?",
                (id_, old),
            )
            connection.execute(
                "INSERT INTO ratings VALUES (?, NULL, NULL, ?, ?)", (id_, -1 if at == "2020" else 1, at)
            )
            connection.execute("UPDATE tracks SET content_id = ? WHERE path = ?", (id_, name.encode()))
        connection.execute("DELETE FROM emotions WHERE content_id = ?", (old,))
    run(store, music, predictor=NoPredictor())
    assert content_of(store, "1.flac") == content_of(store, "tail.flac")
    assert {rating.opinion.liking for rating in all_ratings(store)} == {1}
    assert len(rows(store, "SELECT * FROM emotions")) == 3


@pytest.fixture
def twins(music: Path) -> tuple[Path, Path]:
    """Two files of the same bytes: one of mono, one of stereo, which lasts half as long."""
    data = (melody(8, 22_050, 7) * 32_767).astype("<i2").tobytes()
    for name, channels in (("mono.wav", 1), ("stereo.wav", 2)):
        (music / name).write_bytes(wav_header(22_050, channels, 16, len(data)) + data)
    return music / "mono.wav", music / "stereo.wav"


def test_files_that_only_shared_bytes_part_and_keep_their_rating(
    store: Store, music: Path, twins: tuple[Path, Path]
) -> None:
    """The analysis stays with the one that it was of; the other is analyzed."""
    run(store, music)
    before = export(store)
    age(store)
    like(store, "mono.wav")
    assert content_of(store, "mono.wav") == content_of(store, "stereo.wav")
    predictor = PlainPredictor()
    run(store, music, predictor=predictor)
    assert predictor.n_clips == 1
    assert content_of(store, "mono.wav") != content_of(store, "stereo.wav")
    assert export(store) == before
    assert ratings(store) == {"mono.wav": 1, "stereo.wav": 1}


def test_a_rate_that_was_mended_before_is_analyzed(store: Store, music: Path) -> None:
    """The old hash left the slow version in place."""
    samples = melody(8, 22_050, 7)
    soundfile.write(music / "tape.wav", samples, 22_050)
    run(store, music)
    age(store)
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("UPDATE contents SET duration_s = 16.0 WHERE duration_s = 8.0")
    like(store, "tape.wav")
    predictor = PlainPredictor()
    run(store, music, predictor=predictor)
    assert predictor.n_clips == 1
    assert ratings(store) == {"tape.wav": 1}
    assert rows(store, "SELECT duration_s FROM contents WHERE duration_s > 4") == [(8.0,)]


def test_verify_compares_by_the_old_hash(store: Store, music: Path) -> None:
    run(store, music)
    age(store)
    stat = (music / "1.flac").stat()
    other = encode(music.parent / "other.flac", melody(3, 44_100, 9)).read_bytes()
    (music / "1.flac").write_bytes(other[: stat.st_size].ljust(stat.st_size, b"\0"))
    os.utime(music / "1.flac", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    audit, events = run(store, music, options=ScanOptions(verify=True))
    assert [event for event in events if isinstance(event, ContentChanged)] == [
        ContentChanged(os.fsencode(music / "1.flac"))
    ]
    assert (audit.changed, audit.unchanged) == (1, 2)


def test_analyses_that_were_exported_by_old_hashes_are_known(
    store: Store, music: Path, tmp_path: Path
) -> None:
    run(store, music)
    age(store)
    model, analyses = analysis_model(store), list(stored_analyses(store))
    assert (model.model, model.features) == ("plain-1", "plain-features")
    assert {analysis.hash_version for analysis in analyses} == {1}
    other = Store.open(tmp_path / "other.db", "plain-1", create=True)
    assert write_analyses(other, model, analyses) == ["new"] * 3
    audit, _ = run(other, music, predictor=NoPredictor())
    assert audit.new == 3
    assert write_analyses(other, model, analyses) == ["known"] * 3
    assert {analysis.hash_version for analysis in stored_analyses(other)} == {2}


def test_partial_belongs_to_the_file(store: Store, tmp_path: Path) -> None:
    """Of two files with the same audio, one of which claims twice as much."""
    samples = (melody(8, 22_050, 7) * 32_767).astype("<i2").tobytes()
    folder = tmp_path / "both"
    folder.mkdir()
    for order in (("cut.wav", "whole.wav"), ("whole.wav", "cut.wav")):
        one = Store.open(tmp_path / f"{order[0]}.db", "plain-1", create=True)
        for name in order:
            claimed = len(samples) * (2 if name == "cut.wav" else 1)
            (folder / name).write_bytes(wav_header(22_050, 1, 16, claimed) + samples)
            run(one, folder)
        assert content_of(one, "cut.wav") == content_of(one, "whole.wav")
        partial = {Path(os.fsdecode(t.path_bytes)).name: t.partial for t in one.all_tracks()}
        assert partial == {"cut.wav": pytest.approx(0.5), "whole.wav": None}
        assert one.counts().partial == 1
        (folder / "cut.wav").unlink()
        (folder / "whole.wav").unlink()


def law(data: bytes, code: int) -> bytes:
    """A WAV file of 8 bits a sample: 6 is A-law, 7 µ-law."""
    header = wav_header(22_050, 1, 8, len(data))
    return header[:20] + code.to_bytes(2, "little") + header[22:] + data


@pytest.mark.parametrize("names", [("a.wav", "b.wav"), ("b.wav", "a.wav")])
@pytest.mark.parametrize("jobs", [0, 2])
def test_of_laws_that_shared_bytes_the_one_that_was_not_analyzed_is(
    store: Store, music: Path, names: tuple[str, str], jobs: int
) -> None:
    """Whichever is read first: the analysis is of the one that the library knew first."""
    first, second = names
    data = ((melody(8, 22_050, 7) + 1) * 127.5).astype("u1").tobytes()
    (music / first).write_bytes(law(data, 7))
    run(store, music)
    (music / second).write_bytes(law(data, 6))
    (music / "0 copy of first.wav").write_bytes(law(data, 7))
    run(store, music)
    before = export(store)
    mood = {Path(os.fsdecode(t.path_bytes)).name: (t.valence, t.arousal) for t in store.all_tracks()}
    assert mood[first] != mood[second]
    age(store)
    like(store, first)
    assert content_of(store, first) == content_of(store, second)
    predictor = PlainPredictor()
    run(store, music, predictor=predictor, options=ScanOptions(jobs=jobs))
    assert predictor.n_clips == 1
    assert export(store) == before
    assert content_of(store, first) == content_of(store, "0 copy of first.wav")
    assert content_of(store, first) != content_of(store, second)
    assert ratings(store) == {"0 copy of first.wav": 1, second: 1}
    audit, _ = run(store, music, predictor=NoPredictor())
    assert audit.unchanged == audit.seen == 6
