"""A short form of scripts/fuzz: damaged files of every format go through real scans."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from musimo.library.db.journal import Journal
from musimo.library.scan import workers
from scripts.fuzz import fuzz, made_seeds, table
from scripts.mutants import DAMAGES, fields, mutant
from tests.sounds import ENCODERS


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[bytes]]:
    return made_seeds(tmp_path_factory.mktemp("seeds"))


def test_no_mutant_stops_a_scan(tmp_path: Path, seeds: dict[str, list[bytes]]) -> None:
    found = fuzz(seeds, 90, 7, tmp_path, tmp_path / "kept")
    assert not found.broken
    assert not found.odd
    assert sum(tally.fates.total() for tally in found.tallies.values()) == 90
    assert all(tally.fates.total() == 5 for tally in found.tallies.values())
    _heads, *rows, total = table(found)
    assert len(rows) == len(ENCODERS)
    assert total.split()[:2] == ["all", "90"]


def test_a_scan_that_stops_is_reported(
    tmp_path: Path, seeds: dict[str, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(self: Journal, heard: object, failed: object, moved_from: object) -> list[str]:
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr(Journal, "write", write)
    found = fuzz({"wav": seeds["wav"]}, 2, 1, tmp_path, tmp_path / "kept")
    assert found.broken == ["the scan of music-0 stopped: RuntimeError: the disk is gone"]


def test_a_decoder_that_crashes_is_reported_and_its_mutant_kept(
    tmp_path: Path, seeds: dict[str, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "COMMAND", ("/bin/sh", "-c", "exit 7"))
    found = fuzz({"wav": seeds["wav"]}, 1, 1, tmp_path, tmp_path / "kept")
    assert found.odd == {"1-0.wav": "crashed: the decoder crashed (exit code 7)"}
    assert not found.broken
    assert (tmp_path / "kept" / "1-0.wav").is_file()


def test_a_seed_makes_the_same_mutants_again(seeds: dict[str, list[bytes]]) -> None:
    for [data] in seeds.values():
        first, again, other = (mutant(data, [data], Random(seed)) for seed in ("1-1", "1-1", "1-2"))
        assert first == again != other


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_damage_takes_files_of_any_length(damage: object) -> None:
    for n in range(6):
        for seed in range(30):
            data = bytearray(range(n))
            damage(data, Random(seed))  # type: ignore[operator]


def test_numbers_that_decoders_trust_are_found(seeds: dict[str, list[bytes]]) -> None:
    [wav], [flac], [m4a], [ogg] = (seeds[kind] for kind in ("wav", "flac", "m4a", "ogg"))
    assert (wav.index(b"data") + 4, 4) in fields(wav)
    assert (5, 3) in fields(flac)
    assert (m4a.index(b"stsz") - 4, 4) in fields(m4a)
    assert (ogg.index(b"OggS", 1) + 26, 1) in fields(ogg)
