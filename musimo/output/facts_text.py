"""Facts of one track and of the library as text to read on a terminal, and the words for them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Final

from musimo.library.active_model import ModelUpgrade
from musimo.output.answers import Details, PrintOptions, Status
from musimo.output.ear_text import applied_words, opinion_words
from musimo.output.naming import full_name
from musimo.output.tables import UNKNOWN, Column, clock, decimal, facts, table
from musimo.output.text import cut, safe
from musimo.records import Tags, TempoKey, Track, WindowEmotion
from musimo.records.fields import CONFIDENCE_DIGITS, TEMPO_DIGITS
from musimo.records.scale import RANGES, Scale, from_unit
from musimo.search.plane import dominant_quadrant

MOOD_DIGITS: Final = 2
MOOD_COLUMNS: Final = (Column("valence", right=True), Column("arousal", right=True))


def shown(answer: Details, options: PrintOptions) -> list[str]:
    """Lines of one track: its name, what is known of it, and what was heard."""
    track, scale = answer.track, options.scale
    tags = track.tags
    pairs = [
        ("id", None if track.id is None else str(track.id)),
        ("path", path_text(track.path_bytes)),
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
        ("partial", partial_words(track.partial)),
        ("format", _format(tags)),
        ("valence", _heard_and_own(answer, 0, scale)),
        ("arousal", _heard_and_own(answer, 1, scale)),
        ("you said", opinion_words(answer.opinion, scale) if answer.opinion else None),
    ]
    known = [(name, value if name == "path" else safe(value)) for name, value in pairs if value]
    windows = windows_table(answer.windows, options) if answer.windows else ["not analysed"]
    return [cut(safe(full_name(track)), options.width), "", *facts(known), "", *windows]


def windows_table(windows: Iterable[WindowEmotion], options: PrintOptions) -> list[str]:
    """Lines of a table of windows and their moods."""
    columns = (Column("heard"), *MOOD_COLUMNS)
    rows = [
        (
            f"{clock(one.window.start_s)} to {clock(one.window.end_s)}",
            mood_number(one.valence, options.scale),
            mood_number(one.arousal, options.scale),
        )
        for one in windows
    ]
    return table(columns, rows, options.width)


def status_lines(answer: Status) -> list[str]:
    """Lines of the library in numbers."""
    roots = [
        ("folders" if not place else "", path_text(os.fsencode(root)))
        for place, root in enumerate(answer.roots)
    ]
    partial = f"{answer.partial} of them, with a part missing or damaged"
    return facts(
        [
            ("library", path_text(os.fsencode(answer.library))),
            ("tracks", str(answer.tracks)),
            ("analysed", str(answer.analyzed)),
            *([("partial", partial)] * (answer.partial > 0)),
            ("failed", str(answer.failed)),
            ("missing", str(answer.missing)),
            ("indexed", str(answer.indexed)),
            ("model", safe(answer.model or UNKNOWN)),
            *([("next", _upgrade(answer.upgrade))] if answer.upgrade else []),
            *(roots or [("folders", "none; scan one: musimo scan FOLDER")]),
            *_quadrants(answer.quadrants),
            *([("ratings", _ear(answer))] * (answer.ratings > 0 or answer.calibration is not None)),
        ]
    )


def _upgrade(upgrade: ModelUpgrade) -> str:
    progress = f"{upgrade.n_analyzed} of {upgrade.n_contents} tracks analyzed"
    return f"{safe(upgrade.model)}: {progress}; it becomes active when all are"


def _ear(answer: Status) -> str:
    fitted = applied_words(answer.calibration) if answer.calibration else "no calibration"
    return f"{answer.ratings}; {fitted}"


def _quadrants(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    """Counts where their quadrants lie: unpleasant left, excited above."""
    total = sum(counts.values())
    if not total:
        return []
    cells = {name: f"{name:<5}  {count:>7}  {count / total:>4.0%}" for name, count in counts.items()}
    lines = [("moods", f"{cells['tense']}    {cells['happy']}"), ("", f"{cells['sad']}    {cells['calm']}")]
    if fullest := dominant_quadrant(counts):
        lines.append(("", f"nearly all are {fullest}: musimo mood --relative tells them apart"))
    return lines


def _format(tags: Tags) -> str:
    parts = [
        tags.codec,
        None if tags.bitrate is None else f"{tags.bitrate} kbit/s",
        None if tags.sample_rate is None else f"{tags.sample_rate} Hz",
        None if tags.channels is None else counted(tags.channels, "channel"),
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


def _with_spread(value: float | None, sd: float | None, scale: Scale) -> str | None:
    if value is None:
        return None
    low, high = RANGES[scale]
    spread = "" if sd is None else f" ± {decimal(sd * (high - low), MOOD_DIGITS)}"
    return f"{mood_number(value, scale)}{spread}"


def _heard_and_own(answer: Details, place: int, scale: Scale) -> str | None:
    """Valence or arousal: as the library answers, and as the network has it where that is something else."""
    own = (answer.track.valence, answer.track.arousal)[place]
    heard = answer.network[place] if answer.network else own
    by_network = _with_spread(heard, (answer.valence_sd, answer.arousal_sd)[place], scale)
    if own == heard:
        return by_network
    return f"{mood_number(own, scale)} by your ear; the network has {by_network}"


def _whole(value: int | None) -> str | None:
    return None if value is None else str(value)


def counted(n: int, what: str) -> str:
    """A number of things, in the singular or the plural."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def path_text(path: bytes) -> str:
    """A path, whole, as a terminal may show it."""
    return safe(os.fsdecode(path))


def partial_words(share: float | None) -> str | None:
    """That a part of a sound is lacking; None where it is whole."""
    if share is None:
        return None
    return f"{min(99, 100 * share):.0f} % of it could be heard, the rest is missing or damaged"


def mood_number(value: float | None, scale: Scale) -> str:
    """Valence or arousal, 0..1, on the scale that is shown."""
    return decimal(None if value is None else from_unit(value, scale), MOOD_DIGITS)
