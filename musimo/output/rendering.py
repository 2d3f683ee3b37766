"""Results in the formats of :mod:`musimo.output.formats`, as bytes.

A format's module is imported when the format is asked for: a table of tracks needs no XML, and nothing but
pictures needs matplotlib.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from musimo.errors import UsageError
from musimo.output import json_out
from musimo.output.answers import (
    AnalyzeAnswer,
    Answer,
    Details,
    ErrorsAnswer,
    PrintOptions,
    Status,
    TrackList,
    tracks_of,
)
from musimo.output.formats import FACTS, FILES, TRACKS, CurveFormat, Format, MapFormat
from musimo.output.playlist_paths import PathStyle, written
from musimo.output.text import counted

if TYPE_CHECKING:
    from musimo.output.coloring import ColorBy
    from musimo.output.curves import CurveAnswer, CurveOptions
    from musimo.output.map_picture import View
    from musimo.output.playlists import Skipped
    from musimo.records.scale import Scale
    from musimo.search.sound_map import SoundMap


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer in a format.

    Parameters
    ----------
    data : content of the file
    skipped : files that the format cannot hold, for the caller to report
    note : what else the format cannot say of the tracks; empty for nothing
    """

    data: bytes
    skipped: tuple[Skipped, ...] = field(default=())
    note: str = ""


def render(answer: Answer, format: Format, options: PrintOptions) -> Rendered:
    """Return an answer in a format.

    Raises
    ------
    UsageError : an answer of this kind has no such format
    """
    possible = formats_of(answer)
    if format not in possible:
        raise UsageError(f"this answer cannot be written as {format}", f"it can be: {', '.join(possible)}")
    match format, answer:
        case "table", _:
            from musimo.output.answer_text import text

            return Rendered(text(answer, options).encode())
        case "json", _:
            return Rendered(json_out.document(json_out.content(answer, options.scale)).encode())
        case _, Details() | Status():
            raise AssertionError("facts have no other format")
        case "jsonl", _:
            return Rendered(json_out.lines(json_out.rows(answer, options.scale)).encode())
        case "csv", _:
            from musimo.output.csv_out import csv_table

            table = csv_table(answer, options.scale, excel=options.excel, keys=options.keys)
            return Rendered(table.encode())
        case "paths", _:
            end = b"\0" if options.print0 else b"\n"
            paths = b"".join(path + end for path in _paths(answer, options.paths))
            return Rendered(paths, note=_parts_note(answer, format))
        case _, AnalyzeAnswer() | ErrorsAnswer():
            raise AssertionError("files are no playlist")
        case _:
            from musimo.output import playlists

            writer = {"m3u8": playlists.m3u8, "m3u": playlists.m3u, "pls": playlists.pls}
            data, skipped = writer.get(format, playlists.xspf)(tracks_of(answer), options.paths)
            return Rendered(data, tuple(skipped), _parts_note(answer, format))


def formats_of(answer: Answer) -> tuple[Format, ...]:
    """Return the formats of an answer."""
    if isinstance(answer, Details | Status):
        return FACTS.formats
    return FILES.formats if isinstance(answer, AnalyzeAnswer | ErrorsAnswer) else TRACKS.formats


def render_curve(answer: CurveAnswer, format: CurveFormat, options: CurveOptions) -> bytes:
    """Return a curve in a format.

    Raises
    ------
    UsageError : options of which no timecode can be made, or too many marks
    MusimoError : matplotlib or OpenTimelineIO is needed, and not installed
    """
    from musimo.output import curves

    match format:
        case "table":
            from musimo.output.curve_text import curve_text

            return curve_text(answer, options).encode()
        case "json":
            return json_out.document(curves.curve_content(answer, options.scale)).encode()
        case "jsonl":
            return json_out.lines(curves.reading_rows(answer.curve.readings, options.scale)).encode()
        case "csv":
            return curves.curve_csv(answer, options.scale).encode()
        case "labels":
            return curves.labels(answer, options).encode()
        case "edl":
            from musimo.output.edl import edl

            return edl(answer, options).encode("ascii")
        case "markers":
            from musimo.output.markers import markers_csv

            return markers_csv(answer, options).encode()
        case "otio":
            from musimo.output.timelines import otio

            return otio(answer, options).encode()
        case "fcpxml":
            from musimo.output.timelines import fcpxml

            return fcpxml(answer, options).encode()
        case "svg" | "png" | "pdf":
            from musimo.output.curve_picture import curve_picture

            return curve_picture(answer, format, options.scale)


def render_map(drawn: SoundMap, format: MapFormat, view: View, color: ColorBy, scale: Scale) -> bytes:
    """Return a map in a format.

    Raises
    ------
    MusimoError : a picture, and matplotlib is not installed
    """
    match format:
        case "html":
            from musimo.output.map_page import page

            return page(drawn, scale, view, color)
        case "json":
            return json_out.document(drawn.as_dict(scale)).encode()
        case "svg" | "png" | "pdf":
            from musimo.output.map_picture import map_picture

            return map_picture(drawn, format, view, color, scale)


def _paths(answer: TrackList | AnalyzeAnswer | ErrorsAnswer, style: PathStyle) -> list[bytes]:
    """Return paths of files as they are, those of library tracks as a playlist would name them."""
    if isinstance(answer, AnalyzeAnswer):
        return [one.path_bytes for one in answer.rows]
    if isinstance(answer, ErrorsAnswer):
        return [one.path_bytes for one in answer.failures]
    from musimo.output import playlists

    return [written(track.path_bytes, style) for track in playlists.each_file_once(tracks_of(answer))]


def _parts_note(answer: TrackList | AnalyzeAnswer | ErrorsAnswer, format: Format) -> str:
    """Return what a list that cannot name parts of files does with tracks of cue sheets."""
    if format not in ("paths", "pls") or isinstance(answer, AnalyzeAnswer | ErrorsAnswer):
        return ""
    n_parts = sum(track.part is not None for track in tracks_of(answer))
    if not n_parts:
        return ""
    return (
        f"{counted(n_parts, 'track')} of this list are parts of larger files, by cue sheets: {format} names"
        " each such file once, as a whole; m3u8, m3u and xspf say where the tracks begin and end"
    )
