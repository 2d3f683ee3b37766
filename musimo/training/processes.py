"""Run a generator in several processes; forward results and errors, and leave no process behind."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TypeVar

from musimo.errors import MusimoError

T = TypeVar("T")
GRACE_S = 5.0  # between termination and kill of a process


def run_in_processes(work: Callable[..., Iterator[T]], shares: Sequence[tuple[object, ...]]) -> Iterator[T]:
    """Run ``work(*share)`` for each share in a process of its own; a single one runs in this process.

    If the caller leaves (an exception, Ctrl-C, a closed generator), the processes are terminated. If the
    caller's process is killed, each process ends at its next result.

    Parameters
    ----------
    work : module-level generator function
    shares : arguments, one tuple per process

    Yields
    ------
    Results of all processes, in order of arrival

    Raises
    ------
    MusimoError : a process failed or crashed; the others are terminated
    """
    if len(shares) == 1:
        yield from work(*shares[0])
        return
    context = get_context("spawn")  # a fork would inherit the locks of torch's threads
    running: dict[Connection, BaseProcess] = {}
    try:
        with _ignore_interrupts():
            for share in shares:
                ours, theirs = context.Pipe(duplex=False)
                process = context.Process(target=_begin, args=(work, share, theirs), daemon=True)
                process.start()
                theirs.close()
                running[ours] = process
        while running:
            for pipe in wait(list(running)):
                assert isinstance(pipe, Connection)
                try:
                    message = pipe.recv()
                except EOFError:
                    _check(running.pop(pipe))
                    continue
                if isinstance(message, MusimoError):
                    raise message
                yield message
    finally:
        for left in running.values():
            left.terminate()
        for left in running.values():
            left.join(GRACE_S)
            if left.is_alive():
                left.kill()


def _begin(work: Callable[..., Iterator[object]], share: tuple[object, ...], pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    try:
        for message in work(*share):
            pipe.send(message)
    except MusimoError as error:
        pipe.send(error)
    except BrokenPipeError:  # the parent is gone
        pass
    finally:
        pipe.close()


def _check(process: BaseProcess) -> None:
    process.join()
    code = process.exitcode or 0
    if code:
        how = f"was killed by signal {-code}" if code < 0 else f"crashed with exit code {code}"
        raise MusimoError(
            f"a process of the training {how}",
            "if memory ran out, use fewer --processes; the same command resumes",
        )


@contextmanager
def _ignore_interrupts() -> Iterator[None]:
    """Let processes started in this block ignore Ctrl-C from their start."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
