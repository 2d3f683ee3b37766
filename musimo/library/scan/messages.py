"""What a worker process and its parent say to each other, and how it is written on the pipe between them.

A worker reads files of strangers, so its parent takes nothing from it but plain values, checks each, and
never unpickles: a decoder that a file has taken over can say a wrong number, and no more.

A message is two sizes (little-endian, 4 bytes each), so many bytes of JSON, and so many of float32.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from math import isfinite
from typing import IO, Any, TypeVar

import numpy as np

from musimo.audio.features import N_FEATURES
from musimo.audio.statistics import N_STATISTICS
from musimo.errors import AudioError
from musimo.records import (
    CONTENT_BYTES,
    Coverage,
    ExtractedWindow,
    FileOpened,
    FloatArray,
    SlidingPlan,
    Tags,
    Window,
    WindowPlan,
)

T = TypeVar("T")
SIZES = struct.Struct("<II")
MAX_JSON = 2**22  # bytes; a week of windows takes half a megabyte
MAX_FLOATS = 2**24  # bytes; the features of 45 s take 1.5 million
MAX_INTEGER = 2**63 - 1  # the largest that SQLite takes
STAGES = ("read", "decode")  # in which a worker may say that it failed; the others are for its parent to say
COVERAGES: dict[str, Coverage] = {"windows": "windows", "full": "full"}


@dataclass(frozen=True, slots=True)
class Request:
    """The parent's order: hear this file."""

    path: bytes
    plan: WindowPlan


@dataclass(frozen=True, slots=True)
class Wanted:
    """The worker's question: does this sound have to be heard?"""

    content: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """The parent's answer to it."""

    wanted: bool


@dataclass(frozen=True, slots=True)
class Finished:
    """The file was heard to its end."""


ExtractMessage = FileOpened | ExtractedWindow | Finished | AudioError
Message = Request | Answer | Wanted | ExtractMessage


class MessageProtocol:
    """The course that the messages of one file take: opened, wanted, its clips, finished; or an error."""

    def __init__(self) -> None:
        self._opened: FileOpened | None = None
        self._n_clips = 0  # that may still come
        self._wanted: bool | None = None
        self._heard = False
        self._ended = False

    def followed(self, message: Message) -> Wanted | ExtractMessage:
        """The next message of a worker; ValueError where it must not come now."""
        if isinstance(message, Request | Answer) or self._ended or not self._fits(message):
            raise ValueError(f"{type(message).__name__} comes out of turn")
        if isinstance(message, FileOpened):
            self._opened = message
        elif isinstance(message, ExtractedWindow):
            self._heard = True
            self._n_clips -= 1
        else:
            self._ended = isinstance(message, Finished | AudioError)
        return message

    def answer(self, answer: Answer) -> None:
        """What the worker's question was answered."""
        assert self._opened is not None
        self._wanted = answer.wanted
        self._n_clips = len(self._opened.windows) if answer.wanted else 0

    def _fits(self, message: Wanted | ExtractMessage) -> bool:
        match message:
            case FileOpened():
                return self._opened is None
            case Wanted():
                opened = self._opened
                return opened is not None and self._wanted is None and message.content == opened.content
            case ExtractedWindow():
                return self._n_clips > 0
            case Finished():
                return self._wanted is not None and self._heard == self._wanted
            case AudioError():
                return True


def write(stream: IO[bytes], message: Message) -> None:
    """Send a message on its way.

    Raises
    ------
    OSError : nobody reads the other end
    """
    said, arrays = _said(message)
    text = json.dumps(said, separators=(",", ":")).encode()
    floats = b"".join(np.ascontiguousarray(array, np.float32).tobytes() for array in arrays)
    stream.write(SIZES.pack(len(text), len(floats)) + text)
    stream.write(floats)
    stream.flush()


def read(stream: IO[bytes]) -> Message:
    """The next message.

    Raises
    ------
    EOFError : the stream ended
    ValueError : what came is no message
    """
    n_text, n_floats = SIZES.unpack(_exactly(stream, SIZES.size))
    if n_text > MAX_JSON or n_floats > MAX_FLOATS or n_floats % 4:
        raise ValueError("no message is so large")
    text, floats = _exactly(stream, n_text), np.frombuffer(_exactly(stream, n_floats), np.float32)
    if not np.isfinite(floats).all():
        raise ValueError("what came holds floats that are no numbers")
    try:
        return _meant(json.loads(text), floats)
    except (TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        raise ValueError("what came is no message") from error


def _said(message: Message) -> tuple[dict[str, Any], tuple[FloatArray, ...]]:
    """The JSON of a message, and its arrays."""
    match message:
        case Request():
            return {"kind": "request", "path": message.path.hex(), "plan": _said_plan(message.plan)}, ()
        case Answer():
            return {"kind": "answer", "wanted": message.wanted}, ()
        case Wanted():
            return {"kind": "wanted", "content": message.content.hex()}, ()
        case Finished():
            return {"kind": "finished"}, ()
        case AudioError():
            return {"kind": "error", "stage": message.stage, "reason": message.reason}, ()
        case FileOpened():
            return {
                "kind": "opened",
                "tags": asdict(message.tags),
                "content": message.content.hex(),
                "duration_s": message.duration_s,
                "windows": [[window.start_s, window.end_s] for window in message.windows],
                "expected_duration_s": message.expected_duration_s,
            }, ()
        case ExtractedWindow():
            window = message.window
            ends = [window.start_s, window.end_s]
            said = {"kind": "clip", "window": ends, "missing_s": message.missing_s}
            return said, (message.statistics, message.features)


def _meant(said: dict[str, Any], floats: FloatArray) -> Message:
    """The message that the JSON and the floats make."""
    kind = said["kind"]
    if (kind == "clip") != bool(floats.size):
        raise ValueError("floats belong to clips")
    match kind:
        case "request":
            return Request(bytes.fromhex(said["path"]), _plan(said["plan"]))
        case "answer":
            return Answer(_typed(said["wanted"], bool))
        case "wanted":
            return Wanted(_content(said["content"]))
        case "finished":
            return Finished()
        case "error":
            if said["stage"] not in STAGES:
                raise ValueError("no stage that a worker can name")
            return AudioError(said["stage"], _typed(said["reason"], str))
        case "opened":
            windows = tuple(map(_window, said["windows"]))
            expected_duration_s = (
                None if said["expected_duration_s"] is None else _length(said["expected_duration_s"])
            )
            content, duration_s = _content(said["content"]), _length(said["duration_s"])
            return FileOpened(_tags(said["tags"]), content, duration_s, windows, expected_duration_s)
        case "clip":
            if floats.size <= N_STATISTICS:
                raise ValueError("a clip without features")
            features = floats[N_STATISTICS:].reshape(-1, N_FEATURES)
            statistics = floats[:N_STATISTICS].copy()  # kept for long, which the features must not be
            window, missing_s = _window(said["window"]), _length(said["missing_s"])
            if missing_s > window.end_s - window.start_s:
                raise ValueError("more lacks than there was to be heard")
            return ExtractedWindow(window, features, statistics, missing_s)
    raise ValueError("no kind of message")


def _said_plan(plan: WindowPlan) -> str | dict[str, float]:
    return plan if isinstance(plan, str) else asdict(plan)


def _plan(said: Any) -> WindowPlan:
    if isinstance(said, str):
        return COVERAGES[said]
    if said.keys() == {"window_s", "hop_s"}:
        window_s, hop_s = _length(said["window_s"]), _length(said["hop_s"])
        if not window_s or not hop_s:
            raise ValueError("windows that do not move")
        return SlidingPlan(window_s, hop_s)
    return _window((said["start_s"], said["end_s"]))


def _tags(said: dict[str, Any]) -> Tags:
    return Tags(**{name: None if value is None else TAG[name](value) for name, value in said.items()})


def _string(said: Any) -> str:
    """A text that a database takes: one without lone surrogates."""
    return bytes(_typed(said, str), "utf-8").decode()


def _integer(said: Any) -> int:
    number: int = _typed(said, int)
    if not 0 <= number <= MAX_INTEGER:
        raise ValueError("no number of a tag")
    return number


def _length(said: Any) -> float:
    if type(said) not in (int, float) or not (isfinite(said) and said >= 0):
        raise ValueError("no length")
    return float(said)


TAG: dict[str, Callable[[Any], Any]] = {
    field.name: {"str": _string, "int": _integer, "float": _length}[str(field.type).split(" ")[0]]
    for field in fields(Tags)
}
"""What makes sure of the type of each tag."""


def _window(ends: Any) -> Window:
    start_s, end_s = map(_length, ends)
    if start_s > end_s:
        raise ValueError("a window ends before it begins")
    return Window(start_s, end_s)


def _content(said: Any) -> bytes:
    content = bytes.fromhex(said)
    if len(content) != CONTENT_BYTES:
        raise ValueError("no hash of a sound")
    return content


def _typed(said: Any, kind: type[T]) -> T:
    if type(said) is not kind:
        raise TypeError(f"not of type {kind.__name__}")
    return said


def _exactly(stream: IO[bytes], n: int) -> bytearray:
    data = bytearray(n)
    view, filled = memoryview(data), 0
    while filled < n:
        got = stream.readinto(view[filled:])  # type: ignore[attr-defined]
        if not got:
            raise EOFError("the stream ended within a message" if filled else "the stream ended")
        filled += got
    return data
