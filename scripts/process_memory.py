"""Processes of one run: who belongs to it, and how much memory they hold together. Linux tells."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

SAMPLE_S = 0.1  # between two looks at the memory of a run


def descendants(pid: int) -> list[int]:
    """The process and all processes it started."""
    found, pending = [], [pid]
    while pending:
        process = pending.pop()
        found.append(process)
        for children in Path(f"/proc/{process}/task").glob("*/children"):
            try:
                pending.extend(map(int, children.read_text().split()))
            except OSError:
                continue
    return found


def resident_kb(pid: int) -> int:
    """Resident memory of a process, with all it shares; 0 where it is gone or this is no Linux."""
    return _kb(Path(f"/proc/{pid}/status"), "VmRSS")


def proportional_kb(pid: int) -> int:
    """Resident memory of a process, shared pages divided among those who share them; 0 as above."""
    return _kb(Path(f"/proc/{pid}/smaps_rollup"), "Pss:")


def _kb(path: Path, field: str) -> int:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(field)), 0)


class PeakMemory:
    """Largest sum of memory over a process and its descendants, sampled ten times a second.

    Parameters
    ----------
    pid : of the process
    memory_kb : what counts of each process; with ``resident_kb``, shared pages count once for each
    """

    def __init__(self, pid: int, memory_kb: Callable[[int], int] = resident_kb) -> None:
        self._pid = pid
        self._memory_kb = memory_kb
        self._peak_kb = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> float:
        """End watching; the peak in MB."""
        self._done.set()
        self._thread.join()
        return self._peak_kb / 1024

    def _watch(self) -> None:
        while not self._done.wait(SAMPLE_S):
            self._peak_kb = max(self._peak_kb, sum(map(self._memory_kb, descendants(self._pid))))
