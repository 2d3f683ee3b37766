"""``Library.find``: a description, the dictionary it is read by, and its result."""

from __future__ import annotations

from musimo.api.session import Session
from musimo.errors import NotFoundError
from musimo.library.db.facts import TrackFacts, track_facts
from musimo.records import HeardScores
from musimo.search.described import FindQuery, described
from musimo.search.description import Description, Dictionary
from musimo.search.explain import split_genres
from musimo.search.order import Order
from musimo.search.results import FindResult
from musimo.search.selection import Selection
from musimo.search.word_vectors import nearest_name

NO_WORD = (
    "describe music by moods, genres, instruments, voices, tempi, keys, decades or scenes: "
    'musimo find "calm jazz without vocals"; [words] in the settings adds words'
)


def find(
    session: Session, text: str, *, order: Order, explain: bool, selection: Selection | None
) -> FindResult:
    """Answer :meth:`musimo.Library.find`."""
    session.moods()  # NotFoundError where no track is analyzed
    store = session.store
    facts, heard = track_facts(store), session.heard()
    description = dictionary(session, facts, heard).read(text)
    if not description.words:
        raise NotFoundError(_not_understood(description, heard), NO_WORD)
    selection = selection or Selection()
    rows = described(store, facts, heard, FindQuery(description.words, selection, order, explain))
    return FindResult(rows, description, order, selection.duration_s, explain)


def dictionary(session: Session, facts: TrackFacts, heard: HeardScores) -> Dictionary:
    """Return the names that descriptions of this library may hold."""
    settings = session.settings
    tagged = {genre for genre in facts.genres.tolist() if genre}
    genres = {genre for tag in tagged for genre in split_genres(tag)}
    return Dictionary(heard.tags, frozenset(genres), settings.words, settings.moods, nearest_name)


def _not_understood(description: Description, heard: HeardScores) -> str:
    if description.unknown:
        return f"no word of {description.text!r} is understood: {', '.join(description.unknown)}"
    if description.unanswered:
        said = ", ".join(description.unanswered)
        model = "" if heard.tags else "; the active model hears no tags"
        return f"nothing is known of {said} in this library: no genre tag says so{model}"
    return f"{description.text!r} says nothing about music"
