"""Facts of one track and of the library as text for a terminal."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Final

from musimo.library.active_model import ModelUpgrade
from musimo.output.answers import Details, PrintOptions, Status
from musimo.output.naming import full_name
from musimo.output.ratings import applied_words, opinion_words
from musimo.output.tables import UNKNOWN, Column, decimal, duration, facts, table
from musimo.output.text import counted, cut, path_text, safe
from musimo.records import Heard, KeyNotation, Tags, TempoKey, Track, WindowEmotion, written_key
from musimo.records.fields import CONFIDENCE_DIGITS, TEMPO_DIGITS
from musimo.records.scale import RANGES, Scale, from_unit
from musimo.search.plane import dominant_quadrant
from musimo.search.times import format_time

MOOD_DIGITS: Final = 2
HEARD_DIGITS: Final = 2
MAX_HEARD: Final = 5  # tags of one track
MAX_COUNTED: Final = 12  # tags of a library
COUNTED_PER_LINE: Final = 4
MOOD_COLUMNS: Final = (Column("valence", right=True), Column("arousal", right=True))


def shown(answer: Details, options: PrintOptions) -> list[str]:
    """Return the lines of one track: its name, tags and analysis."""
    track, scale = answer.track, options.scale
    tags = track.tags
    pairs = [
        ("id", None if track.id is None else str(track.id)),
        ("path", path_text(track.path_bytes)),
        ("part", _part(track)),
        ("title", tags.title),
        ("artist", tags.artist),
        ("album", tags.album),
        ("album artist", tags.albumartist),
        ("composer", tags.composer),
        ("genre", tags.genre),
        ("year", _years(tags)),
        ("track", _whole(tags.track)),
        ("disc", _whole(tags.disc)),
        ("tempo", _tempo(track)),
        ("key", _key(track.tempo_key, options.keys)),
        ("time", duration(track.duration_s)),
        ("partial", partial_words(track.partial)),
        ("format", _format(tags)),
        ("valence", _predicted_and_calibrated(answer, 0, scale)),
        ("arousal", _predicted_and_calibrated(answer, 1, scale)),
        ("heard", heard_words(track.heard)),
        ("your rating", opinion_words(answer.opinion, scale) if answer.opinion else None),
    ]
    known = [(name, value if name == "path" else safe(value)) for name, value in pairs if value]
    windows = windows_table(answer.windows, options) if answer.windows else ["not analyzed"]
    return [cut(safe(full_name(track)), options.width), "", *facts(known), "", *windows]


def windows_table(windows: Iterable[WindowEmotion], options: PrintOptions) -> list[str]:
    """Return the lines of a table of windows with valence and arousal."""
    columns = (Column("window"), *MOOD_COLUMNS)
    rows = [
        (
            f"{duration(one.window.start_s)} to {duration(one.window.end_s)}",
            mood_number(one.valence, options.scale),
            mood_number(one.arousal, options.scale),
        )
        for one in windows
    ]
    return table(columns, rows, options.width)


def status_lines(answer: Status) -> list[str]:
    """Return the lines of the library in numbers."""
    roots = [
        ("folders" if not place else "", path_text(os.fsencode(root)))
        for place, root in enumerate(answer.roots)
    ]
    partial = f"{answer.partial} of them, with missing or damaged audio"
    return facts(
        [
            ("library", path_text(os.fsencode(answer.library))),
            ("tracks", str(answer.tracks)),
            ("analyzed", str(answer.analyzed)),
            *([("partial", partial)] * (answer.partial > 0)),
            ("failed", str(answer.failed)),
            ("missing", str(answer.missing)),
            ("indexed", str(answer.indexed)),
            ("model", safe(answer.model or UNKNOWN)),
            *([("next", _upgrade(answer.upgrade))] if answer.upgrade else []),
            *(roots or [("folders", "none; scan one: musimo scan FOLDER")]),
            *_quadrants(answer.quadrants),
            *_counted_tags(answer),
            *([("ratings", _ratings(answer))] * (answer.ratings > 0 or answer.calibration is not None)),
        ]
    )


def _upgrade(upgrade: ModelUpgrade) -> str:
    progress = f"{upgrade.n_analyzed} of {upgrade.n_contents} tracks analyzed"
    return f"{safe(upgrade.model)}: {progress}; it becomes active when all are"


def _ratings(answer: Status) -> str:
    fitted = applied_words(answer.calibration) if answer.calibration else "no calibration"
    return f"{answer.ratings}; {fitted}"


def _quadrants(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    """Return counts arranged as the quadrants: unpleasant left, excited above."""
    total = sum(counts.values())
    if not total:
        return []
    cells = {name: f"{name:<5}  {count:>7}  {count / total:>4.0%}" for name, count in counts.items()}
    lines = [("moods", f"{cells['tense']}    {cells['happy']}"), ("", f"{cells['sad']}    {cells['calm']}")]
    if fullest := dominant_quadrant(counts):
        lines.append(("", f"nearly all are {fullest}: musimo mood --relative spreads them"))
    return lines


def _counted_tags(answer: Status) -> list[tuple[str, str]]:
    """Return the tags heard in most tracks, with their share of all."""
    total = sum(answer.quadrants.values())
    if not answer.heard or not total:
        return []
    counts = list(answer.heard.items())[:MAX_COUNTED]
    cells = [f"{safe(tag)} {n} ({n / total:.0%})" for tag, n in counts]
    rows = [
        ", ".join(cells[start : start + COUNTED_PER_LINE]) for start in range(0, len(cells), COUNTED_PER_LINE)
    ]
    return [("heard" if not place else "", row) for place, row in enumerate(rows)]


def heard_words(heard: Heard | None) -> str | None:
    """Return the strongest tags heard, with their scores; None where none is heard."""
    strongest = (heard or ())[:MAX_HEARD]
    return ", ".join(f"{safe(one.tag)} {decimal(one.score, HEARD_DIGITS)}" for one in strongest) or None


def _format(tags: Tags) -> str:
    parts = [
        tags.codec,
        None if tags.bitrate is None else f"{tags.bitrate} kbit/s",
        None if tags.sample_rate is None else f"{tags.sample_rate} Hz",
        None if tags.channels is None else counted(tags.channels, "channel"),
    ]
    return ", ".join(part for part in parts if part)


def _tempo(track: Track) -> str | None:
    """Return the estimated tempo, and that of the tags."""
    estimated, tagged = track.tempo_key, track.tags.bpm
    parts = []
    if estimated is not None:
        parts.append(
            _with_confidence(
                None if estimated.tempo is None else f"{decimal(estimated.tempo, TEMPO_DIGITS)} bpm",
                estimated.tempo_confidence,
            )
        )
    if tagged is not None:
        parts.append(f"{tagged:g} bpm by its tags")
    return "; ".join(parts)


def _key(estimated: TempoKey | None, keys: KeyNotation | None) -> str | None:
    if estimated is None:
        return None
    key = estimated.key if keys is None else written_key(estimated.key, keys)
    return _with_confidence(key, estimated.key_confidence)


def _with_confidence(value: str | None, confidence: float) -> str:
    return "none found" if value is None else f"{value}, confidence {decimal(confidence, CONFIDENCE_DIGITS)}"


def _with_spread(value: float | None, sd: float | None, scale: Scale) -> str | None:
    if value is None:
        return None
    low, high = RANGES[scale]
    spread = "" if sd is None else f" ± {decimal(sd * (high - low), MOOD_DIGITS)}"
    return f"{mood_number(value, scale)}{spread}"


def _predicted_and_calibrated(answer: Details, place: int, scale: Scale) -> str | None:
    """Return valence or arousal, with the prediction of the network where a calibration changes it."""
    current = (answer.track.valence, answer.track.arousal)[place]
    predicted = answer.network[place] if answer.network else current
    by_network = _with_spread(predicted, (answer.valence_sd, answer.arousal_sd)[place], scale)
    if current == predicted:
        return by_network
    return f"{mood_number(current, scale)}, calibrated; the network predicts {by_network}"


def _years(tags: Tags) -> str | None:
    """Return the year of the first release, and that of this one where it is another."""
    release = _whole(tags.release_year)
    if tags.year is None or release is None or tags.release_year == tags.year:
        return _whole(tags.year) or release
    return f"{tags.year}, released {release}"


def _part(track: Track) -> str | None:
    """Return where a track of a cue sheet lies in its file."""
    if track.part is None:
        return None
    return (
        f"{format_time(track.part.start_s)} to {format_time(track.part.end_s)} of the file, by its cue sheet"
    )


def _whole(value: int | None) -> str | None:
    return None if value is None else str(value)


def partial_words(share: float | None) -> str | None:
    """Return how much of the audio could be decoded, in words; None if all of it."""
    if share is None:
        return None
    return f"{min(99, 100 * share):.0f} % of it could be decoded, the rest is missing or damaged"


def mood_number(value: float | None, scale: Scale) -> str:
    """Return valence or arousal, 0..1, as text on a scale."""
    return decimal(None if value is None else from_unit(value, scale), MOOD_DIGITS)
