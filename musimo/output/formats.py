"""One door to all formats: an answer in, bytes out."""

from __future__ import annotations

from dataclasses import dataclass

from musimo.errors import UsageError
from musimo.output import csv_out, json_out, playlists
from musimo.output.answer_text import text
from musimo.output.answers import (
    FORMATS,
    AnalyzeAnswer,
    Answer,
    Details,
    ErrorsAnswer,
    Format,
    MoodPathResult,
    MoodResult,
    PathResult,
    PrintOptions,
    SimilarResult,
    Status,
    TrackList,
    TracksAnswer,
    tracks_of,
)
from musimo.output.playlist_paths import PathStyle, written
from musimo.output.playlists import Skipped
from musimo.output.text import safe_lines


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer, written.

    Parameters
    ----------
    data : what goes to stdout or into the file, as it is
    skipped : files the format cannot hold; whoever prints ``data`` has to say so
    """

    data: bytes
    skipped: tuple[Skipped, ...] = ()


def render(answer: Answer, format: Format, options: PrintOptions) -> Rendered:
    """Write an answer in a format.

    Raises
    ------
    UsageError : an answer of this kind has no such format
    """
    rendered = _rendered(answer, format, options)
    if options.terminal and not (format == "paths" and options.print0):
        return Rendered(for_terminal(rendered.data), rendered.skipped)
    return rendered


def formats_of(answer: Answer) -> tuple[Format, ...]:
    """The formats an answer can be written in."""
    if isinstance(answer, Details | Status):
        return ("table", "json")
    if isinstance(answer, AnalyzeAnswer | ErrorsAnswer):
        return ("table", "paths", "json", "jsonl", "csv")
    return FORMATS


def _rendered(answer: Answer, format: Format, options: PrintOptions) -> Rendered:
    match format, answer:
        case "table", _:
            return Rendered(text(answer, options).encode())
        case "json", _:
            return Rendered(json_out.document(json_out.content(answer, options.scale)).encode())
        case _, Details() | Status():
            raise _refusal(answer, format)
        case "jsonl", _:
            return Rendered(json_out.lines(json_out.rows(answer, options.scale)).encode())
        case "csv", _:
            return Rendered(csv_out.csv_table(answer, options.scale).encode())
        case "paths", _:
            end = b"\0" if options.print0 else b"\n"
            return Rendered(b"".join(path + end for path in _paths(answer, options.paths)))
        case _, SimilarResult() | MoodResult() | MoodPathResult() | PathResult() | TracksAnswer():
            return _playlist(answer, format, options)
    raise _refusal(answer, format)


def _playlist(answer: TrackList, format: Format, options: PrintOptions) -> Rendered:
    writers = {"m3u8": playlists.m3u8, "m3u": playlists.m3u, "pls": playlists.pls, "xspf": playlists.xspf}
    data, skipped = writers[format](tracks_of(answer), options.paths)
    return Rendered(data, tuple(skipped))


def _paths(answer: TrackList | AnalyzeAnswer | ErrorsAnswer, style: PathStyle) -> list[bytes]:
    """Paths of files as they are; those of a list of tracks as a playlist would name them."""
    if isinstance(answer, AnalyzeAnswer):
        return [one.path_bytes for one in answer.rows]
    if isinstance(answer, ErrorsAnswer):
        return [one.path_bytes for one in answer.failures]
    return [written(track.path_bytes, style) for track in tracks_of(answer)]


def _refusal(answer: Answer, format: Format) -> UsageError:
    return UsageError(
        f"this answer cannot be written as {format}", f"it can be: {', '.join(formats_of(answer))}"
    )


def for_terminal(data: bytes) -> bytes:
    """Lines of any format, with what a terminal would act on shown escaped."""
    return safe_lines(data.decode(errors="surrogateescape").replace("\r\n", "\n")).encode()
