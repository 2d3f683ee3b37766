"""Seeds: the tracks a query is asked with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from musimo.records import Descriptors, Track


@dataclass(frozen=True, slots=True)
class Seed:
    """A track to ask with.

    Parameters
    ----------
    track : as results show it; its id is None for a file outside the library
    sound : its descriptors, one row
    content : id of its content in the library; None where the library does not have it
    """

    track: Track
    sound: Descriptors
    content: int | None

    @property
    def key(self) -> bytes:
        """Key equal for seeds of the same audio; a passage differs from its track."""
        blocks = (getattr(self.sound, block) for block in Descriptors.__dataclass_fields__)
        return b"".join(block.tobytes() for block in blocks)


def distinct(seeds: Iterable[Seed]) -> list[Seed]:
    """Return the seeds without repeated audio, the first of each."""
    return list({seed.key: seed for seed in reversed([*seeds])}.values())[::-1]


def without(seeds: Iterable[Seed], others: Iterable[Seed]) -> list[Seed]:
    """Return the seeds whose audio is none of the others'."""
    known = {other.key for other in others}
    return [seed for seed in seeds if seed.key not in known]
