"""Queries for tracks by what people call them: a part of title or path, the name as printed, or words.

All of them look only at tracks that have each of the words, which one pass over the library finds: it folds
the names of many tracks as one text.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Select, func, or_, select

from musimo.library.db.folding import SEPARATOR, as_text, bare_text, fold, fold_case, without_punctuation
from musimo.library.db.queries import Store
from musimo.library.db.schema import roots, tracks
from musimo.library.db.tracks import IN_ORDER, track_of, track_query
from musimo.records import Track

PART: Final = 500  # tracks whose names are folded as one text
MAX_CANDIDATES: Final = 2_000  # for more, a condition on their ids saves nothing
_TAGS: Final = (tracks.c.title, tracks.c.artist, tracks.c.albumartist, tracks.c.album)


class Named:
    """The tracks of a library that may be called by some words."""

    def __init__(self, store: Store, words: str) -> None:
        self._store = store
        self._typed = as_text(os.fsencode(words))
        folded = fold(self._typed).split()
        self._needles = " ".join(bare for word in folded if (bare := without_punctuation(word)))
        self._ids = self._candidates()

    def containing(self, limit: int, *, accents: bool) -> list[Track]:
        """Return tracks whose title or path contains the words, or that are called so; exact names first.

        A track is called ``Artist - Title``, with any dash. Case never counts, accents and the typography of
        title and path do if ``accents``. Of exact copies, only the first by path is returned; see also
        :meth:`musimo.library.db.queries.Store.offered`.
        """
        typed = self._typed
        needle, in_sql = (fold_case(typed), func.fold_case) if accents else (fold(typed), func.fold)
        path = in_sql(func.full_path(roots.c.path, tracks.c.path))
        title = in_sql(tracks.c.title)
        artist = func.coalesce(tracks.c.artist, tracks.c.albumartist)
        names = [title == needle]
        if " - " in fold(typed):
            names.append(func.fold(artist + " - " + tracks.c.title) == fold(typed))
        exact = or_(*(func.coalesce(name, False) for name in names))
        contains = or_(func.instr(title, needle) > 0, func.instr(path, needle) > 0, exact)
        return self._first(contains, (exact.desc(), *IN_ORDER), limit)

    def with_words(self, limit: int) -> list[Track]:
        """Return tracks that have each word in artist, title, album or path; without punctuation."""
        if not self._needles:
            return []
        path = func.full_path(roots.c.path, tracks.c.path)
        return self._first(func.has_words(self._needles, path, *_TAGS), IN_ORDER, limit)

    def _candidates(self) -> list[int] | None:
        """Return ids of tracks that have all needles in names and path; None for too many, or no needles."""
        needles, found = self._needles.split(), list[int]()
        prefixes = {row.id: os.path.join(row.path, b"") for row in self._store.rows(select(roots))}
        query = select(tracks.c.id, tracks.c.root_id, tracks.c.path, *_TAGS)
        with self._store.connect() as connection:
            cursor = connection.execute(query.where(tracks.c.missing_since.is_(None))).cursor
            while needles and (rows := cursor.fetchmany(PART)):
                names = [
                    f"{as_text(prefixes[root_id] + path)}\n{title}\n{artist}\n{albumartist}\n{album}"
                    for _, root_id, path, title, artist, albumartist, album in rows
                ]
                text = bare_text(names)
                if not all(needle in text for needle in needles):
                    continue
                lines = text.split(SEPARATOR)
                if len(lines) != len(rows):  # a tag holds a separator
                    lines = [text] * len(rows)
                found += [
                    row[0]
                    for row, line in zip(rows, lines, strict=True)
                    if all(needle in line for needle in needles)
                ]
                if len(found) > MAX_CANDIDATES:
                    return None
        return found if needles else None

    def _first(self, condition: Any, order: Sequence[Any], limit: int) -> list[Track]:
        """Return the first tracks that meet a condition, without exact copies of those before."""
        if self._ids == []:
            return []
        query: Select[Any] = track_query(self._store.model).where(self._store.offered(), condition)
        if self._ids is not None:
            query = query.where(tracks.c.id.in_(self._ids))
        found: dict[int | None, Track] = {}
        with self._store.connect() as connection:
            for row in connection.execution_options(yield_per=100).execute(query.order_by(*order)):
                found.setdefault(-row.id if row.content_id is None else row.content_id, track_of(row))
                if len(found) == limit:
                    break
        return list(found.values())
