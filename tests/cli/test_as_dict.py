"""Rows and results in Python are the JSON of the command line, field by field."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import soundfile

from musimo import Library, Selection
from musimo.api import AnalyzedFile, FailedFile
from musimo.records.scale import Scale
from tests.catalog import Catalog
from tests.cli.conftest import Shell
from tests.sounds import melody

SCALES: tuple[Scale, ...] = ("0-1", "1-9")


def told(shell: Shell, *arguments: str | Path, scale: Scale = "0-1") -> dict[str, Any]:
    """The document of a command, without its schema."""
    document = shell(*arguments, "--json", "--scale", scale).document
    del document["schema"]
    return document


@pytest.mark.parametrize("scale", SCALES)
def test_lists(shell: Shell, library: Catalog, scale: Scale) -> None:
    asked = Library.open()
    for result, command in (
        (asked.similar("So What", explain=True), ("similar", "So What", "--explain")),
        (
            asked.similar("So What", "Giant Steps", order="flow"),
            ("similar", "So What", "Giant Steps", "--order", "flow"),
        ),
        (asked.mood("calm"), ("mood", "calm")),
        (asked.mood("calm", like="Paranoid"), ("mood", "calm", "--like", "Paranoid")),
        (asked.mood("calm", spread=0.5, seed=3), ("mood", "calm", "--spread", "0.5", "--seed", "3")),
        (asked.path("So What", "Giant Steps", n=4), ("path", "So What", "Giant Steps", "-n", "4")),
        (
            asked.mood_path("calm", "tense", 1500),
            ("mood-path", "--from", "calm", "--to", "tense", "--duration", "25m"),
        ),
    ):
        assert len(result) > 1
        assert result.as_dict(scale) == told(shell, *command, scale=scale)
        assert [row.as_dict(scale) for row in result] == result.as_dict(scale)["results"]


def test_a_mood_in_numbers_is_absolute_and_in_words_relative(shell: Shell, library: Catalog) -> None:
    asked = Library.open()
    command = ("mood", "--valence", "0.7", "--arousal", "0.3")
    assert asked.mood(0.7, 0.3).as_dict() == told(shell, *command)
    assert asked.mood(0.7, 0.3, relative=True).as_dict() == told(shell, *command, "--relative")
    assert asked.mood("calm", relative=False).as_dict() == told(shell, "mood", "calm", "--absolute")
    assert asked.mood_path((0.6, 0.8), "0.6,0.2", 900).as_dict() == told(
        shell, "mood-path", "--from", "0.6,0.8", "--to", "0.6,0.2", "--duration", "15m"
    )


@pytest.mark.parametrize("scale", SCALES)
def test_tracks_and_what_is_known_of_one(shell: Shell, library: Catalog, scale: Scale) -> None:
    shell("rate", "So What", "--valence", "0.5", "--like")
    asked = Library.open()
    tracks = [track.as_dict(scale) for track in asked.tracks()]
    assert tracks == told(shell, "export", scale=scale)["results"]
    jazz = [track.as_dict(scale) for track in asked.tracks(Selection(None, "genre:jazz", None, None))]
    assert jazz == told(shell, "export", "--where", "genre:jazz", scale=scale)["results"]
    assert 0 < len(jazz) < len(tracks)
    for name in ("So What", "Never heard"):
        assert asked.show(name).as_dict(scale) == told(shell, "show", name, scale=scale)["track"]


def test_counts_and_failures(shell: Shell, library: Catalog) -> None:
    asked = Library.open()
    status = shell("status", "--json").document
    assert {"schema": 1, **asked.status().as_dict()} == status
    errors = shell("errors", "--json").document["errors"]
    assert [failure.as_dict() for failure in asked.failures()] == errors
    assert len(errors) == 1


def test_a_map_and_an_audit(shell: Shell, library: Catalog, tmp_path: Path) -> None:
    asked = Library.open()
    assert asked.map().as_dict() == told(shell, "map", "--format", "json", "-o", "-")
    soundfile.write(tmp_path / "a.wav", melody(3), 22_050)
    audit: dict[str, Any] = asked.scan(tmp_path).as_dict() | {"seconds": None, "relocate": []}
    again = shell("scan", tmp_path, "--json").document
    unchanged = {"schema": 1, "new": 0, "unchanged": 1, "seconds": None}
    assert again | {"seconds": None} == audit | unchanged


def test_files_outside_a_library(shell: Shell, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", melody(3), 22_050)
    (tmp_path / "b.mp3").write_text("no music")
    files = [*Library.open().analyze(tmp_path / "a.wav", tmp_path / "b.mp3")]
    document = told(shell, "analyze", tmp_path / "a.wav", tmp_path / "b.mp3")
    assert [file.as_dict() for file in files if isinstance(file, AnalyzedFile)] == document["results"]
    assert [file.as_dict() for file in files if isinstance(file, FailedFile)] == document["failed"]
    assert len(files) == 2


def test_groups_and_ratings(shell: Shell, library: Catalog) -> None:
    shell("rate", "So What", "--valence", "0.5", "--like")
    asked = Library.open()
    groups = shell("duplicates", "--json").document["groups"]
    assert [group.as_dict() for group in asked.duplicates()] == groups
    assert groups
    ratings = shell("rate", "--list", "--json").document["ratings"]
    assert [rating.as_dict() for rating in asked.ratings.all()] == ratings
    assert ratings


def test_a_path_is_a_path_with_its_bytes_beside(library: Catalog) -> None:
    asked = Library.open()
    track = next(track for track in asked.tracks() if b"\xe9" in track.path_bytes)
    assert bytes(track.path_bytes) == track.path_bytes
    assert bytes(replace(track, path_bytes=b"/x").path) == b"/x"
