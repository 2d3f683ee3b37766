"""musimo's answers in the files themselves, from Python: what the command ``tag`` does.

from musimo import Library, tagging
library = Library.open()
for tagged in tagging.write(library, tagging.wishes(library)):
    print(tagged.state, tagged.wish.track.path, tagged.reason)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from musimo.api import Library
from musimo.errors import NotFoundError
from musimo.library.db.lock import hold
from musimo.library.tagging import Tagged, Wish, tag
from musimo.records import Filter, FloatArray, Track
from musimo.search.mood_words import words_for
from musimo.search.selection import Selection

DIGITS = 3  # of valence and arousal: the network is far from certain in the second
SEPARATOR = "; "  # between words, as between several values of other tags


def wishes(
    library: Library,
    *named: str | Path,
    where: Sequence[Filter] = (),
    absolute: bool = False,
    remove: bool = False,
) -> list[Wish]:
    """What files are to say in musimo's fields; of tracks that are not analysed, that there is nothing.

    Parameters
    ----------
    named : tracks, each a path, an id, or a part of a title or path only one track has; none for all
    where : conditions on them
    absolute : words for moods are read on the plane, not in percentiles of the library's own sounds
    remove : they are to say nothing any more

    Raises
    ------
    NotFoundError, UsageError : no such track, or several
    """
    found = [_found(library, track) for track in named] or library.tracks(Selection(None, where, None, None))
    if remove:
        return [Wish(track, {}) for track in found]
    words = mood_words(library, absolute=absolute)
    return [_wish(track, words) for track in found]


def mood_words(library: Library, *, absolute: bool = False) -> Callable[[float, float], str]:
    """What puts a valence and an arousal, 0..1, into words: ``calm; peaceful``.

    Words mean percentiles of the library's own sounds, as in ``mood calm``, unless ``absolute``.
    """
    own = library.settings.moods
    heard = np.sort(library.opened.store.moods()[1], axis=0)

    def words(valence: float, arousal: float) -> str:
        point = (valence, arousal)
        if not absolute and len(heard):
            point = (_percentile(heard[:, 0], valence), _percentile(heard[:, 1], arousal))
        return SEPARATOR.join(words_for(point, own))

    return words


def look(library: Library, wanted: Sequence[Wish]) -> Iterator[Tagged]:
    """What :func:`write` would do; nothing is written."""
    return tag(library.opened.store, wanted, write=False)


def write(
    library: Library,
    wanted: Sequence[Wish],
    *,
    keep_mtime: bool = False,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Tagged]:
    """Write into files what they are to say, and tell of each; see :mod:`musimo.audio.tag_writing`.

    Raises
    ------
    LibraryError : another process is writing to the library
    """
    store = library.opened.store
    with hold(store.path):
        yield from tag(store, wanted, write=True, keep_mtime=keep_mtime, stop=stop)


def _found(library: Library, named: str | Path) -> Track:
    track = library.find(named)
    if track is None:
        raise NotFoundError(f"{named} is not in the library", "scan its folder first")
    return track


def _percentile(ordered: FloatArray, value: float) -> float:
    """The share of values below, and half of the equal ones."""
    below, not_above = (np.searchsorted(ordered, np.float32(value), side) for side in ("left", "right"))
    return float(below + not_above) / (2 * len(ordered))


def _wish(track: Track, words: Callable[[float, float], str]) -> Wish:
    if track.valence is None or track.arousal is None:
        return Wish(track, {}, "it is not analysed")
    fields = {
        "MUSIMO_VALENCE": f"{track.valence:.{DIGITS}f}",
        "MUSIMO_AROUSAL": f"{track.arousal:.{DIGITS}f}",
        "MUSIMO_MOOD": words(track.valence, track.arousal),
    }
    if track.tempo_key is not None and track.tempo_key.tempo is not None:
        fields["MUSIMO_BPM"] = f"{track.tempo_key.tempo:.1f}"
    return Wish(track, fields)
