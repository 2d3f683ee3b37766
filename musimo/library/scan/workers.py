"""Hearing many files: in this process, or in worker processes that may crash or hang without harm."""

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
    Answer,
    ExtractMessage,
    Finished,
    Message,
    MessageProtocol,
    Request,
    Wanted,
    read,
    write,
)
from musimo.records import FileOpened, WindowPlan
from musimo.resources import PACKAGE

# -P: a folder that musimo is started in must not lend its modules to the worker
COMMAND = (sys.executable, "-P", "-c", "from musimo.library.scan.worker import main; main()")
SILENCE_S = 60.0  # a healthy worker speaks several times a second; a sleeping disk may take half a minute
READ_RATE = 1_000_000  # bytes a second: the slowest network drive worth scanning reads faster
DECODE_SPEED = 25.0  # times as fast as it plays: Monkey's Audio at its slowest, on a slow machine
LONGEST_S = 86_400.0  # of sound that is waited for: an hour, whatever a file claims
WAITING_MESSAGES = 2  # per worker: keeps decoders busy during a batch, and memory small


@dataclass(frozen=True, slots=True)
class Task:
    """A file to hear: its absolute path, and its size for the time it may take."""

    path: bytes
    size: int

    @classmethod
    def of(cls, path: bytes) -> Task:
        """The task of hearing the file at ``path``; one that is not there fails when it is opened."""
        try:
            return cls(path, os.path.getsize(path))
        except OSError:
            return cls(path, 0)


ExtractEvent = tuple[int, ExtractMessage]
"""Number of the task, and what became known of it; Finished or AudioError is a task's last event."""


def extract_all(
    tasks: Sequence[Task], jobs: int, plan: WindowPlan, wanted: Callable[[bytes], bool]
) -> Generator[ExtractEvent, None, None]:
    """Hear every file; events of one file come in order, files come as they are ready.

    Parameters
    ----------
    tasks : what to hear
    jobs : number of worker processes; 0 hears in this process, where a crashing decoder takes all down
    plan : what of each file
    wanted : whether a sound of that hash has to be heard; called from other threads when jobs > 0
    """
    if jobs == 0:
        return _hear_here(tasks, plan, wanted)
    return _hear_in_workers(tasks, min(jobs, len(tasks)), plan, wanted)


def _hear_here(
    tasks: Sequence[Task], plan: WindowPlan, wanted: Callable[[bytes], bool]
) -> Generator[ExtractEvent, None, None]:
    from musimo.library.scan.worker import extract_to_end  # a parent of workers loads no decoder

    with threadpool_limits(1, user_api="blas"):  # as in a worker: more threads sum in another order
        for number, task in enumerate(tasks):
            for message in extract_to_end(task.path, plan, wanted):
                yield number, message


def _hear_in_workers(
    tasks: Sequence[Task], jobs: int, plan: WindowPlan, wanted: Callable[[bytes], bool]
) -> Generator[ExtractEvent, None, None]:
    crew = _Crew(tasks, jobs, plan, wanted)
    unfinished = len(tasks)
    try:
        while unfinished:
            event = crew.events.get()
            unfinished -= isinstance(event[1], Finished | AudioError)
            yield event
    finally:
        crew.dismiss()


class _Crew:
    """One thread per worker process: it feeds the process, and replaces it when it dies."""

    def __init__(
        self, tasks: Sequence[Task], jobs: int, plan: WindowPlan, wanted: Callable[[bytes], bool]
    ) -> None:
        self.events: queue.Queue[ExtractEvent] = queue.Queue(maxsize=max(1, jobs * WAITING_MESSAGES))
        self._todo = deque(enumerate(tasks))
        self._plan = plan
        self._wanted = wanted
        self._workers: dict[int, _Worker] = {}
        self._dismissed = False
        self._threads = [
            threading.Thread(target=self._serve, args=(seat,), daemon=True) for seat in range(jobs)
        ]
        for thread in self._threads:
            thread.start()

    def dismiss(self) -> None:
        """End every process and thread at once."""
        self._dismissed = True
        self._todo.clear()
        while any(thread.is_alive() for thread in self._threads):
            for worker in list(self._workers.values()):
                worker.kill()
            with contextlib.suppress(queue.Empty):
                self.events.get(timeout=0.05)  # frees a thread that waits to put

    def _serve(self, seat: int) -> None:
        while not self._dismissed:
            try:
                number, task = self._todo.popleft()
            except IndexError:
                break
            try:
                worker = self._workers.get(seat) or self._workers.setdefault(seat, _Worker())
            except OSError as error:
                self.events.put((number, AudioError("read", f"no decoder could be started: {error}")))
                continue
            for message in worker.hear(task, self._plan, self._wanted):
                self.events.put((number, message))
            if worker.dead:
                del self._workers[seat]
        worker_left = self._workers.pop(seat, None)
        if worker_left is not None:
            worker_left.close()


class _Worker:
    """One worker process and the watch over its silence."""

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

    def hear(self, task: Task, plan: WindowPlan, wanted: Callable[[bytes], bool]) -> Iterator[ExtractMessage]:
        """Messages of one file; a death or a silence that lasts too long becomes an AudioError."""
        limit_s = SILENCE_S + task.size / READ_RATE
        hearing = MessageProtocol()
        try:
            self._send(Request(task.path, plan))
            while True:
                message = hearing.followed(self._receive(limit_s))
                if isinstance(message, Wanted):
                    answer = Answer(wanted(message.content))
                    hearing.answer(answer)
                    self._send(answer)
                    continue
                if isinstance(message, FileOpened):
                    limit_s += min(message.duration_s, LONGEST_S) / DECODE_SPEED
                yield message
                if isinstance(message, Finished | AudioError):
                    return
        except Exception:
            # The pipe broke, or what came through it makes no sense: this process cannot be trusted again.
            self.kill()
            self.close()
            yield self._cause_of_death(limit_s)

    def kill(self) -> None:
        """End the process; nothing it holds is worth waiting for."""
        self.dead = True
        self._process.kill()

    def close(self) -> None:
        """Close the pipes, which ends a living process, and wait for its end."""
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
        watch = threading.Timer(limit_s, self._give_up)
        watch.start()
        try:
            return read(self._process.stdout)
        finally:
            watch.cancel()

    def _give_up(self) -> None:
        self._timed_out = True
        self._process.kill()


def _death(returncode: int) -> str:
    return f"signal {-returncode}" if returncode < 0 else f"exit code {returncode}"
