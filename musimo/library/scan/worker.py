"""The worker process: extracts features of one file after another, over its standard streams.

A worker contains nothing but decoders, so that a crash in native code costs one file. It never imports torch.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, BinaryIO, TypeVar

from musimo.audio.extract import extract_windows
from musimo.errors import AudioError
from musimo.library.scan.messages import (
    ContentQuery,
    ContentReply,
    ExtractMessage,
    Finished,
    Message,
    Request,
    read,
    write,
)
from musimo.records import CueSheet, WindowPlan

M = TypeVar("M", Request, ContentReply)
MAX_MEMORY = 2**31  # bytes of data; usual files take a tenth of it, one with a cover of 100 MB a quarter
MAX_REASON = 500  # characters; decoders quote what they cannot read


class _ParentGone(BaseException):
    """The pipe to the parent is closed."""


def main() -> None:
    """Serve requests until the parent closes the pipe."""
    _limit_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Ctrl-C the parent decides
    requests: BinaryIO = sys.stdin.buffer
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as replies:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # output of a codec must not mix with messages

        def is_needed(content: bytes) -> bool:
            _send(replies, ContentQuery(content))
            return _receive(requests, ContentReply).needed

        try:
            while True:
                request = _receive(requests, Request)
                options = extract_options(with_old_hash=request.with_old_hash, sheet=request.sheet)
                for message in extract_to_end(request.path, request.plan, is_needed, **options):
                    _send(replies, message)
        except _ParentGone:
            os._exit(0)


def _limit_memory() -> None:
    """Let a hostile file run out of memory before the machine does."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    least = MAX_MEMORY if hard == resource.RLIM_INFINITY else min(hard, MAX_MEMORY)
    with suppress(OSError, ValueError):  # not every system has this limit
        resource.setrlimit(resource.RLIMIT_DATA, (least, hard))


def extract_options(*, with_old_hash: bool, sheet: CueSheet | None) -> dict[str, Any]:
    """Return the keyword arguments of :func:`extract_to_end`, without defaults."""
    return ({"with_old_hash": True} if with_old_hash else {}) | ({} if sheet == () else {"sheet": sheet})


def extract_to_end(
    path: bytes, plan: WindowPlan, is_needed: Callable[[bytes], bool], **options: Any
) -> Iterator[ExtractMessage]:
    """Yield the events of :func:`musimo.audio.extract.extract_windows`, then Finished or its error."""
    try:
        yield from extract_windows(path, plan, is_needed, **options)
    except AudioError as error:
        yield error
    except MemoryError:
        yield AudioError("decode", "decoding it takes more memory than there is")
    except Exception as error:
        # Any error of a decoder on a damaged file must cost this file alone.
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
