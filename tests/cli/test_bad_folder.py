"""A folder of everything that goes wrong with music files: no stop, no warning, and every file told of."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from tests.catalog import Catalog
from tests.cli.conftest import Shell
from tests.sounds import Fate, make_bad_folder

PIPES = {b"pipe.mp3", b"device.mp3"}  # no files: a scan does not take them for music in the first place


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[bytes, Fate]]:
    folder = tmp_path_factory.mktemp("bad") / "folder"
    return folder, make_bad_folder(folder)


@pytest.mark.parametrize("jobs", [0, 2])
def test_every_file_is_analysed_or_told_of_or_ignored(
    shell: Shell, bad: tuple[Path, dict[bytes, Fate]], jobs: int
) -> None:
    folder, fates = bad
    expected: dict[Fate, set[bytes]] = {"analysed": set(), "failed": set(), "ignored": set()}
    for name, fate in fates.items():
        expected["ignored" if name in PIPES else "failed" if fate == "silent" else fate].add(name)

    ran = shell("-q", "scan", folder, "--jobs", jobs, "--json")
    audit = ran.document
    assert ran.code == 3
    assert ran.err == b"", "no decoder and no library speaks for itself"
    assert (audit["new"], audit["failed"], audit["ignored"]) == tuple(map(len, expected.values()))
    assert audit["seen"] == len(fates)

    def names(rows: list[dict[str, str]]) -> set[bytes]:
        paths = [base64.b64decode(row.get("path_bytes", "")) or os.fsencode(row["path"]) for row in rows]
        return {path[len(os.fsencode(folder)) + 1 :] for path in paths}

    tracks = shell("export", "--json").document["results"]
    failures = shell("errors", "--json").document["errors"]
    assert names(tracks) == expected["analysed"]
    assert names(failures) == expected["failed"]
    assert all(0 <= track["valence"] <= 1 and 0 <= track["arousal"] <= 1 for track in tracks)
    for failure in failures:
        assert failure["stage"] in ("read", "decode", "analyze")
        assert failure["reason"][:1].islower(), failure
        assert "Error" not in failure["reason"], "a reason a person understands"
        assert len(failure["reason"]) < 120

    again = shell("scan", folder, "--jobs", jobs, "--json")
    assert again.document["unchanged"] == audit["new"]
    assert again.document["failed"] == audit["failed"]
    retried = {failure["path"] for failure in failures if failure["stage"] == "read"}
    notes = again.err.decode().splitlines()
    assert len(notes) == len(retried)
    assert all(note.startswith("failed: ") for note in notes)
    assert shell("errors", "--json").document["errors"] != []


def test_one_bad_file_after_the_other_can_be_asked_with(
    shell: Shell, bad: tuple[Path, dict[bytes, Fate]], library: Catalog
) -> None:
    folder, fates = bad
    for name in (b"zero bytes.mp3", b"text.mp3", b"nan.wav", b"a click.wav"):
        assert fates[name] == "failed"
        ran = shell("similar", folder / os.fsdecode(name))
        assert (ran.code, ran.out) == (1, b"")
        assert len(ran.err.splitlines()) == 1
    ran = shell(
        "analyze", *(folder / os.fsdecode(name) for name in (b"pipe.mp3", b"device.mp3", b"folder.mp3"))
    )
    assert ran.code == 3
    assert ran.out.count(b"not a regular file") == 3
