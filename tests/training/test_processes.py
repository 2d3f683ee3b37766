"""Work in several processes: all results arrive, and no process remains."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from musimo.errors import AudioError, MusimoError
from musimo.training.processes import run_in_processes


def count(start: int, stop: int) -> Iterator[int]:
    yield from range(start, stop)


def count_for_ever(marks: str) -> Iterator[int]:
    while True:
        Path(marks, str(os.getpid())).touch()
        yield os.getpid()
        time.sleep(0.01)


def fail(how: str) -> Iterator[int]:
    yield 1
    if how == "words":
        raise AudioError("decode", "no sound")
    if how == "crash":
        os._exit(7)
    time.sleep(60)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_all_results_arrive() -> None:
    assert sorted(run_in_processes(count, [(0, 50), (50, 80)])) == list(range(80))
    assert multiprocessing.active_children() == []


def test_a_single_share_needs_no_process(tmp_path: Path) -> None:
    results = run_in_processes(count_for_ever, [(str(tmp_path),)])
    assert next(results) == os.getpid()


@pytest.mark.parametrize(("how", "words"), [("words", "no sound"), ("crash", "exit code 7")])
def test_a_failure_ends_the_others_with_a_message(how: str, words: str) -> None:
    with pytest.raises(MusimoError, match=words) as caught:
        list(run_in_processes(fail, [(how,), ("never",)]))
    assert isinstance(caught.value, AudioError) == (how == "words")
    assert multiprocessing.active_children() == []


def test_a_caller_that_leaves_ends_all_processes(tmp_path: Path) -> None:
    results = run_in_processes(count_for_ever, [(str(tmp_path),)] * 2)
    pids = {next(results) for _ in range(20)}
    while len(pids) < 2:
        pids.add(next(results))
    results.close()  # type: ignore[attr-defined]  # as a generator is, when its consumer is interrupted
    assert all(gone(pid) for pid in pids)
