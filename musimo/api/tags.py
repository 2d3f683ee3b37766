"""``Library.tags``: valence, arousal, mood, tempo, key and tags heard in the files' own tags."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from musimo.api.seeds import AnyTrack, known_track
from musimo.api.session import Session
from musimo.library.db.lock import hold
from musimo.library.tagging import TagResult, TagUpdate, tag
from musimo.records import KeyNotation, Track, written_key
from musimo.search.mood_words import words_for
from musimo.search.plane import percentile
from musimo.search.selection import Selection, Where, select_tracks

PART = "it is one track of a larger file, by its cue sheet; the file's tags are those of the whole"
DIGITS = 3  # of valence and arousal: the network's error is in the second
SEPARATOR = "; "  # between words, as between several values of other tags

MoodWords = Callable[[float, float], str]
"""Puts valence and arousal, 0..1, into words: ``calm; peaceful``."""


class Tags:
    """musimo's own fields in the tags of files. Only :meth:`write` writes."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def updates(
        self,
        *tracks: AnyTrack,
        where: Where = (),
        absolute: bool = False,
        remove: bool = False,
        key_notation: KeyNotation | None = None,
    ) -> list[TagUpdate]:
        """Return what the files should say in musimo's fields; a track not analyzed has a reason instead.

        Parameters
        ----------
        tracks : of the library; none for all that ``where`` allows
        where : conditions on all tracks
        absolute : take words for moods from the plane, not from percentiles of the library
        remove : remove the fields
        key_notation : how keys are written; None for the setting, by default ``musical``

        Raises
        ------
        NotFoundError, UsageError : no track is meant, or several
        """
        found = [known_track(self._session, track) for track in tracks] or self._all(where)
        if remove:
            return [TagUpdate(track, {}, PART if track.part else "") for track in found]
        words = self.mood_words(absolute=absolute)
        notation = key_notation or self._session.settings.key_notation or "musical"
        return [_update(track, words, notation) for track in found]

    def mood_words(self, *, absolute: bool = False) -> MoodWords:
        """Return a function that puts valence and arousal into words.

        Words stand for percentiles of the library, as in ``mood calm``, unless ``absolute``.
        """
        own = self._session.settings.moods
        ordered = np.sort(self._session.store.emotions()[1], axis=0)

        def words(valence: float, arousal: float) -> str:
            point = (valence, arousal)
            if not absolute and len(ordered):
                point = (percentile(ordered[:, 0], valence), percentile(ordered[:, 1], arousal))
            return SEPARATOR.join(words_for(point, own))

        return words

    def preview(self, updates: Sequence[TagUpdate]) -> Iterator[TagResult]:
        """Yield what :meth:`write` would do; nothing is written."""
        return tag(self._session.store, updates, write=False)

    def write(
        self,
        updates: Sequence[TagUpdate],
        *,
        keep_mtime: bool = False,
        stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[TagResult]:
        """Write updates into the files, yielding the result of each; see :mod:`musimo.audio.tag_writing`.

        Parameters
        ----------
        keep_mtime : keep the files' modification times
        stop : asked between files

        Raises
        ------
        LibraryError : another process writes to the library
        """
        store = self._session.store
        with hold(store.path):
            yield from tag(store, updates, write=True, keep_mtime=keep_mtime, stop=stop)

    def _all(self, where: Where) -> Iterable[Track]:
        everything = Selection(None, where, None, None, fold_versions=False)
        return select_tracks(self._session.store, everything)


def _update(track: Track, words: MoodWords, notation: KeyNotation) -> TagUpdate:
    if track.part is not None:
        return TagUpdate(track, {}, PART)
    if track.valence is None or track.arousal is None:
        return TagUpdate(track, {}, "it is not analyzed")
    fields = {
        "MUSIMO_VALENCE": f"{track.valence:.{DIGITS}f}",
        "MUSIMO_AROUSAL": f"{track.arousal:.{DIGITS}f}",
        "MUSIMO_MOOD": words(track.valence, track.arousal),
    }
    if track.tempo_key is not None and track.tempo_key.tempo is not None:
        fields["MUSIMO_BPM"] = f"{track.tempo_key.tempo:.1f}"
    if track.tempo_key is not None and (key := written_key(track.tempo_key.key, notation)) is not None:
        fields["MUSIMO_KEY"] = key
    if track.heard:
        fields["MUSIMO_HEARD"] = SEPARATOR.join(one.tag for one in track.heard)
    return TagUpdate(track, fields)
