"""Process trees and their memory, from Linux's /proc."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

SAMPLE_S = 0.1  # sampling period


def descendants(pid: int) -> list[int]:
    """Return the process and all its descendants."""
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
    """Return the resident memory of a process, shared pages included; 0 if it is gone or not on Linux."""
    return _kb(Path(f"/proc/{pid}/status"), "VmRSS")


def proportional_kb(pid: int) -> int:
    """Return the proportional set size of a process, which divides shared pages; 0 as in `resident_kb`."""
    return _kb(Path(f"/proc/{pid}/smaps_rollup"), "Pss:")


def _kb(path: Path, field: str) -> int:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(field)), 0)


class PeakMemory:
    """Peak of the total memory of a process and its descendants, sampled ten times per second.

    Parameters
    ----------
    pid : of the process
    memory_kb : memory of one process; `resident_kb` counts shared pages once per process
    """

    def __init__(self, pid: int, memory_kb: Callable[[int], int] = resident_kb) -> None:
        self._pid = pid
        self._memory_kb = memory_kb
        self._peak_kb = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> float:
        """Stop sampling; return the peak in MB."""
        self._done.set()
        self._thread.join()
        return self._peak_kb / 1024

    def _watch(self) -> None:
        while not self._done.wait(SAMPLE_S):
            self._peak_kb = max(self._peak_kb, sum(map(self._memory_kb, descendants(self._pid))))
