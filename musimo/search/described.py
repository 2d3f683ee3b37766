"""The query ``find``: tracks that match a description."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from musimo.library.db.facts import TrackFacts
from musimo.library.db.queries import Store
from musimo.records import DoubleArray, HeardScores
from musimo.search.order import Order, reorder
from musimo.search.rows import FoundTrack, WordValue
from musimo.search.selection import Selection, allowed, select_ranked
from musimo.search.space import Ids
from musimo.search.term_scores import Scorer
from musimo.search.terms import Word


@dataclass(frozen=True, slots=True)
class FindQuery:
    """What ``find`` is asked.

    Parameters
    ----------
    words : of the description, one or more
    selection : which tracks may be listed, and how many
    order : of the rows that are chosen
    explain : attach to each row the value of each word
    """

    words: Sequence[Word]
    selection: Selection
    order: Order
    explain: bool


def described(
    store: Store, facts: TrackFacts, heard: HeardScores, query: FindQuery
) -> tuple[FoundTrack, ...]:
    """Return the tracks that match best, best first unless ordered otherwise."""
    scorer = Scorer(facts, heard)
    scores, values = scorer.score(query.words)
    ranking = _ranked(facts, scores, allowed(store, query.selection))
    listed = select_ranked(store, ranking, query.selection)
    rows = [FoundTrack(rank, row.score, row.track, row.versions) for rank, row in enumerate(listed.rows, 1)]
    if query.explain:
        rows = _explained(rows, facts, scorer, query.words, values)
    return tuple(reorder(rows, query.order))


def _ranked(facts: TrackFacts, scores: DoubleArray, ids: Ids | None) -> Iterator[tuple[int, float]]:
    """Yield content ids and scores, best first; a content counts once, by the best of its files."""
    kept = np.arange(len(facts)) if ids is None else np.flatnonzero(np.isin(facts.contents, ids))
    order = kept[np.lexsort((facts.track_ids[kept], -scores[kept]))]
    seen: set[int] = set()
    for content, score in zip(facts.contents[order].tolist(), scores[order].tolist(), strict=True):
        if content not in seen:
            seen.add(content)
            yield content, score


def _explained(
    rows: Sequence[FoundTrack],
    facts: TrackFacts,
    scorer: Scorer,
    words: Sequence[Word],
    values: Sequence[DoubleArray],
) -> list[FoundTrack]:
    """Attach the value of each word, and of its terms that are known."""
    parts = [[(one.label, scorer.value(one)) for one in word.wanted] for word in words]
    places = {track_id: place for place, track_id in enumerate(facts.track_ids.tolist())}
    explained: list[FoundTrack] = []
    for row in rows:
        at = places.get(row.track.id or 0)
        why = (
            ()
            if at is None
            else tuple(
                WordValue(
                    f"not {word.text}" if word.negated else word.text,
                    float(value[at]),
                    tuple((label, float(known[at])) for label, known in part if not np.isnan(known[at])),
                )
                for word, value, part in zip(words, values, parts, strict=True)
            )
        )
        explained.append(FoundTrack(row.rank, row.score, row.track, row.versions, why))
    return explained
