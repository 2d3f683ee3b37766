"""What is known of one track, and of a library as a whole."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from musimo.records.fields import SECOND_DIGITS, length, number, path_fields, point

if TYPE_CHECKING:
    from pathlib import Path

    from musimo.library.active_model import ModelUpgrade
    from musimo.library.db.calibrations import AppliedCalibration
    from musimo.library.db.ratings import Opinion
    from musimo.records import Track, WindowEmotion
    from musimo.records.scale import Scale


@dataclass(frozen=True, slots=True)
class Details:
    """All that is known of one track.

    Parameters
    ----------
    valence_sd, arousal_sd : standard deviations over the windows; None where it is not analyzed
    windows : that were analyzed, by time
    network : valence and arousal as the network predicts them, without calibration
    opinion : the user's rating
    """

    track: Track
    valence_sd: float | None = None
    arousal_sd: float | None = None
    windows: Sequence[WindowEmotion] = ()
    network: tuple[float, float] | None = None
    opinion: Opinion | None = None

    def as_dict(self, scale: Scale = "0-1") -> dict[str, object]:
        """Return the fields of the JSON contract; ``clips`` are its windows."""
        tags = self.track.tags
        return {
            **self.track.as_dict(scale),
            "valence_sd": length(self.valence_sd, scale, SECOND_DIGITS),
            "arousal_sd": length(self.arousal_sd, scale, SECOND_DIGITS),
            "network": None if self.network is None else point(*self.network, scale),
            "rating": None if self.opinion is None else self.opinion.as_dict(scale),
            "composer": tags.composer,
            "track": tags.track,
            "disc": tags.disc,
            "bpm": number(tags.bpm, SECOND_DIGITS),
            "samplerate": tags.sample_rate,
            "channels": tags.channels,
            "clips": [one.as_dict(scale) for one in self.windows],
        }


@dataclass(frozen=True, slots=True)
class Status:
    """The library in numbers.

    Parameters
    ----------
    library : its file
    tracks, analyzed, failed, missing : counts
    model : the active model
    indexed : sound vectors in the index
    roots : folders that were scanned
    partial : analyzed tracks of which only a part could be decoded
    upgrade : progress of the model in use, if it is to replace the active one
    quadrants : contents in each quadrant of the plane, see :mod:`musimo.search.plane`
    ratings : rated contents
    calibration : the calibration in effect
    heard : contents in which each tag is heard, the most frequent first; None where the model hears no tags
    """

    library: Path
    tracks: int
    analyzed: int
    failed: int
    missing: int
    model: str | None
    indexed: int
    roots: Sequence[Path]
    partial: int = 0
    upgrade: ModelUpgrade | None = None
    quadrants: Mapping[str, int] = field(default_factory=dict)
    ratings: int = 0
    calibration: AppliedCalibration | None = None
    heard: Mapping[str, int] | None = None

    def as_dict(self, scale: Scale = "0-1") -> dict[str, object]:
        """Return the fields of the JSON contract; the scale is of no account."""
        upgrade, calibration = self.upgrade, self.calibration
        return {
            **path_fields(os.fsencode(self.library), "library"),
            "tracks": self.tracks,
            "analyzed": self.analyzed,
            "partial": self.partial,
            "failed": self.failed,
            "missing": self.missing,
            "model": self.model,
            "next": upgrade
            and {"model": upgrade.model, "heard": upgrade.n_analyzed, "sounds": upgrade.n_contents},
            "indexed": self.indexed,
            "roots": [os.fsencode(root).decode(errors="replace") for root in self.roots],
            "quadrants": dict(self.quadrants),
            "ratings": self.ratings,
            "calibration": calibration and calibration.as_dict(),
            "heard": None if self.heard is None else dict(self.heard),
        }
