"""Scans of small folders, with real decoding and a plain predictor in the network's place."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import mutagen
import numpy as np
import pytest
import soundfile

from musimo.audio.extract import extract_windows
from musimo.errors import AudioError, UsageError
from musimo.library.db.journal import Journal
from musimo.library.db.queries import Store
from musimo.library.scan import worker, workers
from musimo.library.scan.events import Audit, ContentChanged, FileFailed, FileStored, FolderRefused, ScanEvent
from musimo.library.scan.scan import ScanOptions, scan
from musimo.records import Descriptors, FloatArray, WindowPrediction
from tests.conftest import PlainPredictor


def tone(path: Path, frequency: float, seconds: float = 2.0) -> Path:
    """A sine of that frequency; another frequency is another sound."""
    path.parent.mkdir(parents=True, exist_ok=True)
    time = np.arange(int(seconds * 22_050)) / 22_050
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * frequency * time), 22_050)
    return path


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    for number, frequency in enumerate((220, 330, 440), 1):
        tone(folder / f"{number}.wav", frequency)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "library.db", "plain-1", create=True)


def run(
    store: Store,
    *folders: Path,
    predictor: PlainPredictor | None = None,
    options: ScanOptions | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> tuple[Audit, list[ScanEvent]]:
    options = options or ScanOptions()
    loaded = predictor or PlainPredictor()
    journal = Journal(store, "plain-features", options.coverage)
    events = list(scan(journal, [os.fsencode(folder) for folder in folders], lambda: loaded, options, stop))
    audit = events[-1]
    assert isinstance(audit, Audit)
    return audit, events


def export(store: Store) -> list[tuple[object, ...]]:
    """All that is known, without times of writing."""
    return [
        (
            track.path_bytes,
            track.tags,
            track.duration_s,
            track.valence,
            track.arousal,
            track.tempo_key,
            _bytes_of(store.descriptors_of(track.content)) if track.content else None,
        )
        for track in store.all_tracks()
    ]


def _bytes_of(sound: Descriptors | None) -> list[bytes]:
    return [part.tobytes() for part in (sound.embedding, sound.statistics, sound.fused)] if sound else []


def forbidden() -> PlainPredictor:
    raise AssertionError("nothing was to be felt")


def test_a_first_scan_stores_every_track_and_adds_up(store: Store, music: Path) -> None:
    (music / "cover.jpg").write_bytes(b"\xff\xd8")
    audit, events = run(store, music)
    assert (audit.seen, audit.new, audit.ignored, audit.failed) == (4, 3, 1, 0)
    assert [event.arrival for event in events if isinstance(event, FileStored)] == ["new"] * 3
    assert store.counts().analyzed == 3


def test_a_second_scan_opens_nothing(store: Store, music: Path) -> None:
    run(store, music)
    for file in music.iterdir():
        stat = file.stat()
        file.write_bytes(b"\0" * stat.st_size)  # same size, same time: a scan that opened it would notice
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    journal = Journal(store, "plain-features", "windows")
    *_, audit = scan(journal, [os.fsencode(music)], forbidden, ScanOptions())
    assert isinstance(audit, Audit)
    assert (audit.seen, audit.unchanged) == (3, 3)


@pytest.mark.parametrize("jobs", [1, 2])
def test_workers_find_the_same_bits_as_one_process(tmp_path: Path, music: Path, jobs: int) -> None:
    alone = Store.open(tmp_path / "alone.db", "plain-1", create=True)
    together = Store.open(tmp_path / "together.db", "plain-1", create=True)
    run(alone, music)
    run(together, music, options=ScanOptions(jobs=jobs, batch_size=2))
    assert len(export(alone)) == 3
    assert export(alone) == export(together)


def test_a_renamed_file_moves_and_a_copy_is_not_heard_again(store: Store, music: Path) -> None:
    run(store, music)
    before = {track.path_bytes: track.id for track in store.all_tracks()}
    (music / "1.wav").rename(music / "renamed.wav")
    shutil.copy(music / "2.wav", music / "copy.wav")
    journal = Journal(store, "plain-features", "windows")
    *_, audit = scan(journal, [os.fsencode(music)], forbidden, ScanOptions())
    assert isinstance(audit, Audit)
    assert (audit.moved, audit.new, audit.unchanged, audit.missing) == (1, 1, 2, 0)
    after = {track.path_bytes: track.id for track in store.all_tracks()}
    assert after[os.fsencode(music / "renamed.wav")] == before[os.fsencode(music / "1.wav")]


def test_a_replaced_file_is_heard_again(store: Store, music: Path) -> None:
    run(store, music)
    tone(music / "1.wav", 550)
    predictor = PlainPredictor()
    audit, _ = run(store, music, predictor=predictor)
    assert (audit.changed, audit.unchanged, predictor.n_clips) == (1, 2, 1)


def test_a_missing_track_leaves_the_answers_and_returns(store: Store, music: Path, tmp_path: Path) -> None:
    run(store, music)
    (music / "1.wav").rename(tmp_path / "away.wav")
    audit, _ = run(store, music)
    assert (audit.missing, audit.seen) == (1, 2)
    assert len(list(store.all_tracks())) == len(store.descriptors()[0]) == 2
    (tmp_path / "away.wav").rename(music / "1.wav")
    audit, _ = run(store, music)
    assert (audit.missing, audit.unchanged) == (0, 3)
    assert len(store.descriptors()[0]) == 3


@pytest.mark.parametrize("back_as", ["a link to nothing", "no sound"])
def test_a_missing_file_that_is_back_but_fails_is_failed_and_not_missing(
    store: Store, music: Path, back_as: str
) -> None:
    run(store, music)
    path = music / "1.wav"
    path.unlink()
    assert run(store, music)[0].missing == 1
    generation = store.generation()
    if back_as == "no sound":
        path.write_bytes(b"garbage")
    else:
        path.symlink_to("nowhere")
    audit, _ = run(store, music)
    assert (audit.failed, audit.missing, len(store.missing_tracks())) == (1, 0, 0)
    assert (store.counts().missing, store.counts().failed) == (0, 1)
    assert store.generation() != generation


def test_an_emptied_folder_loses_nothing(store: Store, music: Path) -> None:
    run(store, music)
    for file in music.iterdir():
        file.unlink()
    audit, events = run(store, music)
    assert audit.refused == 1
    assert audit.missing == 0
    assert any(isinstance(event, FolderRefused) for event in events)
    assert len(list(store.all_tracks())) == 3
    audit, _ = run(store, music, options=ScanOptions(accept_missing=True))
    assert (audit.refused, audit.missing) == (0, 3)


def test_a_root_that_is_not_there_is_refused_and_an_unknown_one_is_an_error(
    store: Store, music: Path
) -> None:
    run(store, music)
    music.rename(music.with_name("unplugged"))
    audit, _ = run(store, music)
    assert (audit.refused, audit.seen) == (1, 0)
    with pytest.raises(UsageError, match="there is no folder"):
        run(store, music.with_name("never"))
    with pytest.raises(UsageError, match="is a file"):
        run(store, tone(music.with_name("single.wav"), 220))


def test_a_root_that_is_really_gone_can_be_accepted_as_gone(store: Store, music: Path) -> None:
    tone(music.with_name("other") / "kept.wav", 550)
    run(store, music, music.with_name("other"))
    shutil.rmtree(music)
    audit, _ = run(store, music, options=ScanOptions(accept_missing=True))
    assert (audit.refused, audit.missing, audit.seen) == (0, 3, 0)
    assert [track.path_bytes for track in store.all_tracks()] == [
        os.fsencode(music.with_name("other") / "kept.wav")
    ]


def test_a_file_that_moves_to_another_root_is_moved_and_not_missing(store: Store, music: Path) -> None:
    second = music.with_name("second")
    tone(second / "4.wav", 550)
    run(store, music, second)
    before = {track.id for track in store.all_tracks()}
    (music / "1.wav").rename(second / "1.wav")
    (music / "2.wav").rename(second / "2.wav")
    audit, _ = run(store, music, second)
    assert (audit.moved, audit.unchanged, audit.missing, audit.refused) == (2, 2, 0, 0)
    assert {track.id for track in store.all_tracks()} == before


def test_roots_inside_roots_are_one(store: Store, tmp_path: Path) -> None:
    tone(tmp_path / "all" / "rock" / "a.wav", 220)
    tone(tmp_path / "all" / "jazz" / "b.wav", 330)
    run(store, tmp_path / "all" / "rock")
    audit, _ = run(store, tmp_path / "all")
    assert (audit.new, audit.unchanged) == (1, 1)
    assert store.root_paths() == [os.fsencode(tmp_path / "all")]
    audit, _ = run(store, tmp_path / "all" / "jazz", tmp_path / "all" / "rock", tmp_path / "all" / "rock")
    assert (audit.unchanged, audit.seen, audit.missing) == (2, 2, 0)


def test_a_stopped_scan_keeps_its_batches_and_the_next_goes_on(tmp_path: Path, music: Path) -> None:
    stopped = Store.open(tmp_path / "stopped.db", "plain-1", create=True)
    whole = Store.open(tmp_path / "whole.db", "plain-1", create=True)
    asked = iter([False, False, False, True])
    audit, _ = run(stopped, music, options=ScanOptions(batch_size=1), stop=lambda: next(asked))
    assert audit.interrupted
    assert 0 < audit.new < 3
    assert audit.new + audit.left == 3
    audit, _ = run(stopped, music)
    assert audit.new + audit.unchanged == 3
    run(whole, music)
    assert export(stopped) == export(whole)


def test_a_stopped_scan_tells_what_is_left_beside_what_cannot_be_read(store: Store, music: Path) -> None:
    for n in range(4):
        (music / f"dangling {n}.mp3").symlink_to("nowhere")
    audit, _ = run(store, music, options=ScanOptions(batch_size=1), stop=lambda: True)
    assert audit.interrupted
    assert (audit.new, audit.failed, audit.left) == (0, 4, 3)


def test_a_scan_stopped_after_its_last_file_is_done(store: Store, music: Path) -> None:
    events = iter([False] * 8 + [True])  # three files of three events each
    audit, _ = run(store, music, stop=lambda: next(events))
    assert (audit.interrupted, audit.new, audit.left) == (False, 3, 0)


def test_a_clip_without_an_answer_costs_its_own_file_alone(store: Store, music: Path) -> None:
    class Choosy(PlainPredictor):
        def predict(self, tracks: Sequence[Sequence[FloatArray]]) -> list[list[WindowPrediction]]:
            felt = super().predict(tracks)
            if any(clip.valence == unheard for clips in felt for clip in clips):
                raise AudioError("analyze", "a sound without an answer")
            return felt

    run(store, music)
    unheard = [track.valence for track in store.all_tracks()][1]  # the others are octaves of each other
    other = Store.open(store.path.with_name("other.db"), "plain-1", create=True)
    audit, _ = run(other, music, predictor=Choosy())
    assert (audit.new, audit.failed) == (2, 1)
    [failure] = other.failures()
    assert (failure.path_bytes, failure.stage) == (os.fsencode(music / "2.wav"), "analyze")
    assert failure.reason == "a sound without an answer"


@pytest.mark.parametrize("year", [1901, 2300, 2440])
def test_a_file_of_any_date_is_stored_and_found_unchanged(store: Store, music: Path, year: int) -> None:
    seconds = (year - 1970) * 31_556_952
    os.utime(music / "1.wav", (seconds, seconds))
    audit, _ = run(store, music)
    assert audit.new == 3
    audit, _ = run(store, music)
    assert audit.unchanged == 3


def test_a_scan_that_finds_nothing_new_leaves_the_indexes_fresh(store: Store, music: Path) -> None:
    (music / "dangling.mp3").symlink_to("nowhere")
    (music / "text.mp3").write_text("not music\n" * 50)
    run(store, music)
    before = store.generation()
    audit, _ = run(store, music)
    assert (audit.unchanged, audit.failed, audit.known_failures) == (3, 2, 1)
    assert store.generation() == before


def test_failures_are_rows_not_retried_until_asked_or_changed(store: Store, music: Path) -> None:
    (music / "bad.mp3").write_bytes(b"this is no music" * 100)
    audit, events = run(store, music)
    assert (audit.failed, audit.known_failures) == (1, 0)
    [failure] = [event for event in events if isinstance(event, FileFailed)]
    [row] = store.failures()
    assert (row.path_bytes, row.stage, row.reason) == (failure.path, failure.stage, failure.reason)
    audit, events = run(store, music)
    assert (audit.failed, audit.known_failures, audit.seen) == (1, 1, 4)
    assert not [event for event in events if isinstance(event, FileFailed)]
    audit, _ = run(store, music, options=ScanOptions(retry_failed=True))
    assert (audit.failed, audit.known_failures) == (1, 0)
    (music / "bad.mp3").unlink()
    tone(music / "bad.wav", 660).rename(music / "bad.mp3")
    audit, _ = run(store, music)
    assert (audit.failed, audit.new) == (0, 1)
    assert store.failures() == []


def test_a_track_whose_file_breaks_leaves_the_answers(store: Store, music: Path) -> None:
    run(store, music)
    (music / "1.wav").write_bytes(b"broken" * 50)
    audit, _ = run(store, music)
    assert (audit.failed, audit.unchanged) == (1, 2)
    assert len(store.descriptors()[0]) == 2
    assert store.counts().analyzed == 2


def test_full_coverage_hears_again_what_windows_heard(store: Store, music: Path) -> None:
    tone(music / "long.wav", 110, seconds=200)
    run(store, music)
    audit, _ = run(store, music, options=ScanOptions(coverage="full"))
    assert audit.changed == 4
    track = next(track for track in store.all_tracks() if track.path_bytes.endswith(b"long.wav"))
    assert track.content is not None
    windows = store.windows_of(track.content)
    assert [round(part.window.start_s) for part in windows] == [0, 39, 78, 116, 155]
    audit, _ = run(store, music)
    assert audit.unchanged == 4


BAD_WORKER = """
import os, signal, sys, time
from musimo.library.scan import worker

honest = worker.extract_to_end

def hear(path, coverage, wanted):
    if b"/crash." in path:
        os.kill(os.getpid(), signal.SIGSEGV)
    if b"/hang." in path:
        time.sleep(60)
    return honest(path, coverage, wanted)

worker.extract_to_end = hear
worker.main()
"""


def test_a_crash_or_a_hang_costs_one_file(store: Store, music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tone(music / "crash.wav", 550)
    tone(music / "hang.wav", 660)
    monkeypatch.setattr(workers, "COMMAND", (sys.executable, "-c", BAD_WORKER))
    monkeypatch.setattr(workers, "MAX_IDLE_S", 12.0)  # a busy machine takes seconds to start a worker
    audit, _ = run(store, music, options=ScanOptions(jobs=2))
    assert (audit.new, audit.failed, audit.seen) == (3, 2, 5)
    stages = {row.path_bytes: row.stage for row in store.failures()}
    assert stages == {
        os.fsencode(music / "crash.wav"): "crashed",
        os.fsencode(music / "hang.wav"): "timeout",
    }
    started = len(list(music.iterdir()))
    monkeypatch.setattr(workers, "COMMAND", ("/nowhere",))  # whoever is tried again would fail at "read"
    audit, events = run(store, music, options=ScanOptions(jobs=2))
    assert (audit.unchanged, audit.failed, audit.known_failures) == (3, 2, 2)
    assert audit.seen == started
    assert not [event for event in events if isinstance(event, FileFailed)]
    monkeypatch.undo()
    tone(music / "crash.wav", 770)
    os.utime(music / "hang.wav", ns=(10**18, 10**18))
    audit, _ = run(store, music)
    assert (audit.new, audit.failed) == (2, 0)
    assert store.failures() == []


def silently(path: Path, content: bytes) -> None:
    """Other bytes behind the same size and time."""
    before = path.stat()
    path.write_bytes(content.ljust(before.st_size, b"\0")[: before.st_size])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def retagged(path: Path, title: str) -> bytes:
    """The file with another title, as long as it was."""
    copy = path.with_suffix(".copy.flac")
    shutil.copy(path, copy)
    file: Any = mutagen.File(copy)
    file["title"] = title
    file.save(padding=lambda info: info.padding)
    content = copy.read_bytes()
    copy.unlink()
    assert len(content) == path.stat().st_size
    return content


@pytest.mark.parametrize("jobs", [0, 1, 2])
def test_verify_finds_what_size_and_time_hide(store: Store, music: Path, tmp_path: Path, jobs: int) -> None:
    for name, title in (("tagged", "old"), ("same", "name")):
        file: Any = mutagen.File(tone(music / f"{name}.flac", 880 + len(name)))
        file["title"] = title
        file.save(padding=lambda _: 1000)
    (music / "bad.mp3").write_bytes(b"this is no music" * 100)
    run(store, music)
    ids = {track.path_bytes: track.id for track in store.all_tracks()}
    silently(music / "1.wav", tone(tmp_path / "other.wav", 550).read_bytes())
    silently(music / "2.wav", (music / "3.wav").read_bytes())
    silently(music / "3.wav", b"rotten")
    silently(music / "tagged.flac", retagged(music / "tagged.flac", "new"))
    audit, events = run(store, music)
    assert (audit.unchanged, audit.failed) == (5, 1), "without it nothing is opened"
    predictor = PlainPredictor()
    options = ScanOptions(jobs=jobs, verify=True)
    audit, events = run(store, music, predictor=predictor, options=options)
    assert (audit.changed, audit.unchanged, audit.failed, audit.known_failures) == (3, 1, 2, 1)
    assert (audit.seen, audit.left, audit.missing, predictor.n_clips) == (6, 0, 0, 1)
    told = {event.path for event in events if isinstance(event, ContentChanged)}
    assert told == {os.fsencode(music / name) for name in ("1.wav", "2.wav")}, "tags may change in silence"
    [failed] = [event.path for event in events if isinstance(event, FileFailed)]
    assert failed == os.fsencode(music / "3.wav")
    assert {track.path_bytes: track.id for track in store.all_tracks()} == ids
    tagged = store.track_at(os.fsencode(music / "tagged.flac"))
    assert tagged is not None
    assert tagged.tags.title == "new"
    before = store.generation()
    audit, events = run(store, music, options=options)
    assert (audit.unchanged, audit.failed, audit.known_failures, audit.seen) == (4, 2, 2, 6)
    assert not [event for event in events if isinstance(event, ContentChanged | FileFailed)]
    assert store.generation() == before


def test_a_stopped_verification_tells_what_is_left(store: Store, music: Path) -> None:
    run(store, music)
    asked = iter([False, False, True])
    options = ScanOptions(verify=True)
    audit, _ = run(store, music, options=options, stop=lambda: next(asked))
    assert audit.interrupted
    assert 0 < audit.unchanged < 3
    assert audit.unchanged + audit.left == 3
    audit, _ = run(store, music, options=options)
    assert (audit.unchanged, audit.left) == (3, 0)


def test_what_verify_cannot_read_keeps_its_sound_and_what_returned_is_verified(
    store: Store, music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(store, music)
    (music / "1.wav").rename(tmp_path / "away.wav")
    run(store, music)
    (tmp_path / "away.wav").rename(music / "1.wav")

    def without_one(path: bytes, *rest: Any) -> Iterator[Any]:
        if path.endswith(b"/2.wav"):
            raise AudioError("read", "the disk cannot read it")
        return extract_windows(path, *rest)

    monkeypatch.setattr(worker, "extract_windows", without_one)
    audit, _ = run(store, music, options=ScanOptions(verify=True))
    assert (audit.unchanged, audit.failed, audit.missing) == (2, 1, 0)
    assert len(store.descriptors()[0]) == 3
    monkeypatch.undo()
    audit, _ = run(store, music, options=ScanOptions(verify=True))
    assert (audit.changed, audit.unchanged, audit.failed) == (1, 2, 0)
