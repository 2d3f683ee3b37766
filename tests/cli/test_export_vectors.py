"""``musimo export --vectors``: a file that NumPy reads, and no other option of export beside it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.catalog import Catalog
from tests.cli.conftest import Shell


def test_arrays_of_every_analyzed_track(shell: Shell, library: Catalog, tmp_path: Path) -> None:
    file = tmp_path / "vectors.npz"
    ran = shell("export", "--vectors", file, "--json")
    tracks = [row for row in shell("export", "--json").document["results"] if row["valence"] is not None]
    assert (ran.code, json.loads(ran.out)) == (0, {"schema": 1, "path": str(file), "tracks": len(tracks)})
    with np.load(file, allow_pickle=False) as arrays:
        found = {name: arrays[name] for name in arrays}
    names = [
        "id",
        "path",
        "valence",
        "arousal",
        "embedding",
        "sound",
        "heard",
        "heard_tags",
        "model",
        "start",
        "end",
    ]
    assert list(found) == names
    assert (found["heard"].shape, found["heard_tags"].shape) == ((len(tracks), 0), (0,))
    assert np.isnan([found["start"], found["end"]]).all(), "every track is a whole file"
    assert found["id"].tolist() == [row["id"] for row in tracks]
    assert found["path"].tolist() == [row["path"] for row in tracks]
    np.testing.assert_allclose(found["valence"], [row["valence"] for row in tracks], atol=1e-4)
    assert found["embedding"].shape == (len(tracks), 256)
    assert found["sound"].shape[0] == len(tracks)
    some = shell("export", "--vectors", file, "--where", "genre:metal", "-n", "1")
    assert (some.code, some.out) == (0, b"1 track\n")
    with np.load(file, allow_pickle=False) as arrays:
        assert arrays["id"].shape == (1,)


def test_nothing_to_write_is_nothing_found_and_leaves_the_file(
    shell: Shell, library: Catalog, tmp_path: Path
) -> None:
    file = tmp_path / "vectors.npz"
    file.write_bytes(b"before")
    ran = shell("export", "--vectors", file, "--where", "genre:polka")
    assert (ran.code, ran.out) == (4, b"")
    assert b"no analyzed track" in ran.err
    assert file.read_bytes() == b"before"


@pytest.mark.parametrize(
    "other", [("--format", "csv"), ("-o", "a.csv"), ("--prefix", "x"), ("--analyses", "a.jsonl")]
)
def test_it_stands_alone(shell: Shell, library: Catalog, tmp_path: Path, other: tuple[str, str]) -> None:
    ran = shell("export", "--vectors", tmp_path / "vectors.npz", *other)
    assert ran.code == 2
    assert b"--vectors" in ran.err
    assert not (tmp_path / "vectors.npz").exists()


def test_a_file_named_like_music_is_not_written(shell: Shell, library: Catalog, tmp_path: Path) -> None:
    assert shell("export", "--vectors", tmp_path / "a.mp3").code == 2
