"""Keeping one artist or one album from filling a whole answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

from musimo.records import Track

T = TypeVar("T")


def artist_key(track: Track) -> str | None:
    """Who plays, written the same however the tag is; None where nobody is named."""
    return _name(track.tags.artist) or _name(track.tags.albumartist)


def album_key(track: Track) -> tuple[str, str] | None:
    """Which album: its artist and its name, for many are called Greatest Hits; None without an album.

    The album artist is what holds a compilation together; the track's own artist stands in for it.
    """
    album = _name(track.tags.album)
    if album is None:
        return None
    return _name(track.tags.albumartist) or _name(track.tags.artist) or "", album


def diversify(
    ranked: Iterable[T],
    artist_of: Callable[[T], Hashable | None],
    album_of: Callable[[T], Hashable | None],
    max_per_artist: int | None,
    max_per_album: int | None,
    passed_over: Callable[[T], bool] = lambda _: False,
) -> Iterator[T]:
    """Yield ``ranked`` in its order, leaving out what goes past the cap of its artist or album.

    Lazy: nothing is read from ``ranked`` beyond what is asked for. An item whose key is None counts as
    an artist, or album, of its own; an item left out for one cap does not count against the other.

    Parameters
    ----------
    ranked : items, best first
    artist_of, album_of : keys under which items are counted
    max_per_artist, max_per_album : most items of one key, 1 or more; None for no cap
    passed_over : asked of each item in turn, before the caps: whether it is left out for one that was yielded
    """
    per_artist: Counter[Hashable] = Counter()
    per_album: Counter[Hashable] = Counter()
    for item in ranked:
        if passed_over(item):
            continue
        artist, album = artist_of(item), album_of(item)
        if _full(per_artist, artist, max_per_artist) or _full(per_album, album, max_per_album):
            continue
        per_artist[artist] += 1
        per_album[album] += 1
        yield item


def _full(counts: Counter[Hashable], key: Hashable | None, most: int | None) -> bool:
    return most is not None and key is not None and counts[key] >= most


def _name(text: str | None) -> str | None:
    return " ".join(text.casefold().split()) or None if text else None
