"""Ratings and calibration as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from musimo.emotion.calibration import MIN_RATINGS, DimensionFit
from musimo.library.calibration import CalibrationFits
from musimo.library.db.calibrations import AppliedCalibration
from musimo.library.db.ratings import LIKINGS, Opinion, Rating
from musimo.output.formats import RatingFormat
from musimo.output.json_out import document
from musimo.output.naming import full_name
from musimo.output.ratings_csv import ratings_csv
from musimo.output.tables import UNKNOWN, Column, decimal, table
from musimo.output.text import joined, safe
from musimo.records import Track
from musimo.records.fields import SECOND_DIGITS, number
from musimo.records.scale import RANGES, Scale, from_unit

MOOD_DIGITS: Final = 2
ERROR_DIGITS: Final = 3


def opinion_words(opinion: Opinion, scale: Scale) -> str:
    """Return a rating in words."""
    words = [
        f"{name} {decimal(from_unit(value, scale), MOOD_DIGITS)}"
        for name, value in (("valence", opinion.valence), ("arousal", opinion.arousal))
        if value is not None
    ]
    return ", ".join([*words, *([f"{LIKINGS[opinion.liking]}d"] if opinion.liking else [])])


def render_ratings(ratings: Sequence[Rating], format: RatingFormat, scale: Scale, width: int) -> bytes:
    """Return a list of ratings in a format; tables are ``width`` columns wide."""
    match format:
        case "table":
            return ratings_table(ratings, scale, width).encode()
        case "json":
            return ratings_json(ratings, scale).encode()
        case "csv":
            return ratings_csv(ratings, scale).encode()


def ratings_table(ratings: Sequence[Rating], scale: Scale, width: int) -> str:
    """Return ratings as a table, with their counts."""
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
            safe(full_name(one.track)) if one.track else "(no track in the library has this audio)",
        )
        for one in ratings
    ]
    opinions = [one.opinion for one in ratings]
    counts = (
        (sum(one.valence is not None for one in opinions), "in valence"),
        (sum(one.arousal is not None for one in opinions), "in arousal"),
        (sum(one.liking == 1 for one in opinions), "liked"),
        (sum(one.liking == -1 for one in opinions), "disliked"),
    )
    summary = f"{len(opinions)} rated: {', '.join(f'{n} {what}' for n, what in counts if n)}"
    return joined([*table(columns, rows, width), "", summary])


def ratings_json(ratings: Sequence[Rating], scale: Scale) -> str:
    """Return ratings as a JSON document; ``track`` is null where no track of the library has that audio."""
    return document({"ratings": [one.as_dict(scale) for one in ratings]})


def rated_lines(rating: str, tracks: Sequence[Track]) -> str:
    """Return the tracks that were just rated, a line each."""
    lines = [f"{safe(full_name(track))}: {rating}" for track in tracks]
    return joined(lines or ["none of them was rated"])


def rated_json(done: str, n: int, tracks: Sequence[Track], scale: Scale) -> str:
    """Return what was just rated or forgotten as a JSON document, with the tracks if any are given."""
    named = [track.as_dict(scale) for track in tracks]
    return document({done: n, **({"tracks": named} if named else {})})


def fits_lines(fits: CalibrationFits, scale: Scale, n_sounds: int | None, *, dry_run: bool) -> str:
    """Return the errors of network and calibration, and what was done."""
    columns = (
        Column(""),
        Column("ratings", right=True),
        Column("network error", right=True),
        Column("calibrated error", right=True),
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
        lines.append(f"{fits.n_not_analyzed} rated tracks are not analyzed by this model and do not count")
    if fits.calibration is None:
        lines.append("no calibration: the predictions of the network stay as they are")
    elif dry_run:
        lines.append("nothing was changed; musimo calibrate applies it")
    else:
        lines.append(
            f"{n_sounds} analyses are calibrated to your ratings; musimo calibrate --undo reverts it"
        )
    return joined(lines)


def fits_json(fits: CalibrationFits, scale: Scale, n_sounds: int | None, *, dry_run: bool) -> str:
    """Return the errors of network and calibration as a JSON document."""
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
    """Return whether a calibration was reverted, as a JSON document."""
    return document({"undone": undone})


def applied_words(applied: AppliedCalibration) -> str:
    """Return what a calibration changes, in words."""
    dimensions = (("valence", applied.valence), ("arousal", applied.arousal))
    fitted = [name for name, is_fitted in dimensions if is_fitted]
    return f"{' and '.join(fitted)} fitted to {applied.n_ratings} ratings, {applied.fitted_at[:10]}"


def _named(fits: CalibrationFits) -> tuple[tuple[str, DimensionFit], tuple[str, DimensionFit]]:
    return ("valence", fits.valence), ("arousal", fits.arousal)


def _verdict(fit: DimensionFit) -> str:
    if fit.n_missing:
        return f"{fit.n_missing} more ratings needed"
    return "improves" if fit.coefficients is not None else "does not improve: not applied"


def _shown(value: float | None, scale: Scale) -> str:
    return decimal(None if value is None else from_unit(value, scale), MOOD_DIGITS)
