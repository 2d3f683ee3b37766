"""Answers as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, groupby
from typing import Final

from musimo.output.answers import (
    AnalyzeAnswer,
    Answer,
    Details,
    ErrorsAnswer,
    FindResult,
    MoodPathResult,
    MoodResult,
    PathResult,
    PrintOptions,
    SimilarResult,
    Status,
    TracksAnswer,
)
from musimo.output.facts_text import (
    MOOD_COLUMNS,
    mood_number,
    partial_words,
    shown,
    status_lines,
    windows_table,
)
from musimo.output.list_text import (
    description_lines,
    explained,
    length,
    order_line,
    tonal_cells,
    tonal_columns,
    versions_cells,
    versions_line,
    word_values,
)
from musimo.output.naming import full_name
from musimo.output.tables import UNKNOWN, Column, clock, decimal, duration, table
from musimo.output.text import counted, cut, joined, path_text, safe
from musimo.records import FailedFile, Failure, KeyNotation, TempoKey, Track, written_key
from musimo.records.fields import TEMPO_DIGITS
from musimo.records.scale import RANGES, Scale
from musimo.search.rows import plane_scale
from musimo.search.times import format_time

SCORE_DIGITS: Final = 3  # near neighbours differ in the third
MAX_SEEDS_NAMED: Final = 5  # the tracks that a library's owner likes may be hundreds
_TRACK_COLUMNS: Final = (
    *MOOD_COLUMNS,
    Column("time", right=True),
    Column("track", stretches=True),
)


def text(answer: Answer, options: PrintOptions) -> str:
    """Return an answer in lines.

    Tables and the names of tracks take at most ``options.width`` columns. Paths on a line of their own, the
    facts of one track and reasons are never cut, so that they can be copied.
    """
    match answer:
        case SimilarResult():
            lines = _similar(answer, options)
        case MoodResult():
            lines = _mood(answer, options)
        case FindResult():
            lines = _find(answer, options)
        case MoodPathResult():
            lines = _mood_path(answer, options)
        case PathResult():
            lines = _path_between(answer, options)
        case TracksAnswer():
            lines = _tracks(answer, options)
        case AnalyzeAnswer():
            lines = _analyzed(answer, options)
        case Details():
            lines = shown(answer, options)
        case Status():
            lines = status_lines(answer)
        case ErrorsAnswer():
            lines = failures_text(answer.failures) or ["no file has failed"]
    return joined(lines)


def failures_text(failures: Sequence[Failure | FailedFile]) -> list[str]:
    """Return failed files, grouped by stage; each path is whole, on a line of its own."""
    lines: list[str] = []
    by_stage = sorted(failures, key=lambda failure: (failure.stage, failure.path_bytes))
    for stage, group in groupby(by_stage, key=lambda failure: failure.stage):
        members = list(group)
        lines += [*([""] if lines else []), f"{safe(stage)}: {counted(len(members), 'file')}"]
        for failure in members:
            lines += [f"  {path_text(failure.path_bytes)}", f"      {safe(failure.reason)}"]
    return lines


def _similar(answer: SimilarResult, options: PrintOptions) -> list[str]:
    named = answer.seeds[:MAX_SEEDS_NAMED]
    asked = _seed_lines(["like", *[""] * len(named)], named, options, answer.versions)
    if len(answer.seeds) > MAX_SEEDS_NAMED:
        asked.append(f"      and {len(answer.seeds) - MAX_SEEDS_NAMED} more")
    if answer.passage is not None:
        asked.append(
            f"      from {format_time(answer.passage.start_s)} to {format_time(answer.passage.end_s)}"
        )
    asked += order_line(answer.order)
    versions = versions_cells([row.versions for row in answer.rows])
    begins = _window_cells(answer)
    at = [Column("at", right=True)] * bool(begins)
    tonal = tonal_columns(options.keys, answer.order)
    columns = (Column("#", right=True), Column("similar", right=True), *at, *_track_columns(versions, tonal))
    rows = [
        (
            str(row.rank),
            decimal(row.similarity, SCORE_DIGITS),
            *begins[place : place + 1],
            *_track_cells(row.track, options, versions[place : place + 1], tonal),
        )
        for place, row in enumerate(answer.rows)
    ]
    lines = _listed(columns, rows, options)
    if answer.explained:
        reasons = [
            explained(row.explanation, answer.seeds, row.track, options.scale, options.width)
            if row.explanation
            else []
            for row in answer.rows
        ]
        lines = [lines[0], *chain(*([line, *why] for line, why in zip(lines[1:], reasons, strict=True)))]
    return [*asked, *([""] if asked else []), *lines, *_length(answer)]


def _window_cells(answer: SimilarResult) -> list[str]:
    """Return where the best window of each result starts; nothing without a passage or without windows."""
    windows = [row.window for row in answer.rows]
    if answer.passage is None or not any(windows):
        return []
    return [UNKNOWN if best is None else clock(best.window.start_s) for best in windows]


def _mood(answer: MoodResult, options: PrintOptions) -> list[str]:
    plane = plane_scale(options.scale, relative=answer.relative)
    asked = [_point_line("near", (answer.valence, answer.arousal), plane, relative=answer.relative)]
    if answer.words is not None:
        asked[0] = f"{asked[0]}: {safe(answer.words)}"
    if answer.spread is not None:
        low, high = RANGES[plane]
        within = f"      within {answer.spread * (high - low):g} of it"
        asked.append(within if answer.seed is None else f"{within}, in the order of seed {answer.seed}")
    asked = [cut(line, options.width) for line in asked]
    if answer.like is not None:
        asked += _seed_lines(["like"], [answer.like], options, [answer.versions])
    asked += order_line(answer.order)
    return [*asked, "", *_mood_rows(answer, options), *_length(answer)]


def _find(answer: FindResult, options: PrintOptions) -> list[str]:
    asked = [*description_lines(answer.description, options.width), *order_line(answer.order)]
    versions = versions_cells([row.versions for row in answer.rows])
    tonal = tonal_columns(options.keys, answer.order)
    columns = (Column("#", right=True), Column("score", right=True), *_track_columns(versions, tonal))
    rows = [
        (
            str(row.rank),
            decimal(row.score, SCORE_DIGITS),
            *_track_cells(row.track, options, versions[place : place + 1], tonal),
        )
        for place, row in enumerate(answer.rows)
    ]
    lines = _listed(columns, rows, options)
    if answer.explained and rows:
        reasons = [word_values(row.explanation or (), options.width) for row in answer.rows]
        lines = [lines[0], *chain(*([line, *why] for line, why in zip(lines[1:], reasons, strict=True)))]
    return [*asked, "", *lines, *_length(answer)]


def _mood_path(answer: MoodPathResult, options: PrintOptions) -> list[str]:
    plane = plane_scale(options.scale, relative=answer.relative)
    asked = [
        _point_line("from", answer.start, plane, relative=answer.relative),
        _point_line("to  ", answer.end, plane, relative=answer.relative),
    ]
    lines = (cut(line, options.width) for line in asked)
    return [*lines, "", *_mood_rows(answer, options), *_length(answer)]


def _length(answer: SimilarResult | MoodResult | FindResult | MoodPathResult) -> list[str]:
    """Return the length of the list, if one was asked for."""
    if answer.duration_s is None:
        return []
    return ["", length([row.track for row in answer.rows], answer.duration_s)]


def _mood_rows(answer: MoodResult | MoodPathResult, options: PrintOptions) -> list[str]:
    low, high = RANGES[plane_scale(options.scale, relative=answer.relative)]
    alike = any(row.similarity is not None for row in answer.rows)
    versions = versions_cells([row.versions for row in answer.rows])
    tonal = tonal_columns(options.keys, answer.order if isinstance(answer, MoodResult) else "similarity")
    columns = (
        Column("#", right=True),
        Column("distance", right=True),
        *[Column("similar", right=True)] * alike,
        *_track_columns(versions, tonal),
    )
    rows = [
        (
            str(row.rank),
            decimal(row.distance * (high - low), SCORE_DIGITS),
            *[decimal(row.similarity, SCORE_DIGITS)] * alike,
            *_track_cells(row.track, options, versions[place : place + 1], tonal),
        )
        for place, row in enumerate(answer.rows)
    ]
    return _listed(columns, rows, options)


def _point_line(word: str, point: tuple[float, float], scale: Scale, *, relative: bool) -> str:
    valence, arousal = (mood_number(value, scale) for value in point)
    among = ", in percentiles of this library" if relative else ""
    return f"{word}  valence {valence}, arousal {arousal}{among}"


def _path_between(answer: PathResult, options: PrintOptions) -> list[str]:
    words = ["from", *["by"] * (len(answer.seeds) - 2), "to"]
    tonal = tonal_columns(options.keys)
    columns = (
        Column("#", right=True),
        Column("to start", right=True),
        Column("to end", right=True),
        *_track_columns((), tonal),
    )
    rows = [
        (
            str(row.rank),
            decimal(row.to_start, SCORE_DIGITS),
            decimal(row.to_end, SCORE_DIGITS),
            *_track_cells(row.track, options, (), tonal),
        )
        for row in answer.rows
    ]
    return [*_seed_lines(words, answer.seeds, options), "", *_listed(columns, rows, options)]


def _seed_lines(
    words: Sequence[str],
    tracks: Sequence[Track],
    options: PrintOptions,
    versions: Sequence[Sequence[Track]] = (),
) -> list[str]:
    """Return a line per seed after its word, and one more where versions of it are left out."""
    lines: list[str] = []
    for place, (word, track) in enumerate(zip(words, tracks, strict=False)):
        lines.append(cut(f"{word:4}  {safe(full_name(track))}", options.width))
        lines += versions_line(versions[place] if versions else ())
    return lines


def _tracks(answer: TracksAnswer, options: PrintOptions) -> list[str]:
    tonal = tonal_columns(options.keys)
    columns = (Column("id", right=True), *_track_columns((), tonal))
    rows = [
        (UNKNOWN if track.id is None else str(track.id), *_track_cells(track, options, (), tonal))
        for track in answer.rows
    ]
    return _listed(columns, rows, options)


def _listed(columns: Sequence[Column], rows: Sequence[Sequence[str]], options: PrintOptions) -> list[str]:
    return table(columns, rows, options.width) if rows else ["no tracks"]


def _track_columns(versions: Sequence[str], tonal: Sequence[Column]) -> tuple[Column, ...]:
    counts = [Column("versions", right=True)] * bool(versions)
    return (*_TRACK_COLUMNS[:3], *tonal, *counts, _TRACK_COLUMNS[3])


def _track_cells(
    track: Track, options: PrintOptions, versions: Sequence[str], tonal: Sequence[Column]
) -> tuple[str, ...]:
    return (
        mood_number(track.valence, options.scale),
        mood_number(track.arousal, options.scale),
        duration(track.duration_s),
        *(tonal_cells(track.tempo_key, options.keys) if tonal else ()),
        *versions,
        safe(full_name(track)),
    )


def _analyzed(answer: AnalyzeAnswer, options: PrintOptions) -> list[str]:
    lines: list[str] = []
    if answer.rows:
        tonal = (Column("tempo", right=True), Column("key"))
        columns = (*_TRACK_COLUMNS[:3], *tonal, Column("file", stretches=True, keep="end"))
        rows = [
            (
                mood_number(one.emotion.valence, options.scale),
                mood_number(one.emotion.arousal, options.scale),
                duration(one.duration_s),
                *_tonal_cells(one.tempo_key, options.keys),
                path_text(one.path_bytes),
            )
            for one in answer.rows
        ]
        lines += table(columns, rows, options.width)
    partial = [one for one in answer.rows if one.partial is not None]
    lines += [
        *([""] * bool(partial)),
        *(f"{path_text(one.path_bytes)}: {partial_words(one.partial)}" for one in partial),
    ]
    if len(answer.rows) == 1 and len(answer.rows[0].emotion.windows) > 1:
        lines += ["", *windows_table(answer.rows[0].emotion.windows, options)]
    failed = failures_text(answer.failed)
    return [*lines, *([""] if lines and failed else []), *failed]


def _tonal_cells(tempo_key: TempoKey | None, keys: KeyNotation | None) -> tuple[str, str]:
    if tempo_key is None:
        return UNKNOWN, UNKNOWN
    key = written_key(tempo_key.key, keys) if keys else tempo_key.key
    return decimal(tempo_key.tempo, TEMPO_DIGITS), key or UNKNOWN
