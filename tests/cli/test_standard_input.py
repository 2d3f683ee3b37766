"""Audio on standard input and by process substitution."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
import soundfile

from musimo.cli import spool as spool_module
from musimo.cli.spool import spooling
from musimo.errors import MusimoError
from tests.catalog import Catalog
from tests.cli.conftest import Shell
from tests.sounds import encode, noise

RATE = 22_050
COMMAND = [sys.executable, "-c", "from musimo.cli.main import main; main()"]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def run(arguments: str, path: Path | None) -> subprocess.CompletedProcess[str]:
    """Run musimo in a shell, with a file on standard input."""
    command = f'musimo() {{ "$PYTHON" -c "from musimo.cli.main import main; main()" "$@"; }}; {arguments}'
    with (path or Path(os.devnull)).open("rb") as file:
        return subprocess.run(
            ["bash", "-c", command],
            stdin=file,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHON": sys.executable, "FILE": str(path)},
        )


@pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "ogg"])
def test_a_file_on_standard_input_is_as_on_disk(tmp_path: Path, temporary: Path, kind: str) -> None:
    path = encode(tmp_path / f"a.{kind}", noise(6, 44_100), kind=kind)
    by_name = run('musimo analyze --format csv "$FILE"', path)
    for arguments in ("musimo analyze --format csv -", "cat | musimo analyze --format csv -"):
        ran = run(arguments, path)
        assert (ran.returncode, ran.stderr) == (0, "")
        assert "standard input" in ran.stdout
        assert ran.stdout == by_name.stdout.replace(str(path), "standard input")
    assert [*temporary.glob("musimo-*")] == []


def test_process_substitution_and_curve(tmp_path: Path, temporary: Path) -> None:
    path = encode(tmp_path / "a.flac", noise(6, 44_100))
    ran = run('musimo analyze <(cat "$FILE")', path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "/dev/fd/" in ran.stdout
    ran = run("musimo curve - --window 5", path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("standard input, 0:06")
    assert [*temporary.glob("musimo-*")] == []


def test_what_is_no_audio_is_called_standard_input(temporary: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("eggs\n" * 99)
    ran = run("musimo curve -", tmp_path / "a.txt")
    assert ran.returncode == 1
    assert "cannot analyze standard input: not an audio file" in ran.stderr
    ran = run("musimo analyze -", None)
    assert ran.returncode == 3
    assert "standard input\n      the file is empty" in ran.stdout
    assert [*temporary.glob("musimo-*")] == []


def test_an_endless_pipe_is_an_error(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "MAX_SIZE", 10)
    reading, writing = os.pipe()
    os.write(writing, b"12345678901234567890")
    os.close(writing)
    try:
        with pytest.raises(MusimoError, match="does not end"), spooling() as spool:
            spool.file_of(f"/dev/fd/{reading}")
    finally:
        os.close(reading)


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    with spooling() as spool:
        assert spool.file_of(str(tmp_path / "pipe.mp3")) == str(tmp_path / "pipe.mp3")


def test_a_command_that_is_ended_leaves_no_file(tmp_path: Path, temporary: Path) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, noise(900, RATE), RATE)
    with path.open("rb") as file:
        process = subprocess.Popen(
            [*COMMAND, "curve", "-", "--hop", "0.5"], stdin=file, stdout=subprocess.DEVNULL
        )
        while not [*temporary.rglob("standard input")]:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == -signal.SIGTERM
    assert [*temporary.glob("musimo-*")] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("path", "-", "So What", "-n", "3"),
        ("path", "So What", "Paranoid", "--through", "-", "-n", "4"),
        ("mood", "calm", "--like", "-"),
        ("similar", "-"),
    ],
)
def test_every_command_that_hears_a_track_hears_standard_input(
    shell: Shell,
    library: Catalog,
    tmp_path: Path,
    temporary: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
) -> None:
    data = BytesIO(encode(tmp_path / "a.flac", noise(6, 44_100)).read_bytes())
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(data))
    ran = shell(*arguments, "-o", "-", "--json")
    assert ran.code == 0
    assert ran.out.count(b'"path": "standard input"') >= 1
    assert b"/musimo-" not in ran.out
    assert [*temporary.glob("musimo-*")] == []
    assert not Path("-").exists()
