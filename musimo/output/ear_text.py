"""The owner's ratings, and what was fitted to them, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from musimo.emotion.calibration import MIN_RATINGS, DimensionFit
from musimo.library.calibration import CalibrationFits
from musimo.library.db.calibrations import AppliedCalibration
from musimo.library.db.ratings import LIKINGS, Opinion, Rating
from musimo.output.json_out import document
from musimo.output.naming import full_name
from musimo.output.tables import UNKNOWN, Column, decimal, table
from musimo.output.text import safe
from musimo.records import Track
from musimo.records.fields import SECOND_DIGITS, number
from musimo.records.scale import RANGES, Scale, from_unit

MOOD_DIGITS: Final = 2
ERROR_DIGITS: Final = 3


def opinion_words(opinion: Opinion, scale: Scale) -> str:
    """What was said of a track, in words."""
    words = [
        f"{name} {decimal(from_unit(value, scale), MOOD_DIGITS)}"
        for name, value in (("valence", opinion.valence), ("arousal", opinion.arousal))
        if value is not None
    ]
    return ", ".join([*words, *([f"{LIKINGS[opinion.liking]}d"] if opinion.liking else [])])


def ratings_table(ratings: Sequence[Rating], scale: Scale, width: int) -> str:
    """Ratings in columns, and how many they are."""
    if not ratings:
        return "nothing is rated yet: musimo rate TRACK --valence V --arousal A, or --like\n"
    columns = (
        Column("valence", right=True),
        Column("arousal", right=True),
        Column("liking"),
        Column("rated"),
        Column("track", stretches=True),
    )
    rows = [
        (
            _shown(one.opinion.valence, scale),
            _shown(one.opinion.arousal, scale),
            LIKINGS.get(one.opinion.liking or 0, UNKNOWN),
            one.rated_at[:10],
            safe(full_name(one.track)) if one.track else "(no track of the library has this sound now)",
        )
        for one in ratings
    ]
    said = [one.opinion for one in ratings]
    counts = (
        (sum(one.valence is not None for one in said), "in valence"),
        (sum(one.arousal is not None for one in said), "in arousal"),
        (sum(one.liking == 1 for one in said), "liked"),
        (sum(one.liking == -1 for one in said), "disliked"),
    )
    summary = f"{len(said)} rated: {', '.join(f'{n} {what}' for n, what in counts if n)}"
    return _text([*table(columns, rows, width), "", summary])


def ratings_json(ratings: Sequence[Rating], scale: Scale) -> str:
    """Return ratings as one JSON document; ``track`` is null where the library has none with that audio."""
    return document({"ratings": [one.as_dict(scale) for one in ratings]})


def rated_lines(said: str, tracks: Sequence[Track]) -> str:
    """What was just said of tracks, a line each."""
    lines = [f"{safe(full_name(track))}: {said}" for track in tracks]
    return _text(lines or ["none of them was rated"])


def rated_json(done: str, n: int, tracks: Sequence[Track], scale: Scale) -> str:
    """What was just rated or forgotten, as one JSON document; tracks of a file of ratings are not told."""
    named = [track.as_dict(scale) for track in tracks]
    return document({done: n, **({"tracks": named} if named else {})})


def fits_lines(fits: CalibrationFits, scale: Scale, n_sounds: int | None, *, dry_run: bool) -> str:
    """How well ratings are fitted, and what comes of it."""
    columns = (
        Column(""),
        Column("ratings", right=True),
        Column("network off by", right=True),
        Column("fitted off by", right=True),
        Column("", stretches=True),
    )
    low, high = RANGES[scale]
    rows = [
        (
            name,
            str(fit.n_ratings),
            *(
                decimal(None if error is None else error * (high - low), ERROR_DIGITS)
                for error in (fit.network_error, fit.error)
            ),
            _verdict(fit),
        )
        for name, fit in _named(fits)
    ]
    lines = [*table(columns, rows, 100), ""]
    if fits.n_not_analyzed:
        lines.append(f"{fits.n_not_analyzed} rated without being analysed by this model: they do not count")
    if fits.calibration is None:
        lines.append("the network answers as it is")
    elif dry_run:
        lines.append("nothing was changed: musimo calibrate applies it")
    else:
        lines.append(f"{n_sounds} sounds answer by your ear now; musimo calibrate --undo takes it back")
    return _text(lines)


def fits_json(fits: CalibrationFits, scale: Scale, n_sounds: int | None, *, dry_run: bool) -> str:
    """How well ratings are fitted, and what came of it, as one JSON document."""
    low, high = RANGES[scale]

    def scaled(error: float | None) -> float | None:
        return number(None if error is None else error * (high - low), SECOND_DIGITS + 1)

    dimensions = {
        name: {
            "ratings": fit.n_ratings,
            "lacking": fit.n_missing,
            "network_error": scaled(fit.network_error),
            "error": scaled(fit.error),
            "gain": fit.coefficients is not None,
        }
        for name, fit in _named(fits)
    }
    return document(
        {
            **dimensions,
            "unheard": fits.n_not_analyzed,
            "sounds": n_sounds,
            "dry_run": dry_run,
            "needs": MIN_RATINGS,
        }
    )


def undone_json(*, undone: bool) -> str:
    """Whether a calibration was taken back, as one JSON document."""
    return document({"undone": undone})


def applied_words(applied: AppliedCalibration) -> str:
    """What a calibration bends."""
    bent = [name for name, bends in (("valence", applied.valence), ("arousal", applied.arousal)) if bends]
    return f"{' and '.join(bent)} fitted to {applied.n_ratings} ratings, {applied.fitted_at[:10]}"


def _named(fits: CalibrationFits) -> tuple[tuple[str, DimensionFit], tuple[str, DimensionFit]]:
    return ("valence", fits.valence), ("arousal", fits.arousal)


def _verdict(fit: DimensionFit) -> str:
    if fit.n_missing:
        return f"{fit.n_missing} more ratings are needed"
    return "a gain" if fit.coefficients is not None else "no gain: the network stays"


def _shown(value: float | None, scale: Scale) -> str:
    return decimal(None if value is None else from_unit(value, scale), MOOD_DIGITS)


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
