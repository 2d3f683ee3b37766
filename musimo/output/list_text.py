"""Text around a table of tracks: versions, order, length and explanations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from musimo.output.naming import artist_and_title
from musimo.output.tables import UNKNOWN, Column, clock, decimal, duration
from musimo.output.text import cut, safe, width
from musimo.records import KeyNotation, TempoKey, Track, written_key
from musimo.records.scale import RANGES, Scale
from musimo.search.description import Description
from musimo.search.explain import Explanation, alike, genres_of
from musimo.search.order import Order
from musimo.search.rows import WordValue
from musimo.search.terms import Word
from musimo.search.track_distances import key_of, tempo_of

INDENT: Final = "      "  # as far as the names after "like  "
EXPLANATION_INDENT: Final = "    "  # so that the number of the row stands out
TITLE_COLUMNS: Final = 24  # of a seed's title before an explanation
MAX_HEARD: Final = 5  # tags of an explanation
_DIGITS: Final = 2  # neighbors differ in the first
_ORDERS: Final[dict[Order, str]] = {
    "similarity": "",
    "mood": "in order of mood: from calm to excited and back",
    "flow": "in order of flow: small steps in mood, tempo and key",
}


def versions_line(versions: Sequence[Track]) -> list[str]:
    """Return how many versions of a seed are left out; nothing for none."""
    if not versions:
        return []
    what = "version of it is" if len(versions) == 1 else "versions of it are"
    return [f"{INDENT}{len(versions)} other {what} left out"]


def tonal_columns(keys: KeyNotation | None, order: Order = "similarity") -> tuple[Column, ...]:
    """Return columns for tempo and key where they decide the order, or keys are asked for in a notation."""
    return (Column("tempo", right=True), Column("key")) if keys or order == "flow" else ()


def tonal_cells(tempo_key: TempoKey | None, keys: KeyNotation | None) -> tuple[str, str]:
    """Return whole beats per minute, and the key in a notation, by default ``Am``, ``Db``."""
    if tempo_key is None:
        return UNKNOWN, UNKNOWN
    return decimal(tempo_key.tempo, 0), written_key(tempo_key.key, keys or "musical") or UNKNOWN


def order_line(order: Order) -> list[str]:
    """Return the order of the rows; nothing if it is that of their rank."""
    return [f"{INDENT}{_ORDERS[order]}"] if _ORDERS[order] else []


def versions_cells(rows: Sequence[Sequence[Track]]) -> list[str]:
    """Return for each row how many versions it represents beside itself; empty if no row does."""
    if not any(rows):
        return []
    return [f"+{len(versions)}" if versions else "" for versions in rows]


def length(tracks: Sequence[Track], duration_s: float) -> str:
    """Return the length of a list, and the length that was asked for."""
    n = "1 track" if len(tracks) == 1 else f"{len(tracks)} tracks"
    total = duration(sum(track.duration_s or 0 for track in tracks))
    return f"{n}, {total}; asked for {clock(duration_s)}"


def explained(
    explanation: Explanation, asked: Sequence[Track], found: Track, scale: Scale, columns: int
) -> list[str]:
    """Return what a result and its seed have in common and what not, in lines of at most ``columns``.

    The title of the seed is included if there are several seeds.
    """
    seed = asked[explanation.seed]
    verdicts = alike(explanation)
    groups: dict[str, list[str]] = {"alike": [], "unlike": []}
    for name, fact in _facts(explanation, seed, found, scale):
        groups["alike" if verdicts[name] else "unlike"].append(fact)
    if explanation.heard:
        groups["alike"].append(f"heard in both: {safe(', '.join(explanation.heard[:MAX_HEARD]))}")
    lists = [[f"{word}: {facts[0]}", *facts[1:]] for word, facts in groups.items() if facts]
    pieces = [f"{fact}," for facts in lists for fact in facts]
    for facts in lists[:-1]:
        pieces[len(facts) - 1] = f"{facts[-1]};"
    pieces[-1] = pieces[-1].removesuffix(",")
    if len(asked) > 1:
        pieces[0] = f"({cut(safe(artist_and_title(seed)[1]), TITLE_COLUMNS)}) {pieces[0]}"
    return _packed(pieces, columns)


def description_lines(description: Description, columns: int) -> list[str]:
    """Return a description, and how each of its words was understood, in lines of at most ``columns``."""
    lines = [cut(f"find  {safe(description.text)}", columns)]
    pieces = [f"{understood(word)};" for word in description.words]
    pieces[-1] = pieces[-1].removesuffix(";")
    lines += _packed(pieces, columns, INDENT)
    lines += [f"{INDENT}{safe(sentence)}" for sentence in not_answered(description)]
    return lines


def understood(word: Word) -> str:
    """Return a word and what it was understood as: ``rainy → calm, ambient``."""
    sign = "→" if word.similarity is None else "≈"
    typed = f"not {word.text}" if word.negated else word.text
    return safe(f"{typed} {sign} {', '.join(word.labels)}")


def not_answered(description: Description) -> list[str]:
    """Return sentences that name the words without an answer."""
    sentences = []
    if description.unknown:
        sentences.append(f"not understood: {', '.join(description.unknown)}")
    if description.unanswered:
        sentences.append(f"nothing is known in this library of: {', '.join(description.unanswered)}")
    return sentences


def word_values(values: Sequence[WordValue], columns: int) -> list[str]:
    """Return the value of each word, and of its parts, in lines of at most ``columns``."""
    pieces = []
    for one in values:
        parts = ", ".join(f"{label} {decimal(value, _DIGITS)}" for label, value in one.parts)
        pieces.append(safe(f"{one.word} {decimal(one.value, _DIGITS)}{f' ({parts})' if parts else ''};"))
    if pieces:
        pieces[-1] = pieces[-1].removesuffix(";")
    return _packed(pieces, columns)


def _facts(one: Explanation, seed: Track, found: Track, scale: Scale) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each known fact."""
    timbre, network = decimal(one.statistics, _DIGITS), decimal(one.fused, _DIGITS)
    yield "sound", f"sound {decimal(one.sound, _DIGITS)} (timbre {timbre}, network {network})"
    low, high = RANGES[scale]
    stretch = high - low
    if one.mood_distance is not None:
        differences = (one.valence_difference or 0, one.arousal_difference or 0)
        valence, arousal = (f"{apart * stretch:+.{_DIGITS}f}" for apart in differences)
        distance = decimal(one.mood_distance * stretch, _DIGITS)
        yield "mood", f"mood {distance} apart (valence {valence}, arousal {arousal})"
    if one.tempo_ratio is not None:
        yield "tempo", f"tempo {decimal(tempo_of(seed), 0)} to {decimal(tempo_of(found), 0)}"
    if one.key_steps is not None:
        relation = "" if one.key_relation in ("same", "other") else f"{one.key_relation}, "
        steps = "1 step" if one.key_steps == 1 else f"{one.key_steps} steps"
        yield "key", f"key {safe(key_of(seed) or '')} to {safe(key_of(found) or '')} ({relation}{steps})"
    if one.genres is not None:
        genres = " to ".join(", ".join(genres_of(track)) for track in (seed, found))
        yield "genre", f"genre {safe(', '.join(one.genres) or genres)}"


def _packed(pieces: Sequence[str], columns: int, indent: str = EXPLANATION_INDENT) -> list[str]:
    """Fill indented lines of at most ``columns`` with pieces of text; cut a piece that is longer."""
    room = max(columns - len(indent), 1)
    lines: list[str] = []
    for piece in pieces:
        if lines and width(lines[-1]) + 1 + width(piece) <= room:
            lines[-1] += f" {piece}"
        else:
            lines.append(cut(piece, room))
    return [indent + line for line in lines]
