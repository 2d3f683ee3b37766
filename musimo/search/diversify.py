"""Caps on the number of tracks per artist and album, so that neither fills a whole list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Final, TypeVar

from musimo.records import Track

T = TypeVar("T")

GroupKeys = tuple[Hashable | None, ...]
"""Keys under which one track is counted, e.g. (artist, album, work); None in a position is never capped."""
CappedKey = tuple[int, Hashable]
"""A position in ``GroupKeys``, and the key there."""


def artist_key(track: Track) -> str | None:
    """Return the artist, or the album artist, without differences of case and blanks; None if unknown."""
    return _normalized(track.tags.artist) or _normalized(track.tags.albumartist)


def album_key(track: Track) -> tuple[str, str] | None:
    """Return artist and title of the album; None without an album.

    Titles alone are ambiguous (Greatest Hits). The album artist is what tracks of a compilation share; the
    artist of the track replaces a missing one.
    """
    album = _normalized(track.tags.album)
    if album is None:
        return None
    return _normalized(track.tags.albumartist) or _normalized(track.tags.artist) or "", album


class GroupCounter:
    """Count tracks by their keys, and compare the counts with caps.

    Parameters
    ----------
    caps : most tracks per key, one cap for each position of the keys; None for no cap
    """

    def __init__(self, caps: Sequence[int | None]) -> None:
        self._caps: Final = tuple(caps)
        self._counts: Final[Counter[CappedKey]] = Counter()

    def add(self, keys: GroupKeys) -> None:
        """Count a track."""
        self._counts.update(enumerate(keys))

    def remove(self, keys: GroupKeys) -> None:
        """Undo :meth:`add`."""
        self._counts.subtract(enumerate(keys))

    def allows(self, keys: GroupKeys) -> bool:
        """Return whether one more track with these keys stays within all caps."""
        return not self.full(keys)

    def full(self, keys: GroupKeys, more: Counter[CappedKey] | None = None) -> set[CappedKey]:
        """Return those keys of a track that have reached their cap, counting ``more`` as well."""
        return {
            (position, key)
            for position, (key, cap) in enumerate(zip(keys, self._caps, strict=True))
            if cap is not None
            and key is not None
            and self._counts[position, key] + (more[position, key] if more else 0) >= cap
        }


def diversify(
    ranked: Iterable[T],
    artist_of: Callable[[T], Hashable | None],
    album_of: Callable[[T], Hashable | None],
    max_per_artist: int | None,
    max_per_album: int | None,
    skip: Callable[[T], bool] = lambda _: False,
) -> Iterator[T]:
    """Yield the items of ``ranked`` in order, without those above the cap of their artist or album.

    Lazy: ``ranked`` is read only as far as items are requested. An item whose key is None has no cap; an
    item left out for one cap does not count towards the other.

    Parameters
    ----------
    ranked : items, best first
    artist_of, album_of : keys under which items are counted
    max_per_artist, max_per_album : most items per key, 1 or more; None for no cap
    skip : called once per item, in order and before the caps; true leaves the item out
    """
    counter = GroupCounter((max_per_artist, max_per_album))
    for item in ranked:
        if skip(item):
            continue
        keys = artist_of(item), album_of(item)
        if counter.allows(keys):
            counter.add(keys)
            yield item


def _normalized(text: str | None) -> str | None:
    return " ".join(text.casefold().split()) or None if text else None
