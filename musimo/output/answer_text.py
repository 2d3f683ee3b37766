"""Answers as text to read on a terminal."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, groupby
from typing import Final

from musimo.output.answers import (
    AnalyzeAnswer,
    Answer,
    ErrorsAnswer,
    MoodAnswer,
    MoodPathAnswer,
    PathAnswer,
    PrintOptions,
    ShowAnswer,
    SimilarAnswer,
    StatusAnswer,
    TracksAnswer,
)
from musimo.output.ear_text import applied_words, opinion_words
from musimo.output.json_out import plane_scale
from musimo.output.list_text import explained, length, order_line, versions_cells, versions_line
from musimo.output.naming import CONFIDENCE_DIGITS, TEMPO_DIGITS, full_name
from musimo.output.tables import UNKNOWN, Column, clock, decimal, facts, table
from musimo.output.text import cut, safe
from musimo.records import FailedFile, Failure, Tags, TempoKey, Track, WindowEmotion
from musimo.search.passages import moment
from musimo.search.plane import lopsided
from musimo.search.scale import RANGES, Scale, from_unit

MOOD_DIGITS: Final = 2
SCORE_DIGITS: Final = 3  # near neighbours differ in the third
LINES_ASKED: Final = 5  # tracks of a question that are named: a taste may be of hundreds
_TRACK_COLUMNS: Final = (
    Column("valence", right=True),
    Column("arousal", right=True),
    Column("time", right=True),
    Column("track", stretches=True),
)


def text(answer: Answer, options: PrintOptions) -> str:
    """An answer in lines: those of tables, and a track's name, take at most ``options.width`` columns.

    Paths on a line of their own, the facts of one track and reasons are whole: they are there to copy.
    """
    match answer:
        case SimilarAnswer():
            lines = _similar(answer, options)
        case MoodAnswer():
            lines = _mood(answer, options)
        case MoodPathAnswer():
            lines = _mood_path(answer, options)
        case PathAnswer():
            lines = _path_between(answer, options)
        case TracksAnswer():
            lines = _tracks(answer, options)
        case AnalyzeAnswer():
            lines = _analyzed(answer, options)
        case ShowAnswer():
            lines = _shown(answer, options)
        case StatusAnswer():
            lines = _status(answer)
        case ErrorsAnswer():
            lines = failures_text(answer.failures) or ["no file has failed"]
    return "".join(f"{line}\n" for line in lines)


def failures_text(failures: Sequence[Failure | FailedFile]) -> list[str]:
    """Failed files, grouped by where they failed, each path whole on a line of its own; nothing for none."""
    lines: list[str] = []
    by_stage = sorted(failures, key=lambda failure: (failure.stage, failure.path))
    for stage, group in groupby(by_stage, key=lambda failure: failure.stage):
        members = list(group)
        lines += [*([""] if lines else []), f"{safe(stage)}: {_count(len(members), 'file')}"]
        for failure in members:
            lines += [f"  {_path(failure.path)}", f"      {safe(failure.reason)}"]
    return lines


def _similar(answer: SimilarAnswer, options: PrintOptions) -> list[str]:
    shown = answer.query[:LINES_ASKED]
    asked = _asked_with(["like", *[""] * len(shown)], shown, options, answer.versions)
    if len(answer.query) > LINES_ASKED:
        asked.append(f"      and {len(answer.query) - LINES_ASKED} more")
    if answer.passage is not None:
        asked.append(f"      from {moment(answer.passage.start_s)} to {moment(answer.passage.end_s)}")
    asked += order_line(answer.order)
    versions = versions_cells([row.versions for row in answer.results])
    columns = (Column("#", right=True), Column("similar", right=True), *_track_columns(versions))
    rows = [
        (
            str(row.rank),
            decimal(row.similarity, SCORE_DIGITS),
            *_track_cells(row.track, options.scale, versions[place : place + 1]),
        )
        for place, row in enumerate(answer.results)
    ]
    lines = _listed(columns, rows, options)
    if answer.explanations is not None:
        told = [
            explained(one, answer.query, row.track, options.scale, options.width)
            for one, row in zip(answer.explanations, answer.results, strict=True)
        ]
        lines = [lines[0], *chain(*([line, *why] for line, why in zip(lines[1:], told, strict=True)))]
    return [*asked, *([""] if asked else []), *lines, *_length(answer)]


def _mood(answer: MoodAnswer, options: PrintOptions) -> list[str]:
    plane = plane_scale(answer, options.scale)
    asked = [_place("near", (answer.valence, answer.arousal), plane, relative=answer.relative)]
    if answer.words is not None:
        asked[0] = f"{asked[0]}: {safe(answer.words)}"
    if answer.spread is not None:
        low, high = RANGES[plane]
        within = f"      within {answer.spread * (high - low):g} of it"
        asked.append(within if answer.seed is None else f"{within}, in the order of seed {answer.seed}")
    asked = [cut(line, options.width) for line in asked]
    if answer.like is not None:
        asked += _asked_with(["like"], [answer.like], options, [answer.versions])
    asked += order_line(answer.order)
    return [*asked, "", *_mood_rows(answer, options), *_length(answer)]


def _mood_path(answer: MoodPathAnswer, options: PrintOptions) -> list[str]:
    plane = plane_scale(answer, options.scale)
    asked = [
        _place("from", answer.start, plane, relative=answer.relative),
        _place("to  ", answer.end, plane, relative=answer.relative),
    ]
    lines = (cut(line, options.width) for line in asked)
    return [*lines, "", *_mood_rows(answer, options), *_length(answer)]


def _length(answer: SimilarAnswer | MoodAnswer | MoodPathAnswer) -> list[str]:
    """How long the list is, where that was asked for."""
    if answer.duration_s is None:
        return []
    return ["", length([row.track for row in answer.results], answer.duration_s)]


def _mood_rows(answer: MoodAnswer | MoodPathAnswer, options: PrintOptions) -> list[str]:
    low, high = RANGES[plane_scale(answer, options.scale)]
    alike = any(row.similarity is not None for row in answer.results)
    versions = versions_cells([row.versions for row in answer.results])
    columns = (
        Column("#", right=True),
        Column("distance", right=True),
        *[Column("similar", right=True)] * alike,
        *_track_columns(versions),
    )
    rows = [
        (
            str(row.rank),
            decimal(row.distance * (high - low), SCORE_DIGITS),
            *[decimal(row.similarity, SCORE_DIGITS)] * alike,
            *_track_cells(row.track, options.scale, versions[place : place + 1]),
        )
        for place, row in enumerate(answer.results)
    ]
    return _listed(columns, rows, options)


def _place(word: str, point: tuple[float, float], scale: Scale, *, relative: bool) -> str:
    valence, arousal = (_mood_number(value, scale) for value in point)
    among = ", in percentiles of this library" if relative else ""
    return f"{word}  valence {valence}, arousal {arousal}{among}"


def _path_between(answer: PathAnswer, options: PrintOptions) -> list[str]:
    words = ["from", *["by"] * (len(answer.query) - 2), "to"]
    columns = (
        Column("#", right=True),
        Column("to start", right=True),
        Column("to end", right=True),
        *_TRACK_COLUMNS,
    )
    rows = [
        (
            str(row.rank),
            decimal(row.to_start, SCORE_DIGITS),
            decimal(row.to_end, SCORE_DIGITS),
            *_track_cells(row.track, options.scale),
        )
        for row in answer.results
    ]
    return [*_asked_with(words, answer.query, options), "", *_listed(columns, rows, options)]


def _asked_with(
    words: Sequence[str],
    tracks: Sequence[Track],
    options: PrintOptions,
    versions: Sequence[Sequence[Track]] = (),
) -> list[str]:
    """A line a track, each after its word, and one more where versions of it are left out."""
    lines: list[str] = []
    for place, (word, track) in enumerate(zip(words, tracks, strict=False)):
        lines.append(cut(f"{word:4}  {safe(full_name(track))}", options.width))
        lines += versions_line(versions[place] if versions else ())
    return lines


def _tracks(answer: TracksAnswer, options: PrintOptions) -> list[str]:
    columns = (Column("id", right=True), *_TRACK_COLUMNS)
    rows = [
        (UNKNOWN if track.id is None else str(track.id), *_track_cells(track, options.scale))
        for track in answer.results
    ]
    return _listed(columns, rows, options)


def _listed(columns: Sequence[Column], rows: Sequence[Sequence[str]], options: PrintOptions) -> list[str]:
    return table(columns, rows, options.width) if rows else ["no tracks"]


def _track_columns(versions: Sequence[str]) -> tuple[Column, ...]:
    return (*_TRACK_COLUMNS[:3], *[Column("versions", right=True)] * bool(versions), _TRACK_COLUMNS[3])


def _track_cells(track: Track, scale: Scale, versions: Sequence[str] = ()) -> tuple[str, ...]:
    return (
        _mood_number(track.valence, scale),
        _mood_number(track.arousal, scale),
        clock(track.duration_s),
        *versions,
        safe(full_name(track)),
    )


def _analyzed(answer: AnalyzeAnswer, options: PrintOptions) -> list[str]:
    lines: list[str] = []
    if answer.results:
        tonal = (Column("tempo", right=True), Column("key"))
        columns = (*_TRACK_COLUMNS[:3], *tonal, Column("file", stretches=True, keep="end"))
        rows = [
            (
                _mood_number(one.emotion.valence, options.scale),
                _mood_number(one.emotion.arousal, options.scale),
                clock(one.duration_s),
                *_tonal_cells(one.tempo_key),
                _path(one.path),
            )
            for one in answer.results
        ]
        lines += table(columns, rows, options.width)
    partial = [one for one in answer.results if one.partial is not None]
    lines += [*([""] * bool(partial)), *(f"{_path(one.path)}: {_partial(one.partial)}" for one in partial)]
    if len(answer.results) == 1 and len(answer.results[0].emotion.windows) > 1:
        lines += ["", *_windows(answer.results[0].emotion.windows, options)]
    failed = failures_text(answer.failed)
    return [*lines, *([""] if lines and failed else []), *failed]


def _tonal_cells(told: TempoKey | None) -> tuple[str, str]:
    if told is None:
        return UNKNOWN, UNKNOWN
    return decimal(told.tempo, TEMPO_DIGITS), told.key or UNKNOWN


def _shown(answer: ShowAnswer, options: PrintOptions) -> list[str]:
    track, scale = answer.track, options.scale
    tags = track.tags
    pairs = [
        ("id", None if track.id is None else str(track.id)),
        ("path", _path(track.path)),
        ("title", tags.title),
        ("artist", tags.artist),
        ("album", tags.album),
        ("album artist", tags.albumartist),
        ("composer", tags.composer),
        ("genre", tags.genre),
        ("year", _whole(tags.year)),
        ("track", _whole(tags.track)),
        ("disc", _whole(tags.disc)),
        ("tempo", _tempo(track)),
        ("key", _key(track.tempo_key)),
        ("time", clock(track.duration_s)),
        ("partial", _partial(track.partial)),
        ("format", _format(tags)),
        ("valence", _heard_and_own(answer, 0, scale)),
        ("arousal", _heard_and_own(answer, 1, scale)),
        ("you said", opinion_words(answer.opinion, scale) if answer.opinion else None),
    ]
    known = [(name, value if name == "path" else safe(value)) for name, value in pairs if value]
    windows = _windows(answer.windows, options) if answer.windows else ["not analysed"]
    return [cut(safe(full_name(track)), options.width), "", *facts(known), "", *windows]


def _windows(windows: Iterable[WindowEmotion], options: PrintOptions) -> list[str]:
    columns = (Column("heard"), *_TRACK_COLUMNS[:2])
    rows = [
        (
            f"{clock(one.window.start_s)} to {clock(one.window.end_s)}",
            _mood_number(one.valence, options.scale),
            _mood_number(one.arousal, options.scale),
        )
        for one in windows
    ]
    return table(columns, rows, options.width)


def _status(answer: StatusAnswer) -> list[str]:
    roots = [("folders" if not place else "", _path(root)) for place, root in enumerate(answer.roots)]
    partial = f"{answer.partial} of them, with a part missing or damaged"
    heard = f"{safe(answer.next_model or '')}: {answer.next_heard} of {answer.next_sounds} sounds heard;"
    return facts(
        [
            ("library", _path(answer.library)),
            ("tracks", str(answer.tracks)),
            ("analysed", str(answer.analyzed)),
            *([("partial", partial)] * (answer.partial > 0)),
            ("failed", str(answer.failed)),
            ("missing", str(answer.missing)),
            ("indexed", str(answer.indexed)),
            ("model", safe(answer.model or UNKNOWN)),
            *([("next", f"{heard} it answers when it has heard all")] * (answer.next_model is not None)),
            *(roots or [("folders", "none; scan one: musimo scan FOLDER")]),
            *_quadrants(answer.quadrants),
            *([("ratings", _ear(answer))] * (answer.ratings > 0 or answer.calibration is not None)),
        ]
    )


def _ear(answer: StatusAnswer) -> str:
    fitted = applied_words(answer.calibration) if answer.calibration else "no calibration"
    return f"{answer.ratings}; {fitted}"


def _quadrants(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    """Counts where their quadrants lie: unpleasant left, excited above."""
    total = sum(counts.values())
    if not total:
        return []
    cells = {name: f"{name:<5}  {count:>7}  {count / total:>4.0%}" for name, count in counts.items()}
    lines = [("moods", f"{cells['tense']}    {cells['happy']}"), ("", f"{cells['sad']}    {cells['calm']}")]
    if fullest := lopsided(counts):
        lines.append(("", f"nearly all are {fullest}: musimo mood --relative tells them apart"))
    return lines


def _format(tags: Tags) -> str:
    parts = [
        tags.codec,
        None if tags.bitrate is None else f"{tags.bitrate} kbit/s",
        None if tags.sample_rate is None else f"{tags.sample_rate} Hz",
        None if tags.channels is None else _count(tags.channels, "channel"),
    ]
    return ", ".join(part for part in parts if part)


def _tempo(track: Track) -> str | None:
    """What was heard, and what the tags say."""
    told, tagged = track.tempo_key, track.tags.bpm
    heard = []
    if told is not None:
        heard.append(
            _sure(
                None if told.tempo is None else f"{decimal(told.tempo, TEMPO_DIGITS)} bpm",
                told.tempo_confidence,
            )
        )
    if tagged is not None:
        heard.append(f"{tagged:g} bpm by its tags")
    return "; ".join(heard)


def _key(told: TempoKey | None) -> str | None:
    return None if told is None else _sure(told.key, told.key_confidence)


def _sure(told: str | None, confidence: float) -> str:
    return "none found" if told is None else f"{told}, confidence {decimal(confidence, CONFIDENCE_DIGITS)}"


def _partial(share: float | None) -> str | None:
    if share is None:
        return None
    return f"{min(99, 100 * share):.0f} % of it could be heard, the rest is missing or damaged"


def _with_spread(value: float | None, sd: float | None, scale: Scale) -> str | None:
    if value is None:
        return None
    low, high = RANGES[scale]
    spread = "" if sd is None else f" ± {decimal(sd * (high - low), MOOD_DIGITS)}"
    return f"{_mood_number(value, scale)}{spread}"


def _mood_number(value: float | None, scale: Scale) -> str:
    return decimal(None if value is None else from_unit(value, scale), MOOD_DIGITS)


def _heard_and_own(answer: ShowAnswer, place: int, scale: Scale) -> str | None:
    """Valence or arousal: as the library answers, and as the network has it where that is something else."""
    own = (answer.track.valence, answer.track.arousal)[place]
    heard = answer.heard[place] if answer.heard else own
    by_network = _with_spread(heard, (answer.valence_sd, answer.arousal_sd)[place], scale)
    if own == heard:
        return by_network
    return f"{_mood_number(own, scale)} by your ear; the network has {by_network}"


def _whole(value: int | None) -> str | None:
    return None if value is None else str(value)


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _path(path: bytes) -> str:
    return safe(os.fsdecode(path))
