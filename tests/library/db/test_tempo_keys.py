"""Tempo and key in a library: told by a scan, kept a sound, told anew when their maker changes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sqlalchemy import select

from musimo.library.analyze import analyze
from musimo.library.db.journal import Journal
from musimo.library.db.queries import Store
from musimo.library.db.schema import emotions, tempo_keys
from musimo.library.scan.events import Planned, ScanEvent
from musimo.library.scan.scan import ScanOptions, scan
from musimo.records import AnalyzedFile, KeyFilter, RangeFilter, TempoKey
from tests.audio.test_key import cadence
from tests.audio.test_tempo import clicks
from tests.catalog import Catalog, Entry, direction
from tests.conftest import PlainPredictor

RATE = 22_050
COPY = "copy.wav"
TOLD = {"fast.wav": (150, "D minor"), "slow.wav": (75, "G major"), "steady.wav": (None, None)}


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Clicks with a chord at each, or at every other; a copy of one; and a constant."""
    folder = tmp_path / "music"
    folder.mkdir()
    fast = clicks(150, 20) + 0.1 * np.resize(cadence("minor", 2), 20 * RATE)
    slow = clicks(75, 20) + 0.1 * np.resize(cadence("major", -5), 20 * RATE)
    for name, samples in (("fast.wav", fast), ("slow.wav", slow), ("steady.wav", np.full(20 * RATE, 0.1))):
        soundfile.write(folder / name, samples, RATE)
    (folder / COPY).write_bytes((folder / "slow.wav").read_bytes())
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "library.db", "plain-1", create=True)


def run(
    store: Store, music: Path, options: ScanOptions | None = None, maker: str = "maker-1"
) -> tuple[list[ScanEvent], int]:
    """Events of a scan, and how many clips it felt."""
    options, predictor = options or ScanOptions(), PlainPredictor()
    journal = Journal(store, "plain-features", options.coverage, maker)
    return list(scan(journal, [os.fsencode(music)], lambda: predictor, options)), predictor.n_clips


def told(store: Store) -> dict[str, TempoKey | None]:
    return {Path(os.fsdecode(track.path_bytes)).name: track.tempo_key for track in store.all_tracks()}


def n_again(events: list[ScanEvent]) -> int:
    [planned] = [event for event in events if isinstance(event, Planned)]
    return planned.n_outdated


@pytest.mark.parametrize("jobs", [0, 2])
def test_a_scan_tells_tempo_and_key_of_every_sound(store: Store, music: Path, jobs: int) -> None:
    events, _ = run(store, music, ScanOptions(jobs=jobs))
    heard = told(store)
    for name, (tempo, key) in TOLD.items():
        one = heard[name]
        assert one is not None
        assert one.tempo == (tempo and pytest.approx(tempo, rel=5e-3))
        assert one.key == key
    assert heard[COPY] == heard["slow.wav"]
    assert n_again(events) == 0


def test_a_second_scan_hears_nothing(store: Store, music: Path) -> None:
    run(store, music)
    events, n_clips = run(store, music)
    assert (n_again(events), n_clips) == (0, 0)


def test_another_maker_tells_all_anew_and_is_content(store: Store, music: Path) -> None:
    run(store, music)
    before = told(store)
    events, n_clips = run(store, music, maker="maker-2")
    assert n_again(events) == 3
    assert n_clips >= 3
    assert told(store) == before
    assert run(store, music, maker="maker-2")[1] == 0


def test_what_was_heard_before_there_were_tempi_is_heard_again(store: Store, music: Path) -> None:
    """As after an upgrade: until then its tracks are there, without tempo and key."""
    run(store, music)
    before = told(store)
    with store.engine.begin() as connection:
        connection.execute(tempo_keys.delete())
    assert set(told(store).values()) == {None}
    assert len(list(store.all_tracks([RangeFilter("tempo", None, None, True)]))) == 4
    events, _ = run(store, music)
    assert n_again(events) == 3
    assert told(store) == before


def test_what_was_heard_in_full_stays_so_when_tempi_are_told(store: Store, music: Path) -> None:
    run(store, music, ScanOptions(coverage="full"))
    run(store, music, ScanOptions(coverage="windows"), maker="maker-2")
    with store.engine.begin() as connection:
        coverages = connection.execute(select(emotions.c.coverage).distinct()).scalars().all()
        makers = connection.execute(select(tempo_keys.c.maker).distinct()).scalars().all()
    assert (coverages, makers) == (["full"], ["maker-2"])


def test_filters_by_what_was_told(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "library.db", tmp_path / "music")
    catalog.add(
        Entry("a", direction(1), tempo_key=TempoKey(120.0, 0.9, "A minor", 0.5)),
        Entry("b", direction(1), tempo_key=TempoKey(None, 0.1, "C major", 0.5)),
        Entry("c", direction(1), tempo_key=TempoKey(126.1, 0.9, None, 0.0)),
        Entry("d"),
    )

    def names(*filters: RangeFilter | KeyFilter) -> str:
        return "".join(chr(track.path_bytes[-1]) for track in catalog.store.all_tracks(filters))

    assert names(RangeFilter("tempo", 118, 126, False)) == "a"
    assert names(RangeFilter("tempo", 118, 126, True)) == "bcd"
    assert names(KeyFilter(("A minor", "C major"), False)) == "ab"
    assert names(KeyFilter(("A minor",), True)) == "bcd"
    assert names(KeyFilter(("A minor",), True), RangeFilter("tempo", None, None, False)) == "c"


def test_a_file_outside_the_library_tells_its_tempo_too(music: Path) -> None:
    [heard] = analyze([os.fsencode(music / "fast.wav")], PlainPredictor, 0, "windows")
    assert isinstance(heard, AnalyzedFile)
    assert heard.tempo_key is not None
    assert heard.tempo_key.tempo == pytest.approx(150, rel=5e-3)
    assert heard.tempo_key.key == "D minor"
