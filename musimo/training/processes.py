"""Several processes at one work: they tell of themselves, fail in words, and end with who started them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from musimo.errors import MusimoError

T = TypeVar("T")
GRACE_S = 5.0  # for a process that was asked to end, before it is made to


def run_in_processes(work: Callable[..., Iterator[T]], shares: Sequence[tuple[Any, ...]]) -> Iterator[T]:
    """Run ``work(*share)`` for each share in a process of its own, a single one in this process.

    Yields what they yield, as it comes.

    When the caller goes away (an exception, Ctrl-C, a generator that is closed), the processes are ended.
    When the caller's process is killed, each ends as it next yields something.

    Parameters
    ----------
    work : a generator function of a module, which yields now and then
    shares : arguments, one tuple a process

    Raises
    ------
    MusimoError : one of them failed or crashed; the others are ended
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
                    told = pipe.recv()
                except EOFError:
                    _check(running.pop(pipe))
                    continue
                if isinstance(told, MusimoError):
                    raise told
                yield told
    finally:
        for left in running.values():
            left.terminate()
        for left in running.values():
            left.join(GRACE_S)
            if left.is_alive():
                left.kill()


def _begin(work: Callable[..., Iterator[Any]], share: tuple[Any, ...], pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's affair
    try:
        for told in work(*share):
            pipe.send(told)
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
            "if memory ran out, use fewer --processes; the same command goes on from what is done",
        )


@contextmanager
def _ignore_interrupts() -> Iterator[None]:
    """Let processes that start within ignore Ctrl-C from their first instruction on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
