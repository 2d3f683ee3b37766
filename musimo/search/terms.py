"""Terms: what a word of a description can mean, so that a library can be ranked by it."""

from __future__ import annotations

from dataclasses import dataclass

from musimo.records.fields import CONFIDENCE_DIGITS, number
from musimo.search.plane import Point


@dataclass(frozen=True, slots=True)
class HeardTerm:
    """A tag that the model hears in the audio."""

    tag: str

    @property
    def label(self) -> str:
        """How an answer names the term."""
        return f"heard {self.tag}"


@dataclass(frozen=True, slots=True)
class GenreTerm:
    """A genre in the tags of files.

    Parameters
    ----------
    name : of the genre
    forms : folded names that stand for it in tags, each one or several whole words
    """

    name: str
    forms: tuple[str, ...]

    @property
    def label(self) -> str:
        """How an answer names the term."""
        return f"genre {self.name}"


@dataclass(frozen=True, slots=True)
class MoodTerm:
    """A mood: a point of the valence-arousal plane, in percentiles of the library."""

    word: str
    point: Point

    @property
    def label(self) -> str:
        """How an answer names the term."""
        return f"mood {self.word}"


@dataclass(frozen=True, slots=True)
class SpeedTerm:
    """A high or low estimated tempo, among those of the library."""

    fast: bool

    @property
    def label(self) -> str:
        """How an answer names the term."""
        return "high tempo" if self.fast else "low tempo"


@dataclass(frozen=True, slots=True)
class TempoTerm:
    """A range of the estimated tempo, in beats per minute."""

    low: float
    high: float

    @property
    def label(self) -> str:
        """How an answer names the term."""
        both = f"{self.low:g}" if self.low == self.high else f"{self.low:g} to {self.high:g}"
        return f"tempo {both}"


@dataclass(frozen=True, slots=True)
class KeyTerm:
    """An estimated key: one of ``keys``, which are of :data:`musimo.records.KEYS`."""

    name: str
    keys: tuple[str, ...]

    @property
    def label(self) -> str:
        """How an answer names the term."""
        return f"key {self.name}"


@dataclass(frozen=True, slots=True)
class YearsTerm:
    """Years in the tags of files, both inclusive."""

    first: int
    last: int

    @property
    def label(self) -> str:
        """How an answer names the term."""
        return f"year {self.first}" if self.first == self.last else f"years {self.first} to {self.last}"


Term = HeardTerm | GenreTerm | MoodTerm | SpeedTerm | TempoTerm | KeyTerm | YearsTerm


@dataclass(frozen=True, slots=True)
class Wanted:
    """A term, and whether a description asks for it or against it."""

    term: Term
    negated: bool = False

    @property
    def label(self) -> str:
        """How an answer names the term."""
        return f"not {self.term.label}" if self.negated else self.term.label


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or several that have a meaning together, of a description.

    Parameters
    ----------
    text : as typed
    wanted : terms it stands for; they count as one together
    through : known words in whose place it stands, such as those of a scene; empty for a known word
    negated : the description asks against it
    similarity : cosine to the known word in whose place it stands; None where it stands for it by a table
    """

    text: str
    wanted: tuple[Wanted, ...]
    through: tuple[str, ...] = ()
    negated: bool = False
    similarity: float | None = None

    def as_dict(self) -> dict[str, object]:
        """Return the fields of the JSON contract; ``as`` holds the words of a scene, or else the terms."""
        near = {} if self.similarity is None else {"similarity": number(self.similarity, CONFIDENCE_DIGITS)}
        terms = [one.label for one in self.wanted]
        return {"word": self.text, "as": list(self.labels), "terms": terms, "not": self.negated, **near}

    @property
    def labels(self) -> tuple[str, ...]:
        """How an answer says what the word was understood as."""
        return self.through or tuple(one.label for one in self.wanted)
