"""``Library.ratings``: the user's ratings, and the calibration fitted to them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from musimo.api.seeds import AnyTrack, known_track
from musimo.api.session import Session
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
from musimo.records import Track
from musimo.records.scale import Scale
from musimo.search.find import track_of_file, track_of_id

LISTED = 10  # bad lines that are shown


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Result of a calibration.

    Parameters
    ----------
    fits : how well the ratings are fitted
    n_sounds : contents it now applies to; None where it was only tried, or is no gain and was not applied
    """

    fits: CalibrationFits
    n_sounds: int | None


class Ratings:
    """Ratings and calibration of a library. A rating belongs to the audio, and exact copies share it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def rate(
        self,
        *tracks: AnyTrack,
        valence: float | None = None,
        arousal: float | None = None,
        liking: int | None = None,
    ) -> list[Track]:
        """Set one rating on several tracks, and return them; None leaves a field unchanged.

        Parameters
        ----------
        tracks : of the library
        valence, arousal : 0..1
        liking : 1 liked, -1 disliked

        Raises
        ------
        UsageError : no field is given, a number is outside 0..1, or a name means several tracks
        NotFoundError : a track is not in the library, or its audio is not known
        """
        opinion = _checked(Opinion(valence, arousal, liking))
        known = [_rateable(self._session, track) for track in tracks]
        write_ratings(self._session.store, {content: opinion for content, _ in known})
        return [track for _, track in known]

    def forget(self, *tracks: AnyTrack) -> list[Track]:
        """Delete the ratings of some tracks, and return those that had been rated."""
        store = self._session.store
        known = [_rateable(self._session, track) for track in tracks]
        had = [track for content, track in known if opinion_of(store, content) is not None]
        delete_ratings(store, [content for content, _ in known])
        return had

    def read_csv(self, data: bytes, scale: Scale = "0-1") -> int:
        """Set the ratings of a CSV file, all or none, and return the number of contents they are of.

        Raises
        ------
        UsageError : a line cannot be understood, or names no track of the library; all such lines are named
        """
        opinions, bad = _parsed(self._session, read_ratings(data, scale))
        if bad:
            shown = [f"line {one.number}: {one.reason}" for one in bad[:LISTED]]
            raise UsageError(
                f"nothing was rated, for {len(bad)} of the lines cannot be: correct or delete them",
                "\n".join(shown + ["…"] * (len(bad) > LISTED)),
            )
        write_ratings(self._session.store, opinions)
        return len(opinions)

    def all(self) -> list[Rating]:
        """Return every rating, by path."""
        return all_ratings(self._session.store)

    def of_track(self, track: AnyTrack) -> Opinion | None:
        """Return the rating of a track; None where it is not rated."""
        return opinion_of(self._session.store, _rateable(self._session, track)[0])

    def predicted(self, track: AnyTrack) -> tuple[float, float] | None:
        """Return valence and arousal as the network predicts them, without calibration."""
        return predicted_emotion(self._session.store, _rateable(self._session, track)[0])

    def calibrate(self, *, dry_run: bool = False) -> Calibrated:
        """Fit the active model to the ratings, and apply the fit where it is a gain.

        An earlier calibration is replaced, or removed where the fit is no gain.

        Raises
        ------
        LibraryError : another process writes to the library
        """
        store = self._session.store
        if dry_run:
            return Calibrated(calibration.fit_ratings(store), None)
        with hold(store.path):
            fits = calibration.fit_ratings(store)
            if fits.calibration is None:
                calibrations.undo(store)
                return Calibrated(fits, None)
            return Calibrated(fits, calibrations.apply(store, fits.calibration, fits.n_ratings))

    def undo(self) -> bool:
        """Remove the calibration, and return whether there was one; ratings are kept."""
        store = self._session.store
        with hold(store.path):
            return calibrations.undo(store)

    def state(self) -> tuple[int, AppliedCalibration | None]:
        """Return the number of rated contents, and the calibration in effect."""
        store = self._session.store
        return count_ratings(store), calibrations.applied(store)


def _checked(opinion: Opinion) -> Opinion:
    if opinion == Opinion():
        raise UsageError("rate it how?", "say a valence, an arousal or a liking")
    for name, value in (("valence", opinion.valence), ("arousal", opinion.arousal)):
        if value is not None and not 0 <= value <= 1:
            raise UsageError(f"{name} {value:g} is outside 0..1")
    return opinion


def _rateable(session: Session, named: AnyTrack) -> tuple[int, Track]:
    """Return a track of the library and its content id."""
    track = known_track(session, named)
    if track.content is None:
        shown = os.fsdecode(track.path_bytes)
        raise NotFoundError(f"the audio of {shown} is not known, so it cannot be rated", "see musimo errors")
    return track.content, track


def _parsed(
    session: Session, lines: Iterable[RatedLine | BadLine]
) -> tuple[dict[int, Opinion], list[BadLine]]:
    """Return the opinion of each content, and the lines that cannot be used."""
    found: dict[int, tuple[Opinion, int]] = {}
    bad: list[BadLine] = []
    for line in lines:
        content = line if isinstance(line, BadLine) else _content(session, line)
        if isinstance(line, BadLine) or isinstance(content, BadLine):
            bad += [content] if isinstance(content, BadLine) else []
        elif found.setdefault(content, (line.opinion, line.number))[0] != line.opinion:
            bad.append(BadLine(line.number, f"it rates the audio of line {found[content][1]} otherwise"))
    return {content: opinion for content, (opinion, _) in found.items()}, bad


def _content(session: Session, line: RatedLine) -> int | BadLine:
    """Return the content id a line rates."""
    store = session.store
    try:
        sound = bytes.fromhex(line.names.get("sound", ""))
    except ValueError:
        return BadLine(line.number, f"{line.names['sound']!r} is not a hash of audio")
    if sound and (content := store.content_id(sound)) is not None:
        return content
    path = named_path(line)
    at_path = [] if path is None else store.tracks_at(path)
    if len(at_path) == 1 and (content := at_path[0].content) is not None:
        return content
    named = line.names.get("path") or line.names.get("id")
    if named is None:
        return BadLine(line.number, "the library has no track with its audio")
    try:
        if _names_another(store, line, named):
            return BadLine(line.number, f"no track of the library is {named!r}")
        return _rateable(session, named)[0]
    except MusimoError as error:
        return BadLine(line.number, error.message)


def _names_another(store: Store, line: RatedLine, named: str) -> bool:
    """Return whether an id or an absolute path is of no track; it must not be read as a part of a name."""
    if "path" not in line.names:
        return track_of_id(store, named.strip()) is None
    path = os.path.expanduser(os.fsencode(named))  # noqa: PTH111 - as find_track reads it
    return os.path.isabs(path) and track_of_file(store, path) is None  # noqa: PTH117 - bytes
