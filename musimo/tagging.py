"""musimo's answers in the files themselves, from Python: what the command ``tag`` does.

from musimo import Library, tagging
library = Library.open()
for tagged in tagging.write(library, tagging.wishes(library)):
    print(tagged.state, tagged.wish.track.path, tagged.reason)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from musimo.api import Library
from musimo.errors import NotFoundError
from musimo.library.lock import hold
from musimo.library.tagging import Tagged, Wish, tag
from musimo.records import Filter, Track
from musimo.search.mood_names import words_for
from musimo.search.plane import Plane, Point
from musimo.search.selection import Selection

DIGITS = 3  # of valence and arousal: the network is far from certain in the second


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
    places = {} if absolute else _percentiles(library)
    own = library.settings.moods
    return [_wish(track, places.get(track.content or 0), own) for track in found]


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


def _percentiles(library: Library) -> dict[int, Point]:
    """Where each sound lies among the library's own, by id."""
    ids, places = library.opened.store.moods()
    plane = Plane(ids, places).relative()
    return {
        id_: (valence, arousal)
        for id_, (valence, arousal) in zip(plane.ids.tolist(), plane.places.tolist(), strict=True)
    }


def _wish(track: Track, place: Point | None, own: dict[str, Point]) -> Wish:
    if track.valence is None or track.arousal is None:
        return Wish(track, {}, "it is not analysed")
    fields = {
        "MUSIMO_VALENCE": f"{track.valence:.{DIGITS}f}",
        "MUSIMO_AROUSAL": f"{track.arousal:.{DIGITS}f}",
        "MUSIMO_MOOD": "; ".join(words_for(place or (track.valence, track.arousal), own)),
    }
    if track.tempo_key is not None and track.tempo_key.tempo is not None:
        fields["MUSIMO_BPM"] = f"{track.tempo_key.tempo:.1f}"
    return Wish(track, fields)
