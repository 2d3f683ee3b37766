"""What only a process of its own can show: signals, pipes, terminals."""

from __future__ import annotations

import json
import os
import pty
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import soundfile

from musimo.api import Library
from musimo.records import Track
from tests.catalog import Catalog
from tests.cli.conftest import harmless
from tests.sounds import sine

ROOT = Path(__file__).resolve().parents[2]
MUSIMO = (sys.executable, "-c", "from musimo.cli.main import main; main()")

# musimo with the plain network; WORKER, if set, is run in the place of a decoder
PLAIN = """
import os, sys
from musimo.api.session import Session
from musimo.cli.main import main
from musimo.library.scan import workers
from tests.conftest import PlainPredictor

Session.load_predictor = lambda self, weights: PlainPredictor()
if "WORKER" in os.environ:
    workers.COMMAND = (sys.executable, "-c", os.environ["WORKER"])
main()
"""

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a command in a process group of its own, as a shell does."""
    ends = ExitStack()

    def call(*command: str | Path, **environment: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            start_new_session=True,
        )
        ends.enter_context(process)
        ends.callback(process.kill)
        return process

    with ends:
        yield call


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "short"
    folder.mkdir()
    for n in range(8):
        soundfile.write(folder / f"{n}.wav", sine(200 + 20 * n, 0.5), 22_050)
    return folder


def finish(process: subprocess.Popen[bytes]) -> tuple[int, bytes, bytes]:
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


def interrupt(process: subprocess.Popen[bytes]) -> None:
    """Ctrl-C, as a terminal sends it: to the whole group."""
    os.killpg(process.pid, signal.SIGINT)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def scanned(audit: bytes) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(audit)
    outcomes = ("new", "changed", "moved", "unchanged", "failed", "ignored")
    assert read["seen"] == sum(read[name] for name in outcomes)
    return read


def test_ctrl_c_finishes_the_batch_and_the_next_scan_goes_on(start: Start, music: Path) -> None:
    command = (sys.executable, "-c", PLAIN, "-v", "scan", music, "--jobs", "1", "--batch-size", "2", "--json")
    process = start(*command)
    assert process.stderr is not None
    assert process.stderr.readline().startswith(b"new: ")
    interrupt(process)
    code, out, err = finish(process)
    assert code == 130
    assert err.count(b"finishing the batch in hand") == 1
    assert b"Traceback" not in err
    audit = scanned(out)
    assert audit["interrupted"] is True
    assert audit["failed"] == 0
    assert 1 <= audit["new"] < 8
    assert audit["left"] == 8 - audit["new"]

    code, out, err = finish(start(*command))
    rest = scanned(out)
    assert (code, rest["interrupted"], rest["left"], rest["failed"]) == (0, False, 0, 0)
    assert rest["unchanged"] == audit["new"]
    assert rest["new"] == 8 - audit["new"]


def test_ctrl_c_while_decoders_start_fails_no_file(start: Start, music: Path, tmp_path: Path) -> None:
    worker = (
        f"import time; open({str(tmp_path / 'started')!r}, 'w').close(); time.sleep(1)\n"
        "from musimo.library.scan.worker import main; main()"
    )
    process = start(sys.executable, "-c", PLAIN, "scan", music, "--jobs", "2", "--json", WORKER=worker)
    wait_for(tmp_path / "started")
    interrupt(process)
    code, out, err = finish(process)
    assert (code, scanned(out)["failed"]) == (130, 0), err.decode()
    assert Library.open().failures() == []


def test_a_second_ctrl_c_stops_at_once(start: Start, music: Path, tmp_path: Path) -> None:
    worker = f"import time; open({str(tmp_path / 'started')!r}, 'w').close(); time.sleep(60)"
    process = start(sys.executable, "-c", PLAIN, "scan", music, "--jobs", "1", WORKER=worker)
    wait_for(tmp_path / "started")
    interrupt(process)
    assert process.stderr is not None
    assert b"press Ctrl-C again" in process.stderr.readline()
    interrupt(process)
    code, out, err = finish(process)
    assert (code, out) == (130, b"")
    assert err.strip() == b"interrupted"
    assert Library.open().status().tracks == 0


def test_a_kill_loses_no_more_than_a_batch(start: Start, music: Path) -> None:
    process = start(sys.executable, "-c", PLAIN, "-v", "scan", music, "--jobs", "1", "--batch-size", "1")
    assert process.stderr is not None
    told = [process.stderr.readline() for _ in range(3)]
    process.kill()
    process.wait()
    assert all(line.startswith(b"new: ") for line in told)
    stored: list[Track] = [*Library.open().tracks()]
    assert {track.path_bytes for track in stored} >= {line[5:-1] for line in told}
    assert all(track.valence is not None for track in stored)


@pytest.mark.parametrize("arguments", [("export",), ("--help",)])
def test_a_reader_that_has_gone_is_no_error(
    start: Start, library: Catalog, arguments: tuple[str, ...]
) -> None:
    process = start(*MUSIMO, *arguments)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=30) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
@pytest.mark.parametrize("arguments", [("export",), ("--help",)])
def test_a_full_disk_is_an_error_in_words(library: Catalog, arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*MUSIMO, *arguments], stdout=full, stderr=subprocess.PIPE, check=False, timeout=30
        )
    assert done.returncode == 1
    assert done.stderr == b"error: cannot use the output: No space left on device\n"


@pytest.mark.parametrize("closing", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_are_no_error(library: Catalog, closing: str) -> None:
    command = f"{shlex.join(MUSIMO)} status {closing}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False, timeout=30)
    assert (done.returncode, done.stderr) == (0, b"")
    assert bool(done.stdout) == (closing == "2>&-")


def test_on_a_terminal_no_format_lets_a_control_character_through(library: Catalog) -> None:
    for format_ in ("csv", "m3u8"):
        ours, theirs = pty.openpty()
        command = [*MUSIMO, "export", "--where", "path:odd/", "--format", format_]
        with os.fdopen(ours, "rb", buffering=0) as terminal:
            process = subprocess.Popen(command, stdout=theirs, stderr=theirs)
            os.close(theirs)
            seen = b""
            while chunk := _read(terminal):
                seen += chunk
            assert process.wait(timeout=30) == (0 if format_ == "csv" else 3), "m3u8 holds no line break"
        assert seen
        assert harmless(seen.replace(b"\r\n", b"\n"))


def _read(terminal: Any) -> bytes:
    try:
        return bytes(terminal.read(65_536))
    except OSError:  # how a terminal tells that nobody writes to it any more
        return b""


def test_a_terminal_in_another_encoding_is_no_error(start: Start) -> None:
    code, out, err = finish(start(*MUSIMO, "mood", "--help", PYTHONIOENCODING="latin-1"))
    assert (code, err) == (0, b"")
    assert b"0 = unpleasant" in out


@pytest.mark.parametrize("encoding", ["utf-8", "euc_jp"])
def test_names_are_read_in_a_locale_without_utf_8(library: Catalog, tmp_path: Path, encoding: str) -> None:
    japanese = tmp_path / "ja_JP.eucJP"
    made = shutil.which("localedef") and subprocess.run(
        ["localedef", "-i", "ja_JP", "-f", "EUC-JP", japanese], capture_output=True, check=False
    )
    if not japanese.exists():
        pytest.skip(f"no locale could be made: {made}")
    name = "夜想曲"
    done = subprocess.run(
        [*map(os.fsencode, MUSIMO), b"show", name.encode(encoding)],
        env={**os.environ, "LOCPATH": str(tmp_path), "LC_ALL": "ja_JP.eucJP"},
        capture_output=True,
        check=False,
        timeout=30,
    )
    first = done.stderr.decode("euc_jp").splitlines()[0]
    assert (done.returncode, first) == (
        4,
        f"error: no track of the library has {name!r} in its artist, title or path, and no such file exists",
    )
