"""Answers as JSON: one document, or one line per track.

Text is UTF-8. What a terminal would act on is written as a ``\\u`` escape, which reads back as the same
character; lone surrogates, which UTF-8 cannot hold, become U+FFFD. Numbers that are not finite are null.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from musimo.library.db.calibrations import AppliedCalibration
from musimo.output.answers import (
    AnalyzeAnswer,
    Answer,
    ErrorsAnswer,
    MoodAnswer,
    MoodPathAnswer,
    PathAnswer,
    ShowAnswer,
    SimilarAnswer,
    StatusAnswer,
    TrackList,
    TracksAnswer,
)
from musimo.output.list_fields import explanation_fields, ids_of, window_fields
from musimo.output.naming import (
    SCORE_DIGITS,
    SECOND_DIGITS,
    Fields,
    mood,
    number,
    opinion_fields,
    path_fields,
    tempo_key_fields,
    track_fields,
    unicode_text,
)
from musimo.output.text import UNSAFE
from musimo.records import (
    AnalyzedFile,
    FailedFile,
    Failure,
    MoodTrack,
    PathTrack,
    Track,
    WindowEmotion,
)
from musimo.search.scale import RANGES, Scale
from musimo.search.sound_map import SoundMap

SCHEMA: Final = 1
"""Rises when a field changes its meaning or is removed, not when one is added."""


def document(content: Mapping[str, object]) -> str:
    """Return a JSON document with the schema at its top, ended by a line feed."""
    return _dump({"schema": SCHEMA, **content}, indent=2) + "\n"


def lines(rows: Iterable[Mapping[str, object]]) -> str:
    """Return JSON Lines: one object per line."""
    return "".join(_dump(row, indent=None) + "\n" for row in rows)


def content(answer: Answer, scale: Scale) -> dict[str, object]:
    """Return an answer as the content of its document."""
    match answer:
        case SimilarAnswer(query=query):
            left_out = answer.versions or [()] * len(query)
            asked: dict[str, object] = {
                "query": [
                    {**track_fields(track, scale), "versions": ids_of(versions)}
                    for track, versions in zip(query, left_out, strict=True)
                ]
            }
            if answer.passage is not None:
                asked["passage"] = {
                    "start": number(answer.passage.start_s, SECOND_DIGITS),
                    "end": number(answer.passage.end_s, SECOND_DIGITS),
                }
            return {**asked, **_length_and_order(answer), "results": rows(answer, scale)}
        case PathAnswer(query=query):
            return {"query": [track_fields(track, scale) for track in query], "results": rows(answer, scale)}
        case MoodAnswer():
            return {"query": _mood_query(answer, scale), "results": rows(answer, scale)}
        case MoodPathAnswer():
            return {"query": _mood_path_query(answer, scale), "results": rows(answer, scale)}
        case TracksAnswer():
            return {"results": rows(answer, scale)}
        case AnalyzeAnswer(failed=failed):
            return {"results": rows(answer, scale), "failed": [_failed(one) for one in failed]}
        case ErrorsAnswer():
            return {"errors": rows(answer, scale)}
        case ShowAnswer():
            return {"track": _shown(answer, scale)}
        case StatusAnswer():
            return _status(answer)


def map_content(drawn: SoundMap, scale: Scale) -> dict[str, object]:
    """Return a map as the content of its document: tracks with their point by sound."""
    places = drawn.places.tolist()
    return {
        "shown": number(drawn.shown, SECOND_DIGITS),
        "results": [
            {**track_fields(track, scale), "x": number(x, SCORE_DIGITS), "y": number(y, SCORE_DIGITS)}
            for track, (x, y) in zip(drawn.tracks, places, strict=True)
        ],
    }


def rows(answer: TrackList | AnalyzeAnswer | ErrorsAnswer, scale: Scale) -> Sequence[Mapping[str, object]]:
    """Return the rows of an answer as objects."""
    if isinstance(answer, MoodAnswer | MoodPathAnswer):
        plane = plane_scale(answer, scale)
        folded = isinstance(answer, MoodAnswer)
        return [_mood_row(one, scale, plane, folded=folded) for one in answer.results]
    if isinstance(answer, SimilarAnswer):
        return _similar_rows(answer, scale)
    found = answer.failures if isinstance(answer, ErrorsAnswer) else answer.results
    return [_row(one, scale) for one in found]


def plane_scale(answer: MoodAnswer | MoodPathAnswer, scale: Scale) -> Scale:
    """Return the scale of the point that was asked for: percentiles are always 0..1."""
    return "0-1" if answer.relative else scale


def _row(row: PathTrack | Track | AnalyzedFile | Failure, scale: Scale) -> Mapping[str, object]:
    match row:
        case PathTrack(rank=rank, to_start=to_start, to_end=to_end, track=track):
            return {
                **track_fields(track, scale),
                "rank": rank,
                "to_start": number(to_start, SCORE_DIGITS),
                "to_end": number(to_end, SCORE_DIGITS),
            }
        case Track():
            return track_fields(row, scale)
        case AnalyzedFile(path=path, duration_s=duration_s, emotion=emotion):
            return {
                **path_fields(path),
                "duration": number(duration_s, SECOND_DIGITS),
                "valence": mood(emotion.valence, scale),
                "arousal": mood(emotion.arousal, scale),
                "partial": number(row.partial, SECOND_DIGITS),
                **tempo_key_fields(row.tempo_key),
                "clips": _clips(emotion.windows, scale),
            }
        case Failure():
            return {**_failed(row), "when": row.when}


def _similar_rows(answer: SimilarAnswer, scale: Scale) -> list[Mapping[str, object]]:
    rows: list[Mapping[str, object]] = [
        {
            **track_fields(row.track, scale),
            "rank": row.rank,
            "similarity": number(row.similarity, SCORE_DIGITS),
            "versions": ids_of(row.versions),
            "window": window_fields(answer.window(place)),
        }
        for place, row in enumerate(answer.results)
    ]
    if answer.explanations is None:
        return rows
    reasons = (explanation_fields(one, scale) for one in answer.explanations)
    return [{**row, "explain": explanation} for row, explanation in zip(rows, reasons, strict=True)]


def _length_and_order(answer: SimilarAnswer | MoodAnswer) -> dict[str, object]:
    """Return length and order, if they were asked for."""
    length = {} if answer.duration_s is None else {"duration": number(answer.duration_s, SECOND_DIGITS)}
    return {**length, **({} if answer.order == "similarity" else {"order": answer.order})}


def _mood_row(row: MoodTrack, scale: Scale, plane: Scale, *, folded: bool) -> Mapping[str, object]:
    stretch = RANGES[plane][1] - RANGES[plane][0]
    similarity = {} if row.similarity is None else {"similarity": number(row.similarity, SCORE_DIGITS)}
    return {
        **track_fields(row.track, scale),
        "rank": row.rank,
        "distance": number(row.distance * stretch, SCORE_DIGITS),
        **similarity,
        **({"versions": ids_of(row.versions)} if folded else {}),
    }


def _mood_query(answer: MoodAnswer, scale: Scale) -> dict[str, object]:
    plane = plane_scale(answer, scale)
    stretch = RANGES[plane][1] - RANGES[plane][0]
    like = None
    if answer.like is not None:
        like = {**track_fields(answer.like, scale), "versions": ids_of(answer.versions)}
    options = {
        "relative": answer.relative or None,
        "words": answer.words,
        "spread": None if answer.spread is None else number(answer.spread * stretch, SCORE_DIGITS),
        "seed": answer.seed,
        "like": like,
        **_length_and_order(answer),
    }
    given = {name: value for name, value in options.items() if value is not None}
    return {**_point((answer.valence, answer.arousal), plane), **given}


def _mood_path_query(answer: MoodPathAnswer, scale: Scale) -> dict[str, object]:
    plane = plane_scale(answer, scale)
    return {
        "from": _point(answer.start, plane),
        "to": _point(answer.end, plane),
        "duration": number(answer.duration_s, SECOND_DIGITS),
        "relative": answer.relative,
    }


def _point(point: tuple[float, float], scale: Scale) -> dict[str, object]:
    return {"valence": mood(point[0], scale), "arousal": mood(point[1], scale)}


def _failed(row: Failure | FailedFile) -> Fields:
    return {**path_fields(row.path), "stage": row.stage, "reason": row.reason}


def _shown(answer: ShowAnswer, scale: Scale) -> Mapping[str, object]:
    tags = answer.track.tags
    stretch = RANGES[scale][1] - RANGES[scale][0]
    spread = {
        name: None if sd is None else number(sd * stretch, SECOND_DIGITS)
        for name, sd in (("valence_sd", answer.valence_sd), ("arousal_sd", answer.arousal_sd))
    }
    return {
        **track_fields(answer.track, scale),
        **spread,
        "network": None if answer.heard is None else _point(answer.heard, scale),
        "rating": None if answer.opinion is None else opinion_fields(answer.opinion, scale),
        "composer": tags.composer,
        "track": tags.track,
        "disc": tags.disc,
        "bpm": None if tags.bpm is None else number(tags.bpm, SECOND_DIGITS),
        "samplerate": tags.sample_rate,
        "channels": tags.channels,
        "clips": _clips(answer.windows, scale),
    }


def _clips(windows: Iterable[WindowEmotion], scale: Scale) -> list[Fields]:
    return [
        {
            "start": number(one.window.start_s, SECOND_DIGITS),
            "end": number(one.window.end_s, SECOND_DIGITS),
            "valence": mood(one.valence, scale),
            "arousal": mood(one.arousal, scale),
        }
        for one in windows
    ]


def _status(answer: StatusAnswer) -> dict[str, object]:
    library = {name.replace("path", "library"): text for name, text in path_fields(answer.library).items()}
    return {
        **library,
        "tracks": answer.tracks,
        "analyzed": answer.analyzed,
        "partial": answer.partial,
        "failed": answer.failed,
        "missing": answer.missing,
        "model": answer.model,
        "next": _next(answer),
        "indexed": answer.indexed,
        "roots": [root.decode(errors="replace") for root in answer.roots],
        "quadrants": dict(answer.quadrants),
        "ratings": answer.ratings,
        "calibration": _calibration(answer.calibration),
    }


def _calibration(applied: AppliedCalibration | None) -> dict[str, object] | None:
    if applied is None:
        return None
    bends = {"valence": applied.valence, "arousal": applied.arousal}
    return {**bends, "ratings": applied.n_ratings, "fitted_at": applied.fitted_at}


def _next(answer: StatusAnswer) -> dict[str, object] | None:
    if answer.next_model is None:
        return None
    return {"model": answer.next_model, "heard": answer.next_heard, "sounds": answer.next_sounds}


def _dump(value: Mapping[str, object], indent: int | None) -> str:
    text = unicode_text(json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent))
    return re.sub(f"(?!\n){UNSAFE.pattern}", _escape, text)  # line feeds are the indentation's alone


def _escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))
