"""Timecodes of film and video: hours, minutes, seconds and frames."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Final

from musimo.errors import UsageError

HOURS: Final = 24  # a timecode ends here


@dataclass(frozen=True, slots=True)
class FrameRate:
    """A frame rate and its counting.

    Parameters
    ----------
    rate : exact frames per second
    nominal : frames per second of timecode
    drop : drop-frame counting: the first numbers of each minute but every tenth are skipped, so that the
        timecode follows the clock; no frame is skipped
    """

    rate: Fraction
    nominal: int
    drop: bool

    @property
    def dropped(self) -> int:
        """Numbers skipped per minute: 2 of 30, 4 of 60."""
        return self.nominal // 15 if self.drop else 0

    def frames(self, time_s: float) -> int:
        """Return the frame nearest to a time, counted from 0."""
        return floor(Fraction(time_s) * self.rate + Fraction(1, 2))

    def timecode(self, frame: int) -> str:
        """Return the timecode of a frame: ``hh:mm:ss:ff``, or ``hh:mm:ss;ff`` in drop-frame counting.

        Raises
        ------
        UsageError : beyond 24 hours
        """
        per_minute = 60 * self.nominal - self.dropped
        ten_minutes = 10 * per_minute + self.dropped
        tens, rest = divmod(frame, ten_minutes)
        # The first minute of ten skips no number; each of the other nine starts with a gap.
        number = frame + self.dropped * (9 * tens + max(0, rest - self.dropped) // per_minute)
        seconds, frames = divmod(number, self.nominal)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        if hours >= HOURS:
            raise UsageError("a timecode ends at 24 hours", "begin earlier: --start-timecode 00:00:00:00")
        return f"{hours:02d}:{minutes:02d}:{seconds:02d}{';' if self.drop else ':'}{frames:02d}"

    def frame_of(self, timecode: str) -> int:
        """Return the frame of a timecode ``hh:mm:ss:ff``; ``;`` is read as ``:``.

        Raises
        ------
        UsageError : not a timecode at this rate
        """
        if not (found := re.fullmatch(r"(\d\d)[:;](\d\d)[:;](\d\d)[:;.](\d\d)", timecode, re.ASCII)):
            raise UsageError(f"{timecode!r} is not a timecode", "write hh:mm:ss:ff, such as 01:00:00:00")
        hours, minutes, seconds, frames = map(int, found.groups())
        if not (hours < HOURS and minutes < 60 and seconds < 60 and frames < self.nominal):
            raise UsageError(f"{timecode!r} is not a timecode at {self.nominal} frames a second")
        if seconds == 0 and frames < self.dropped and minutes % 10:
            raise UsageError(
                f"{timecode!r} does not exist: drop-frame counting skips it",
                f"the first of this minute is {hours:02d}:{minutes:02d}:00;{self.dropped:02d}",
            )
        total_minutes = 60 * hours + minutes
        number = (60 * total_minutes + seconds) * self.nominal + frames
        return number - self.dropped * (total_minutes - total_minutes // 10)


FRAME_RATES: Final = {
    "23.976": FrameRate(Fraction(24_000, 1001), 24, drop=False),
    "24": FrameRate(Fraction(24), 24, drop=False),
    "25": FrameRate(Fraction(25), 25, drop=False),
    "29.97": FrameRate(Fraction(30_000, 1001), 30, drop=True),
    "29.97ndf": FrameRate(Fraction(30_000, 1001), 30, drop=False),
    "30": FrameRate(Fraction(30), 30, drop=False),
    "48": FrameRate(Fraction(48), 48, drop=False),
    "50": FrameRate(Fraction(50), 50, drop=False),
    "59.94": FrameRate(Fraction(60_000, 1001), 60, drop=True),
    "59.94ndf": FrameRate(Fraction(60_000, 1001), 60, drop=False),
    "60": FrameRate(Fraction(60), 60, drop=False),
}
"""By the name that video editors use; 29.97 and 59.94 are drop-frame unless ``ndf`` is added."""


SPELLINGS: Final = {"23.98": "23.976", "23.97": "23.976", "29.970": "29.97", "59.940": "59.94"}
"""Other spellings of a rate; a decimal comma is read as a point."""


def frame_rate(name: str) -> FrameRate:
    """Return the frame rate of that name.

    Raises
    ------
    UsageError : no such frame rate
    """
    plain = name.strip().lower().replace(",", ".")
    number = plain.removesuffix("ndf").strip()
    whole, _, decimals = number.partition(".")
    number = SPELLINGS.get(number, number) if decimals.strip("0") else whole  # 25.00 is 25
    chosen = FRAME_RATES.get(number + ("ndf" if plain.endswith("ndf") else ""))
    if chosen is None:
        raise UsageError(f"no frame rate {name!r}", f"there are: {', '.join(FRAME_RATES)}")
    return chosen
