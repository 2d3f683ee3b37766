"""``musimo export --analyses`` and ``musimo import``: what they print and return."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np

from musimo.audio.features import FEATURE_ID
from musimo.emotion.weights import read_card
from musimo.library.db.analyses import Analysis, AnalysisModel
from musimo.library.portable import to_lines
from musimo.resources import weights_path
from tests.catalog import Catalog
from tests.cli.conftest import Shell
from tests.library.test_portable import analysis


def test_out_of_one_library_and_into_another(shell: Shell, library: Catalog, tmp_path: Path) -> None:
    ran = shell("export", "--analyses", tmp_path / "a.jsonl.gz")
    assert (ran.code, ran.out) == (0, f"9 analyses by {library.store.model}\n".encode())
    ran = shell("export", "--analyses", tmp_path / "b.jsonl", "--where", "artist:miles", "--json")
    assert (ran.document["analyses"], ran.document["model"]) == (4, library.store.model)
    assert ran.document["path"] == str(tmp_path / "b.jsonl")
    assert shell("export", "--analyses", tmp_path / "c.jsonl", "--where", "year:1066").code == 4


def with_tags(n: int = 0) -> Analysis:
    """Return an analysis by the weights that ship, which hears every tag a little."""
    tags = read_card(weights_path()).tags
    return analysis(n, heard=np.full(len(tags), 0.25, "<f2").tobytes())


def test_what_a_file_came_to(shell: Shell, library: Catalog, tmp_path: Path) -> None:

    written = b"".join(
        to_lines(
            AnalysisModel(library.store.model, FEATURE_ID, read_card(weights_path()).tags),
            [with_tags(n) for n in range(3)],
        )
    )
    (tmp_path / "a.jsonl").write_bytes(written.replace(b'"coverage":"windows"', b'"coverage":"\x1b"', 1))
    ran = shell("--library", tmp_path / "nas.db", "import", tmp_path / "a.jsonl")
    assert ran.code == 3
    assert ran.out == b"3 analyses = 2 new + 1 refused\n"
    assert ran.err == b"line 2: it is no JSON\n"
    ran = shell("--library", tmp_path / "nas.db", "import", tmp_path / "a.jsonl", "--json")
    assert (ran.code, ran.document["known"], ran.document["refused"]) == (3, 2, 1)
    other = b"".join(to_lines(AnalysisModel("other-1", "x"), [analysis()]))
    (tmp_path / "a.jsonl").write_bytes(other)
    ran = shell("--library", tmp_path / "nas.db", "import", tmp_path / "a.jsonl")
    assert (ran.code, ran.out) == (0, b"1 analysis = 1 new\n")
    assert b"these analyses are by other-1" in ran.err


def test_what_is_imported_before_the_first_scan_is_no_fault(
    shell: Shell, library: Catalog, tmp_path: Path
) -> None:

    written = b"".join(
        to_lines(
            AnalysisModel(library.store.model, FEATURE_ID, read_card(weights_path()).tags), [with_tags()]
        )
    )
    (tmp_path / "a.jsonl").write_bytes(written)
    assert shell("--library", tmp_path / "nas.db", "import", tmp_path / "a.jsonl").code == 0
    ran = shell("--library", tmp_path / "nas.db", "mood", "calm")
    assert (ran.code, b"no tracks" in ran.out, ran.err) == (4, True, b"")


def test_what_cannot_be(shell: Shell, library: Catalog, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("text")
    for name, why in (("absent", b"No such file"), ("text", b"holds no analyses")):
        ran = shell("--library", tmp_path / "nas.db", "import", tmp_path / name)
        assert (ran.code, why in ran.err) == (1, True)
    assert not (tmp_path / "nas.db").exists()
    for options in (("--format", "csv"), ("-n", "3"), ("-o", "x"), ("--relative-to", "/")):
        ran = shell("export", "--analyses", tmp_path / "x", *options)
        assert (ran.code, b"--where and --json alone" in ran.err) == (2, True)


def test_a_pipe_is_read(shell: Shell, library: Catalog, tmp_path: Path) -> None:

    written = b"".join(
        to_lines(
            AnalysisModel(library.store.model, FEATURE_ID, read_card(weights_path()).tags), [with_tags()]
        )
    )
    for data, fate in ((gzip.compress(written), b"new"), (written, b"known")):
        reading, writing = os.pipe()
        os.write(writing, data)
        os.close(writing)
        ran = shell("--library", tmp_path / "nas.db", "import", f"/dev/fd/{reading}")
        os.close(reading)
        assert (ran.code, ran.out) == (0, b"1 analysis = 1 " + fate + b"\n")
