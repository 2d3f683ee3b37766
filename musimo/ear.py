"""The owner's ear from Python: what the commands ``rate`` and ``calibrate`` and ``similar --liked`` do.

from musimo import Library, ear
library = Library.open()
ear.rate(library, ["So What"], valence=0.6, arousal=0.3, liking=1)
print(ear.calibrate(library).fits.valence)
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from musimo.api import Library, Seed
from musimo.errors import MusimoError, NotFoundError, UsageError
from musimo.library import calibration
from musimo.library.calibration import CalibrationFits
from musimo.library.db import calibrations
from musimo.library.db.calibrations import AppliedCalibration
from musimo.library.db.lock import hold
from musimo.library.db.queries import Store
from musimo.library.db.ratings import (
    Opinion,
    Rating,
    all_ratings,
    count_ratings,
    opinion_of,
    predicted_emotion,
)
from musimo.library.db.ratings import forget as delete_ratings
from musimo.library.db.ratings import rate as write_ratings
from musimo.output.ratings_csv import BadLine, RatedLine, named_path, read_ratings
from musimo.records import Descriptors, Track
from musimo.search.find import find_track, track_of_file, track_of_id
from musimo.search.scale import Scale

LISTED = 10  # bad lines that are told of


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What a calibration came to.

    Parameters
    ----------
    fits : how well the ratings are fitted
    n_sounds : that answer by it now; None where it was only tried, or is no gain and the network answers
    """

    fits: CalibrationFits
    n_sounds: int | None


def rate(
    library: Library,
    tracks: Sequence[str | Path],
    *,
    valence: float | None = None,
    arousal: float | None = None,
    liking: int | None = None,
) -> list[Track]:
    """Say the same of some tracks; what is not said anew of one stays as it was said. Returns the tracks.

    Parameters
    ----------
    tracks : each a path, an id, or a part of a title or path only one track has
    valence, arousal : 0..1
    liking : 1 liked, -1 disliked

    Raises
    ------
    UsageError : nothing is said, or a number is outside 0..1, or a name has several tracks
    NotFoundError : a track is not in the library, or its sound is not known
    """
    opinion = Opinion(valence, arousal, liking)
    if opinion == Opinion():
        raise UsageError("rate it how?", "say a valence, an arousal or a liking")
    for name, value in (("valence", valence), ("arousal", arousal)):
        if value is not None and not 0 <= value <= 1:
            raise UsageError(f"{name} {value:g} is outside 0..1")
    store = library.opened.store
    known = [_known(store, track) for track in tracks]
    write_ratings(store, {content: opinion for content, _ in known})
    return [track for _, track in known]


def forget(library: Library, tracks: Sequence[str | Path]) -> list[Track]:
    """Take back all that was said of some tracks; returns those that had been rated."""
    store = library.opened.store
    known = [_known(store, track) for track in tracks]
    had = [track for content, track in known if opinion_of(store, content) is not None]
    delete_ratings(store, [content for content, _ in known])
    return had


def rate_from(library: Library, data: bytes, scale: Scale = "0-1") -> int:
    """Take over the ratings of a CSV file, all or none; returns how many sounds they are of.

    Raises
    ------
    UsageError : a line cannot be understood, or names no track of the library; all such lines are told
    """
    store = library.opened.store
    said: dict[int, tuple[Opinion, int]] = {}
    bad: list[BadLine] = []
    for line in read_ratings(data, scale):
        found = line if isinstance(line, BadLine) else _content(store, line)
        if isinstance(found, BadLine) or isinstance(line, BadLine):
            bad += [found] if isinstance(found, BadLine) else []
        elif said.setdefault(found, (line.opinion, line.number))[0] != line.opinion:
            bad.append(BadLine(line.number, f"it rates the sound of line {said[found][1]} otherwise"))
    if bad:
        told = [f"line {one.number}: {one.reason}" for one in bad[:LISTED]]
        raise UsageError(
            f"nothing was rated, for {len(bad)} of the lines cannot be: mend or delete them",
            "\n".join(told + ["…"] * (len(bad) > LISTED)),
        )
    write_ratings(store, {content: opinion for content, (opinion, _) in said.items()})
    return len(said)


def ratings(library: Library) -> list[Rating]:
    """Every rating, by path."""
    return all_ratings(library.opened.store)


def calibrate(library: Library, *, dry_run: bool = False) -> Calibrated:
    """Fit the model that answers to the ratings; where that is a gain, let it answer, else the network alone.

    What answered before is replaced, so that the answers always are what the last call told.

    Raises
    ------
    LibraryError : another process writes to the library
    """
    store = library.opened.store
    if dry_run:
        return Calibrated(calibration.fit_ratings(store), None)
    with hold(store.path):
        fits = calibration.fit_ratings(store)
        if fits.calibration is None:
            calibrations.undo(store)
            return Calibrated(fits, None)
        return Calibrated(fits, calibrations.apply(store, fits.calibration, fits.n_ratings))


def undo(library: Library) -> bool:
    """Let the network alone answer again, to the last bit; says whether there was any calibration."""
    store = library.opened.store
    with hold(store.path):
        return calibrations.undo(store)


def state(library: Library) -> tuple[int, AppliedCalibration | None]:
    """How many sounds are rated, and the calibration that answers; None where the network alone does."""
    store = library.opened.store
    return count_ratings(store), calibrations.applied(store)


def of_track(library: Library, track: Track) -> tuple[tuple[float, float] | None, Opinion | None]:
    """The network's own valence and arousal of a track, whatever the calibration; and what was said of it."""
    if track.content is None:
        return None, None
    store = library.opened.store
    return predicted_emotion(store, track.content), opinion_of(store, track.content)


def taste(library: Library) -> tuple[list[Seed], list[Seed]]:
    """The tracks that are liked, and those that are disliked, to ask with; none that is not analysed."""
    store = library.opened.store
    known = [one for one in all_ratings(store) if one.opinion.liking and one.track]
    ids, sounds = store.descriptors(np.array(sorted(one.content for one in known), np.int64))
    sides: dict[int | None, list[Seed]] = {1: [], -1: []}
    for one in known:
        at = int(np.searchsorted(ids, one.content))
        if one.track is not None and ids[at : at + 1] == [one.content]:
            row = Descriptors(sounds.embedding[[at]], sounds.statistics[[at]], sounds.fused[[at]])
            sides[one.opinion.liking].append(Seed(one.track, row, one.content))
    return sides[1], sides[-1]


def _known(store: Store, named: str | Path) -> tuple[int, Track]:
    """A track of the library, and the id of its sound."""
    track = find_track(store, named)
    if track is None:
        raise NotFoundError(f"{named} is not in the library", "rate it after musimo scan FOLDER")
    if track.content is None:
        raise NotFoundError(f"the sound of {named} is not known, so it has no rating", "see musimo errors")
    return track.content, track


def _content(store: Store, line: RatedLine) -> int | BadLine:
    """Id of the sound that a line rates."""
    try:
        sound = bytes.fromhex(line.names.get("sound", ""))
    except ValueError:
        return BadLine(line.number, f"{line.names['sound']!r} is no hash of a sound")
    if sound and (content := store.content_id(sound)) is not None:
        return content
    path = named_path(line)
    if path is not None and (track := store.track_at(path)) is not None and track.content is not None:
        return track.content
    named = line.names.get("path") or line.names.get("id")
    if named is None:
        return BadLine(line.number, "the library does not know its sound")
    if _names_another(store, line, named):
        return BadLine(line.number, f"no track of the library is {named!r}")
    try:
        return _known(store, named)[0]
    except MusimoError as error:
        return BadLine(line.number, error.message)


def _names_another(store: Store, line: RatedLine, named: str) -> bool:
    """Whether an id or a whole path is of no track: nobody is asked, so it is no part of a name either."""
    if "path" not in line.names:
        return track_of_id(store, named.strip()) is None
    path = os.path.expanduser(os.fsencode(named))  # noqa: PTH111 - as find_track reads it
    return os.path.isabs(path) and track_of_file(store, path) is None  # noqa: PTH117 - bytes
