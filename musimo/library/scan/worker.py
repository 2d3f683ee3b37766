"""The worker process: hears one file after another for its parent, over its own standard streams.

A worker holds nothing but decoders, so that a crash in native code costs one file. It never imports torch.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import BinaryIO, TypeVar

from musimo.audio.extract import extract_windows
from musimo.errors import AudioError
from musimo.library.scan.messages import (
    Answer,
    ExtractMessage,
    Finished,
    Message,
    Request,
    Wanted,
    read,
    write,
)
from musimo.records import WindowPlan

M = TypeVar("M", Request, Answer)
MAX_MEMORY = 2**31  # bytes of data; honest files take a tenth of it, one with a cover of 100 MB a quarter
MAX_REASON = 500  # characters; libraries quote what they cannot read


class _ParentGone(BaseException):
    """The pipe to the parent is closed: there is nobody left to hear for."""


def main() -> None:
    """Serve until the parent closes the pipe: one request in, its messages out."""
    _limit_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where Ctrl-C reaches it, the parent decides
    requests: BinaryIO = sys.stdin.buffer
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a codec prints must not mix with answers

        def wanted(content: bytes) -> bool:
            _send(answers, Wanted(content))
            return _receive(requests, Answer).wanted

        try:
            while True:
                request = _receive(requests, Request)
                for message in extract_to_end(request.path, request.plan, wanted):
                    _send(answers, message)
        except _ParentGone:
            os._exit(0)


def _limit_memory() -> None:
    """Let a hostile file fail for want of memory, before the machine does."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    least = MAX_MEMORY if hard == resource.RLIM_INFINITY else min(hard, MAX_MEMORY)
    with suppress(OSError, ValueError):  # not every system has this limit
        resource.setrlimit(resource.RLIMIT_DATA, (least, hard))


def extract_to_end(
    path: bytes, plan: WindowPlan, wanted: Callable[[bytes], bool]
) -> Iterator[ExtractMessage]:
    """Events of :func:`musimo.audio.extract.extract_windows`, with its end or its error as the last one."""
    try:
        yield from extract_windows(path, plan, wanted)
    except AudioError as error:
        yield error
    except MemoryError:
        yield AudioError("decode", "decoding it takes more memory than there is")
    except Exception as error:
        # Whatever a damaged file provokes in a decoder costs this file alone.
        yield AudioError("decode", f"{type(error).__name__}: {error}"[:MAX_REASON])
    else:
        yield Finished()


def _receive(stream: BinaryIO, kind: type[M]) -> M:
    try:
        message = read(stream)
    except (EOFError, OSError) as error:
        raise _ParentGone from error
    assert isinstance(message, kind)
    return message


def _send(stream: BinaryIO, message: Message) -> None:
    try:
        write(stream, message)
    except OSError as error:
        raise _ParentGone from error
