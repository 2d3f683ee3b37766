"""One writer at a time, and a lock that no death leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from musimo.errors import LibraryError
from musimo.library.db import lock
from musimo.library.db.lock import hold

HOLDER = """
import sys, time
from pathlib import Path
from musimo.library.db.lock import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def start_holder(library: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, library], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_a_second_process_is_told_who_holds_it_until_that_one_is_killed(tmp_path: Path) -> None:
    library = tmp_path / "library.db"
    with start_holder(library) as process:
        since = json.loads((tmp_path / "library.db.lock").read_text())["since"]
        with pytest.raises(LibraryError) as caught, hold(library):
            pass
        assert f"process {process.pid}, since {since}" in caught.value.message
        assert "--wait" in caught.value.hint
        process.kill()
    with hold(library) as held:
        assert held
        assert json.loads((tmp_path / "library.db.lock").read_text())["pid"] == os.getpid()
    assert list(tmp_path.iterdir()) == []


def test_waiting_ends_when_the_other_lets_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "POLL_S", 0.01)
    library, told, held = tmp_path / "library.db", list[str](), list[bool]()
    waiting = threading.Event()

    def note(sentence: str) -> None:
        told.append(sentence)
        waiting.set()

    def wait() -> None:
        with hold(library, wait=True, on_wait=note) as mine:
            held.append(mine)

    with hold(library):
        thread = threading.Thread(target=wait)
        thread.start()
        assert waiting.wait(10)
        assert held == []
    thread.join(10)
    assert held == [True]
    assert len(told) == 1
    assert f"process {os.getpid()}" in told[0]


def test_waiting_can_be_given_up(tmp_path: Path) -> None:
    with (
        hold(tmp_path / "library.db"),
        hold(tmp_path / "library.db", wait=True, stop=lambda: True) as held,
    ):
        assert not held


def test_two_names_of_one_library_are_one_lock(tmp_path: Path) -> None:
    (tmp_path / "library.db").touch()
    (tmp_path / "link.db").symlink_to(tmp_path / "library.db")
    with hold(tmp_path / "library.db"), pytest.raises(LibraryError), hold(tmp_path / "link.db"):
        pass


def test_many_takers_never_hold_it_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file goes with every release, so that a taker may lock one that is no longer there."""
    monkeypatch.setattr(lock, "POLL_S", 0.0)
    inside, most = 0, list[int]()

    def take() -> None:
        nonlocal inside
        for _ in range(50):
            with hold(tmp_path / "library.db", wait=True):
                inside += 1
                most.append(inside)
                inside -= 1

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 200


@pytest.mark.parametrize("text", ["", "half a {", "{}", '{"pid": "x", "host": 1, "since": 2}', "[1]"])
def test_a_signature_of_another_make_is_no_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_text(text)
    assert lock.holder(tmp_path / "x") == "another musimo"


def test_a_folder_that_takes_no_lock_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="cannot lock") as caught, hold(tmp_path / "no folder" / "x.db"):
        pass
    assert caught.value.hint
