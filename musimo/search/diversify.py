"""Caps on the number of tracks per artist and album, so that neither fills a whole list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Final, TypeVar

T = TypeVar("T")

GroupKeys = tuple[Hashable | None, ...]
"""Keys under which one track is counted, as artist, album, work; None in a position is never capped."""
CappedKey = tuple[int, Hashable]
"""A position in ``GroupKeys``, and the key there."""


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
    keys_of: Callable[[T], GroupKeys],
    caps: Sequence[int | None],
    skip: Callable[[T], bool] = lambda _: False,
) -> Iterator[T]:
    """Yield the items of ``ranked`` in order, without those above the cap of one of their keys.

    Lazy: ``ranked`` is read only as far as items are requested. An item whose key is None has no cap; an
    item left out for one cap does not count towards the others.

    Parameters
    ----------
    ranked : items, best first
    keys_of : keys under which an item is counted
    caps : most items per key, 1 or more, for each position of the keys; None for no cap
    skip : called once per item, in order and before the caps; true leaves the item out
    """
    counter = GroupCounter(caps)
    for item in ranked:
        if skip(item):
            continue
        keys = keys_of(item)
        if counter.allows(keys):
            counter.add(keys)
            yield item
