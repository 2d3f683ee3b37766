"""What ``similar`` is asked with, and its list: the tracks that sound like the seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from musimo.library.db.queries import Store
from musimo.records import Descriptors, SimilarTrack, Track
from musimo.search.index import VectorIndex
from musimo.search.indexes import Indexes
from musimo.search.query import nearest_sounds
from musimo.search.selection import Selection, allowed, select_ranked
from musimo.search.space import By


@dataclass(frozen=True, slots=True)
class Seed:
    """A track to ask with.

    Parameters
    ----------
    track : as it is shown; its id is None for a file outside the library
    sound : its blocks, in one row
    content : id of its sound in the library; None where the library does not have it
    """

    track: Track
    sound: Descriptors
    content: int | None

    @property
    def key(self) -> bytes:
        """Equal for seeds of one sound; a passage is another sound than its track."""
        blocks = (getattr(self.sound, block) for block in Descriptors.__dataclass_fields__)
        return b"".join(block.tobytes() for block in blocks)


@dataclass(frozen=True, slots=True)
class Alike:
    """Tracks that sound like the seeds, best first.

    ``versions`` has, for each seed, the versions of its piece that would have stood in the list as well;
    ``index`` was asked.
    """

    seeds: tuple[Seed, ...]
    rows: tuple[SimilarTrack, ...]
    versions: tuple[tuple[Track, ...], ...]
    index: VectorIndex


def distinct(seeds: Iterable[Seed]) -> list[Seed]:
    """The seeds, each sound once."""
    return list({seed.key: seed for seed in reversed([*seeds])}.values())[::-1]


def without(seeds: Iterable[Seed], others: Iterable[Seed]) -> list[Seed]:
    """Those seeds whose sound is none of the others'."""
    known = {other.key for other in others}
    return [seed for seed in seeds if seed.key not in known]


def sounding_like(
    store: Store,
    indexes: Indexes,
    index: VectorIndex,
    seeds: Sequence[Seed],
    unlike: Sequence[Seed],
    by: By,
    selection: Selection,
    min_similarity: float,
) -> Alike:
    """Tracks that sound like the seeds and less like others, without either and their exact copies."""
    asked = {seed.content for seed in (*seeds, *unlike)}
    wanted, unwanted = (indexes.query_vectors([seed.sound for seed in side], by) for side in (seeds, unlike))
    fresh = (
        (content, similarity)
        for content, similarity in nearest_sounds(index, wanted, unwanted, allowed(store, selection))
        if content not in asked and similarity >= min_similarity
    )
    listed = select_ranked(store, fresh, selection, [seed.track for seed in (*seeds, *unlike)])
    rows = (SimilarTrack(rank, row.score, row.track, row.versions) for rank, row in enumerate(listed.rows, 1))
    return Alike(tuple(seeds), tuple(rows), listed.of_asked[: len(seeds)], index)
