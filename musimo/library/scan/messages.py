"""Messages between a worker process and its parent, and their encoding on the pipe.

A worker reads untrusted files, so its parent accepts only plain values, checks each, and never unpickles: a
decoder that is controlled by a file can send a wrong number, and no more.

A message is two sizes (little-endian, 4 bytes each), that many bytes of JSON, and that many of float32.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from math import inf, isfinite
from typing import IO, Any, TypeVar

import numpy as np

from musimo.audio.cue_sheet import MAX_TRACKS
from musimo.audio.features import N_FEATURES
from musimo.audio.statistics import N_STATISTICS
from musimo.errors import AudioError
from musimo.records import (
    CONTENT_BYTES,
    Coverage,
    CueSheet,
    ExtractedWindow,
    FileOpened,
    FloatArray,
    SheetTrack,
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
STAGES = ("read", "decode")  # that a worker may report as failed; only the parent reports others
COVERAGES: dict[str, Coverage] = {"windows": "windows", "full": "full"}


@dataclass(frozen=True, slots=True)
class Request:
    """Parent to worker: extract this file."""

    path: bytes
    plan: WindowPlan
    with_old_hash: bool = False
    sheet: CueSheet | None = ()


@dataclass(frozen=True, slots=True)
class ContentQuery:
    """Worker to parent: must this content be extracted?"""

    content: bytes


@dataclass(frozen=True, slots=True)
class ContentReply:
    """Parent to worker, in reply."""

    needed: bool


@dataclass(frozen=True, slots=True)
class Finished:
    """Worker to parent: the file is complete."""


ExtractMessage = FileOpened | ExtractedWindow | Finished | AudioError
Message = Request | ContentReply | ContentQuery | ExtractMessage


class MessageProtocol:
    """The order of the messages of one file: opened, query, its windows, finished; or an error.

    With a sheet, what precedes ``finished`` comes for each track, in order of time.
    """

    def __init__(self, *, by_sheet: bool = False) -> None:
        self._by_sheet = by_sheet
        self._n_tracks = 0
        self._opened: FileOpened | None = None
        self._n_windows = 0  # that may still come
        self._needed: bool | None = None
        self._any_window = False
        self._ended = False

    def accept(self, message: Message) -> ContentQuery | ExtractMessage:
        """Return the next message of a worker; raise ValueError if it may not come now."""
        if isinstance(message, Request | ContentReply) or self._ended or not self._fits(message):
            raise ValueError(f"{type(message).__name__} comes out of turn")
        if isinstance(message, FileOpened):
            self._opened, self._needed, self._any_window = message, None, False
            self._n_windows = 0
            self._n_tracks += 1
        elif isinstance(message, ExtractedWindow):
            self._any_window = True
            self._n_windows -= 1
        else:
            self._ended = isinstance(message, Finished | AudioError)
        return message

    def reply(self, reply: ContentReply) -> None:
        """Note the reply to the worker's query."""
        assert self._opened is not None
        self._needed = reply.needed
        self._n_windows = len(self._opened.windows) if reply.needed else 0

    def _fits(self, message: ContentQuery | ExtractMessage) -> bool:
        match message:
            case FileOpened():
                return self._may_open(message)
            case ContentQuery():
                opened = self._opened
                return opened is not None and self._needed is None and message.content == opened.content
            case ExtractedWindow():
                return self._n_windows > 0
            case Finished():
                is_track = self._opened is not None and self._opened.end_s is not None
                return self._needed is not None and (is_track or self._any_window == self._needed)
            case AudioError():
                return True

    def _may_open(self, message: FileOpened) -> bool:
        before = self._opened
        if message.end_s is None:
            return before is None
        if before is None:
            return self._by_sheet
        in_turn = before.end_s is not None and (message.start_s or 0) >= before.end_s
        return in_turn and self._needed is not None and self._n_tracks < MAX_TRACKS


def write(stream: IO[bytes], message: Message) -> None:
    """Write a message to the pipe.

    Raises
    ------
    OSError : the other end is closed
    """
    values, arrays = _encoded(message)
    text = json.dumps(values, separators=(",", ":")).encode()
    floats = b"".join(np.ascontiguousarray(array, np.float32).tobytes() for array in arrays)
    stream.write(SIZES.pack(len(text), len(floats)) + text)
    stream.write(floats)
    stream.flush()


def read(stream: IO[bytes]) -> Message:
    """Read the next message.

    Raises
    ------
    EOFError : the stream ended
    ValueError : the data are not a valid message
    """
    n_text, n_floats = SIZES.unpack(_exactly(stream, SIZES.size))
    if n_text > MAX_JSON or n_floats > MAX_FLOATS or n_floats % 4:
        raise ValueError("the message is too large")
    text, floats = _exactly(stream, n_text), np.frombuffer(_exactly(stream, n_floats), np.float32)
    if not np.isfinite(floats).all():
        raise ValueError("the message holds floats that are not finite")
    try:
        return _decoded(json.loads(text), floats)
    except (TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        raise ValueError("the data are not a message") from error


def _encoded(message: Message) -> tuple[dict[str, Any], tuple[FloatArray, ...]]:
    """Return the JSON of a message, and its arrays."""
    match message:
        case Request():
            return {
                "kind": "request",
                "path": message.path.hex(),
                "plan": _encoded_plan(message.plan),
                "with_old_hash": message.with_old_hash,
                "sheet": message.sheet if message.sheet is None else [asdict(one) for one in message.sheet],
            }, ()
        case ContentReply():
            return {"kind": "reply", "needed": message.needed}, ()
        case ContentQuery():
            return {"kind": "query", "content": message.content.hex()}, ()
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
                "old_content": message.old_content and message.old_content.hex(),
                "part": _encoded_part(message),
            }, ()
        case ExtractedWindow():
            window = message.window
            ends = [window.start_s, window.end_s]
            lufs = message.track_lufs if isfinite(message.track_lufs) else None
            values = {"kind": "window", "window": ends, "track_lufs": lufs, "missing_s": message.missing_s}
            return values, (message.statistics, message.features)


def _decoded(values: dict[str, Any], floats: FloatArray) -> Message:
    """Return the message of the JSON and the floats."""
    kind = values["kind"]
    if (kind == "window") != bool(floats.size):
        raise ValueError("floats belong to windows")
    match kind:
        case "request":
            with_old_hash = _typed(values["with_old_hash"], bool)
            sheet = None if values["sheet"] is None else tuple(map(_sheet_track, values["sheet"]))
            return Request(bytes.fromhex(values["path"]), _plan(values["plan"]), with_old_hash, sheet)
        case "reply":
            return ContentReply(_typed(values["needed"], bool))
        case "query":
            return ContentQuery(_content(values["content"]))
        case "finished":
            return Finished()
        case "error":
            if values["stage"] not in STAGES:
                raise ValueError("not a stage that a worker can report")
            return AudioError(values["stage"], _typed(values["reason"], str))
        case "opened":
            windows = tuple(map(_window, values["windows"]))
            expected_duration_s = (
                None if values["expected_duration_s"] is None else _seconds(values["expected_duration_s"])
            )
            content, duration_s = _content(values["content"]), _seconds(values["duration_s"])
            old = None if values["old_content"] is None else _content(values["old_content"])
            return FileOpened(
                _tags(values["tags"]),
                content,
                duration_s,
                windows,
                expected_duration_s,
                old,
                *_part(values["part"]),
            )
        case "window":
            if floats.size <= N_STATISTICS:
                raise ValueError("a window without features")
            features = floats[N_STATISTICS:].reshape(-1, N_FEATURES)
            statistics = floats[
                :N_STATISTICS
            ].copy()  # a copy, for statistics are kept for long and features must not be
            window, missing_s = _window(values["window"]), _seconds(values["missing_s"])
            if missing_s > window.end_s - window.start_s:
                raise ValueError("more is lacking than the window holds")
            lufs = _loudness(values["track_lufs"])
            return ExtractedWindow(window, features, statistics, lufs, missing_s)
    raise ValueError("not a kind of message")


def _encoded_plan(plan: WindowPlan) -> str | dict[str, float] | list[list[float]]:
    if isinstance(plan, tuple):
        return [[window.start_s, window.end_s] for window in plan]
    return plan if isinstance(plan, str) else asdict(plan)


def _plan(values: Any) -> WindowPlan:
    if isinstance(values, str):
        return COVERAGES[values]
    if isinstance(values, list):
        return tuple(map(_window, values))
    if values.keys() == {"window_s", "hop_s"}:
        window_s, hop_s = _seconds(values["window_s"]), _seconds(values["hop_s"])
        if not window_s or not hop_s:
            raise ValueError("windows without length or hop")
        return SlidingPlan(window_s, hop_s)
    return _window((values["start_s"], values["end_s"]))


def _encoded_part(opened: FileOpened) -> dict[str, Any] | None:
    """Return the place of a track of a sheet in its file; None for a whole file."""
    if opened.end_s is None or opened.whole is None:
        return None
    return {"start_s": opened.start_s, "end_s": opened.end_s, "whole": opened.whole.hex()}


def _part(values: dict[str, Any] | None) -> tuple[float | None, float | None, bytes | None]:
    if values is None:
        return None, None, None
    window = _window((values["start_s"], values["end_s"]))
    return window.start_s, window.end_s, _content(values["whole"])


def _sheet_track(values: dict[str, Any]) -> SheetTrack:
    end_s = None if values["end_s"] is None else _seconds(values["end_s"])
    return SheetTrack(_seconds(values["start_s"]), end_s, _tags(values["tags"]))


def _tags(values: dict[str, Any]) -> Tags:
    return Tags(**{name: None if value is None else TAG[name](value) for name, value in values.items()})


def _string(value: Any) -> str:
    """Return a text without lone surrogates, which the database refuses."""
    return bytes(_typed(value, str), "utf-8").decode()


def _integer(value: Any) -> int:
    number: int = _typed(value, int)
    if not 0 <= number <= MAX_INTEGER:
        raise ValueError("not a number of a tag")
    return number


def _seconds(value: Any) -> float:
    if type(value) not in (int, float) or not (isfinite(value) and value >= 0):
        raise ValueError("not a duration")
    return float(value)


def _loudness(value: Any) -> float:
    if value is None:
        return -inf
    if type(value) not in (int, float) or not isfinite(value):
        raise ValueError("not a loudness")
    return float(value)


TAG: dict[str, Callable[[Any], Any]] = {
    field.name: {"str": _string, "int": _integer, "float": _seconds}[str(field.type).split(" ")[0]]
    for field in fields(Tags)
}
"""Parser of each tag, which checks its type."""


def _window(ends: Any) -> Window:
    start_s, end_s = map(_seconds, ends)
    if start_s > end_s:
        raise ValueError("a window ends before it begins")
    return Window(start_s, end_s)


def _content(value: Any) -> bytes:
    content = bytes.fromhex(value)
    if len(content) != CONTENT_BYTES:
        raise ValueError("not a content hash")
    return content


def _typed(value: Any, kind: type[T]) -> T:
    if type(value) is not kind:
        raise TypeError(f"not of type {kind.__name__}")
    return value


def _exactly(stream: IO[bytes], n: int) -> bytearray:
    data = bytearray(n)
    view, filled = memoryview(data), 0
    while filled < n:
        got = stream.readinto(view[filled:])  # type: ignore[attr-defined]
        if not got:
            raise EOFError("the stream ended within a message" if filled else "the stream ended")
        filled += got
    return data
