"""Extract features of many files, in this process or in workers that may crash or hang without harm."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass

from threadpoolctl import threadpool_limits

from musimo.errors import AudioError
from musimo.library.scan.messages import (
    ContentQuery,
    ContentReply,
    ExtractMessage,
    Finished,
    Message,
    MessageProtocol,
    Request,
    read,
    write,
)
from musimo.records import CueSheet, FileOpened, SheetTrack, Tags, Window, WindowPlan
from musimo.resources import PACKAGE

# -P: the current folder must not provide modules to the worker
COMMAND = (sys.executable, "-P", "-c", "from musimo.library.scan.worker import main; main()")
MAX_IDLE_S = 60.0  # a healthy worker sends several messages a second; a disk may spin up for half a minute
READ_RATE = 1_000_000  # bytes a second: the slowest usable network drive reads faster
DECODE_SPEED = 25.0  # times real time: Monkey's Audio at its slowest, on a slow machine
LONGEST_S = 86_400.0  # of audio that a time limit allows for: an hour, whatever duration a file claims
QUEUED_MESSAGES = 2  # per worker: keeps decoders busy during a batch, and memory small


@dataclass(frozen=True, slots=True)
class Task:
    """A file to extract.

    Parameters
    ----------
    path : absolute
    size : in bytes, which sets the time limit
    with_old_hash : also compute the content hash of the version before
    is_known : whether this file needs no extraction although its content is needed; None: never
    sheet : see :func:`musimo.audio.extract.extract_windows`
    """

    path: bytes
    size: int
    with_old_hash: bool = False
    is_known: Callable[[FileOpened], bool] | None = None
    sheet: CueSheet | None = ()

    @classmethod
    def of(cls, path: bytes, part: Window | None = None) -> Task:
        """Return the task for a whole file, or a part of it; an absent one fails when it is opened."""
        sheet = None if part is None else (SheetTrack(part.start_s, part.end_s, Tags()),)
        try:
            return cls(path, os.path.getsize(path), sheet=sheet)
        except OSError:
            return cls(path, 0, sheet=sheet)


ExtractEvent = tuple[int, ExtractMessage]
"""Number of the task, and a message; Finished or AudioError is the last one of a task."""


def extract_all(
    tasks: Sequence[Task], jobs: int, plan: WindowPlan, is_needed: Callable[[bytes], bool]
) -> Generator[ExtractEvent, None, None]:
    """Extract every file; events of one file come in order, files as they are ready.

    Parameters
    ----------
    tasks : the files
    jobs : worker processes; 0 extracts in this process, which a crash of a decoder ends
    plan : which windows of each file
    is_needed : whether the content with that hash must be extracted; called from other threads if jobs > 0
    """
    if jobs == 0:
        return _extract_here(tasks, plan, is_needed)
    return _extract_in_workers(tasks, min(jobs, len(tasks)), plan, is_needed)


def _extract_here(
    tasks: Sequence[Task], plan: WindowPlan, is_needed: Callable[[bytes], bool]
) -> Generator[ExtractEvent, None, None]:
    # The parent of workers loads no decoder.
    from musimo.library.scan.worker import extract_options, extract_to_end

    with threadpool_limits(1, user_api="blas"):  # as in a worker: more threads sum in another order
        for number, task in enumerate(tasks):
            opened: list[FileOpened] = []

            def needed(content: bytes, task: Task = task, opened: list[FileOpened] = opened) -> bool:
                return is_needed(content) and not (task.is_known is not None and task.is_known(opened[-1]))

            options = extract_options(with_old_hash=task.with_old_hash, sheet=task.sheet)
            for message in extract_to_end(task.path, plan, needed, **options):
                if isinstance(message, FileOpened):
                    opened.append(message)
                yield number, message


def _extract_in_workers(
    tasks: Sequence[Task], jobs: int, plan: WindowPlan, is_needed: Callable[[bytes], bool]
) -> Generator[ExtractEvent, None, None]:
    pool = _WorkerPool(tasks, jobs, plan, is_needed)
    unfinished = len(tasks)
    try:
        while unfinished:
            event = pool.events.get()
            unfinished -= isinstance(event[1], Finished | AudioError)
            yield event
    finally:
        pool.close()


class _WorkerPool:
    """One thread per worker process, which sends it tasks and replaces it when it dies."""

    def __init__(
        self, tasks: Sequence[Task], jobs: int, plan: WindowPlan, is_needed: Callable[[bytes], bool]
    ) -> None:
        self.events: queue.Queue[ExtractEvent] = queue.Queue(maxsize=max(1, jobs * QUEUED_MESSAGES))
        self._todo = deque(enumerate(tasks))
        self._plan = plan
        self._is_needed = is_needed
        self._workers: dict[int, _Worker] = {}
        self._closed = False
        self._threads = [
            threading.Thread(target=self._serve, args=(slot,), daemon=True) for slot in range(jobs)
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End every process and thread at once."""
        self._closed = True
        self._todo.clear()
        while any(thread.is_alive() for thread in self._threads):
            for worker in list(self._workers.values()):
                worker.kill()
            with contextlib.suppress(queue.Empty):
                self.events.get(timeout=0.05)  # unblocks a thread that waits to put

    def _serve(self, slot: int) -> None:
        while not self._closed:
            try:
                number, task = self._todo.popleft()
            except IndexError:
                break
            try:
                worker = self._workers.get(slot) or self._workers.setdefault(slot, _Worker())
            except OSError as error:
                self.events.put((number, AudioError("read", f"no decoder could be started: {error}")))
                continue
            for message in worker.extract(task, self._plan, self._is_needed):
                self.events.put((number, message))
            if worker.dead:
                del self._workers[slot]
        worker_left = self._workers.pop(slot, None)
        if worker_left is not None:
            worker_left.close()


class _Worker:
    """One worker process, and a time limit for its messages."""

    def __init__(self) -> None:
        environment = dict(os.environ)
        environment["PYTHONPATH"] = os.pathsep.join(
            filter(None, [str(PACKAGE.parent), environment.get("PYTHONPATH")])
        )
        for library in ("OMP", "OPENBLAS", "MKL"):  # the workers are the parallelism
            environment[f"{library}_NUM_THREADS"] = "1"
        self._process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            process_group=0,  # Ctrl-C is for the parent, which ends its workers when it is done with them
        )
        self._timed_out = False
        self.dead = False

    def extract(
        self, task: Task, plan: WindowPlan, is_needed: Callable[[bytes], bool]
    ) -> Iterator[ExtractMessage]:
        """Yield the messages of one file; if the worker dies or exceeds the time limit, an AudioError."""
        idle_s = limit_s = MAX_IDLE_S + task.size / READ_RATE
        protocol = MessageProtocol(by_sheet=task.sheet is not None)
        try:
            self._send(Request(task.path, plan, task.with_old_hash, task.sheet))
            opened: FileOpened | None = None
            while True:
                message = protocol.accept(self._receive(limit_s))
                if isinstance(message, ContentQuery):
                    known = task.is_known is not None and opened is not None and task.is_known(opened)
                    reply = ContentReply(is_needed(message.content) and not known)
                    protocol.reply(reply)
                    self._send(reply)
                    continue
                if isinstance(message, FileOpened):
                    opened = message
                    decoded_s = message.duration_s if message.end_s is None else message.end_s
                    limit_s = idle_s + min(decoded_s, LONGEST_S) / DECODE_SPEED
                yield message
                if isinstance(message, Finished | AudioError):
                    return
        except Exception:
            # The pipe broke, or a message is invalid: this process cannot be trusted again.
            self.kill()
            self.close()
            yield self._cause_of_death(limit_s)

    def kill(self) -> None:
        """Kill the process."""
        self.dead = True
        self._process.kill()

    def close(self) -> None:
        """Close the pipes, which ends the process, and wait for its end."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._process.wait()

    def _cause_of_death(self, limit_s: float) -> AudioError:
        if self._timed_out:
            return AudioError("timeout", f"the decoder gave no sign of life for {limit_s:.0f} s")
        return AudioError("crashed", f"the decoder crashed ({_death(self._process.returncode)})")

    def _send(self, message: Message) -> None:
        assert self._process.stdin is not None
        write(self._process.stdin, message)

    def _receive(self, limit_s: float) -> Message:
        assert self._process.stdout is not None
        timer = threading.Timer(limit_s, self._give_up)
        timer.start()
        try:
            return read(self._process.stdout)
        finally:
            timer.cancel()

    def _give_up(self) -> None:
        self._timed_out = True
        self._process.kill()


def _death(returncode: int) -> str:
    return f"signal {-returncode}" if returncode < 0 else f"exit code {returncode}"
