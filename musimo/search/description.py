"""Read a description: words to terms, negations, and the words that are not understood.

Names of several words come first ("hip hop", "late night", "no vocals"). A name is looked up in this order:
the user's ``[words]`` and ``[moods]``, values (120 bpm, A minor, 80s), scenes, the vocabulary and the moods,
tags that the model hears, genres in the tags of the library's files. A word without any meaning so far
stands for the nearest known word by word vectors, if one is near enough; else it is unknown.

``not``, ``without``, ``no`` and ``-word`` ask against the word that follows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, Protocol

from musimo.audio.paths import typed_text
from musimo.errors import UsageError
from musimo.library.db.folding import fold
from musimo.search.mood_suggestions import word_keys
from musimo.search.mood_vocabulary import FORMS
from musimo.search.mood_words import MOODS
from musimo.search.plane import Point
from musimo.search.scenes import SCENE_FORMS, SCENES
from musimo.search.term_scores import has_genre
from musimo.search.term_values import LONGEST_VALUE, value_of
from musimo.search.terms import GenreTerm, HeardTerm, MoodTerm, SpeedTerm, Wanted, Word
from musimo.search.vocabulary import ALTERNATIVES, CONCEPTS, FILLERS, NEGATIONS, OPPOSITES, Concept

LONGEST: Final = 6  # words in a name
MAX_WORDS: Final = 60  # in a description; more are a pasted text
_TOKEN: Final = re.compile(r"[^\s,;.!?()\"“”„]+(?:\.\.[^\s,;]+)?")
_SPLIT: Final = re.compile(r"[/+]| - ")


class Nearest(Protocol):
    """Find the known name that a word is nearest to, with their similarity; None where none is near."""

    def __call__(self, word: str, names: Mapping[str, Point | None], /) -> tuple[str, float] | None:
        """Return the name and the similarity."""


def nothing_near(word: str, names: Mapping[str, Point | None], /) -> tuple[str, float] | None:
    """Find nothing, as if there were no word vectors."""
    return None


@dataclass(frozen=True, slots=True)
class Description:
    """A description that was read.

    Parameters
    ----------
    text : as typed
    words : that were understood
    unknown : words that were not
    unanswered : words that were, but of which neither the model nor the files of this library say anything
    """

    text: str
    words: tuple[Word, ...]
    unknown: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the fields of the JSON contract."""
        return {
            "text": self.text,
            "understood": [word.as_dict() for word in self.words],
            "unknown": list(self.unknown),
            "unanswered": list(self.unanswered),
        }


@dataclass(frozen=True)
class Dictionary:
    """All names that a description may hold, for one library.

    Parameters
    ----------
    tags : that the active model hears
    genres : in the tags of files, as they are spelled there
    own_words : names of the user, each with a description
    own_moods : moods of the user, each with its point
    nearest : looks an unknown word up
    """

    tags: Collection[str] = ()
    genres: Collection[str] = ()
    own_words: Mapping[str, str] = field(default_factory=dict)
    own_moods: Mapping[str, Point] = field(default_factory=dict)
    nearest: Nearest = nothing_near

    def read(self, text: str) -> Description:
        """Read a description; terms of which this library says nothing are left out.

        Raises
        ------
        UsageError : it is empty or far too long, or a definition of the user is not understood
        """
        read = self._read(text, frozenset())
        words = [replace(word, wanted=tuple(filter(self._says, word.wanted))) for word in read.words]
        silent = dict.fromkeys(word.text for word in words if not word.wanted)
        return replace(read, words=tuple(word for word in words if word.wanted), unanswered=tuple(silent))

    def _says(self, wanted: Wanted) -> bool:
        """Return whether the library can answer a term."""
        match wanted.term:
            case HeardTerm(tag):
                return tag in self.tags
            case GenreTerm(forms=forms):
                return any(has_genre(genre, forms) for genre in self.genres)
            case _:
                return True

    def _read(self, text: str, open_: frozenset[str]) -> Description:
        tokens = list(_tokens(text))
        if not tokens:
            raise UsageError("find what? no word is given", 'describe the music: musimo find "sad piano"')
        if len(tokens) > MAX_WORDS:
            raise UsageError(f"a description has at most {MAX_WORDS} words, not {len(tokens)}")
        words: list[Word] = []
        unknown: list[str] = []
        negated = carried = False
        while tokens:
            if tokens[0][0] in "-−" and len(tokens[0]) > 1:
                negated, tokens[0] = True, tokens[0][1:]
            n, word = self._longest(tokens, open_)
            typed, tokens = " ".join(tokens[:n]), tokens[n:]
            folded = typed.casefold()
            if word is not None:
                words.append(self._negated(word, open_) if negated else word)
                negated, carried = False, negated
            elif folded in NEGATIONS:
                negated = True
            elif folded in ALTERNATIVES:
                negated = carried
            elif folded not in FILLERS:
                unknown.append(typed)
                negated, carried = False, negated
        return Description(text, tuple(words), tuple(dict.fromkeys(unknown)))

    def _longest(self, tokens: Sequence[str], open_: frozenset[str]) -> tuple[int, Word | None]:
        """Return how many words from the start have a meaning together, and this meaning."""
        for n in range(min(LONGEST, len(tokens)), 0, -1):
            if n > 1 and any(token[0] in "-−" for token in tokens[1:n]):
                continue
            if (word := self._known(tokens[:n], open_)) is not None:
                return n, word
        first = tokens[0].casefold()
        if first in NEGATIONS or first in ALTERNATIVES or first in FILLERS:
            return 1, None
        return 1, self._by_genre(tokens[0]) or self._by_vectors(tokens[0], open_)

    def _known(self, tokens: Sequence[str], open_: frozenset[str]) -> Word | None:
        """Return the meaning of a name; None where it has none."""
        typed = " ".join(tokens)
        keys = word_keys("".join(tokens))
        if len(tokens) <= LONGEST_VALUE and (values := value_of(tokens)):
            return Word(typed, tuple(map(Wanted, values)))
        for key in keys:
            if key in self._own and key not in open_:
                return self._defined(typed, self._own[key], open_ | {key}, own=True)
        for key in keys:
            if (point := self._own_points.get(key)) is not None:
                return Word(typed, (Wanted(MoodTerm(typed.casefold(), point)),))
        if len(tokens) == 1 and typed.casefold() in (NEGATIONS | ALTERNATIVES | FILLERS):
            return None
        for key in keys:
            if key in _SCENES and key not in open_:
                return self._defined(typed, SCENES[_SCENES[key]], open_ | {key, word_keys(_SCENES[key])[0]})
        for key in _with_singular(keys):
            if wanted := self._vocabulary(key):
                return Word(typed, wanted)
        return self._library_genre(typed) if len(tokens) > 1 else None

    def _defined(self, typed: str, meaning: str, open_: frozenset[str], *, own: bool = False) -> Word:
        """Return the meaning of a word that is defined by others."""
        read = self._read(meaning, open_)
        if own and read.unknown:
            raise UsageError(
                f"[words] in the settings: {typed!r} is {meaning!r}; {read.unknown[0]!r} is not understood",
                "define it by moods, genres, instruments, voices, tempi, keys, decades or scenes",
            )
        wanted = [one for word in read.words for one in word.wanted]
        through = [f"not {word.text}" if word.negated else word.text for word in read.words]
        return Word(typed, tuple(dict.fromkeys(wanted)), tuple(through))

    def _vocabulary(self, key: str) -> tuple[Wanted, ...]:
        """Return what a name of the vocabulary, a mood or a tag stands for."""
        concept, mood = _CONCEPTS.get(key), _MOODS.get(key)
        wanted: list[Wanted] = []
        if concept is not None:
            wanted += _wanted(concept)
        elif mood is not None and mood in self.tags:
            wanted.append(Wanted(HeardTerm(mood)))
        elif key in self._tag_keys:
            wanted.append(Wanted(HeardTerm(self._tag_keys[key])))
        if mood is not None and (concept is None or concept.kind == "speed"):
            wanted.append(Wanted(MoodTerm(mood, MOODS[mood])))
        return tuple(wanted)

    def _library_genre(self, typed: str) -> Word | None:
        """Return a genre of several words that files of the library have; its last word may be heard."""
        if fold(typed) not in self._genres:
            return None
        base = _CONCEPTS.get(word_keys(typed.split()[-1])[0])
        heard = [one for one in _wanted(base) if isinstance(one.term, HeardTerm)] if base else []
        return Word(typed, (*heard, Wanted(GenreTerm(typed.casefold(), (fold(typed),)))))

    def _by_genre(self, typed: str) -> Word | None:
        """Return a genre for a word that is part of one in the tags of files."""
        if fold(typed) not in self._genre_words:
            return None
        return Word(typed, (Wanted(GenreTerm(typed.casefold(), (fold(typed),))),))

    def _by_vectors(self, typed: str, open_: frozenset[str]) -> Word | None:
        found = self.nearest(typed.casefold(), NAMES)
        if found is None:
            return None
        known, similarity = found
        word = self._known(known.split(), open_)
        return word and replace(word, text=typed, through=(known,), similarity=similarity)

    def _negated(self, word: Word, open_: frozenset[str]) -> Word:
        """Return the meaning of asking against a word: that of its opposite, where that has a name."""
        concept = _CONCEPTS.get(word_keys(word.text)[0])
        opposite = OPPOSITES.get(concept.name) if concept else None
        if opposite and not word.through and (other := self._known(opposite.split(), open_)):
            return replace(other, text=word.text, negated=True)
        against = tuple(replace(one, negated=not one.negated) for one in word.wanted)
        through = tuple(f"not {name}" for name in word.through)
        return replace(word, wanted=against, through=through, negated=True)

    @cached_property
    def _own(self) -> dict[str, str]:
        return {key: meaning for name, meaning in self.own_words.items() for key in word_keys(name)}

    @cached_property
    def _own_points(self) -> dict[str, Point]:
        return {key: point for name, point in self.own_moods.items() for key in word_keys(name)}

    @cached_property
    def _tag_keys(self) -> dict[str, str]:
        return {word_keys(tag)[0]: tag for tag in self.tags}

    @cached_property
    def _genres(self) -> frozenset[str]:
        return frozenset(map(fold, self.genres))

    @cached_property
    def _genre_words(self) -> frozenset[str]:
        return frozenset(word for genre in self._genres for word in re.findall(r"[^\W_]{3,}", genre))


def _wanted(concept: Concept) -> list[Wanted]:
    """Return what a concept stands for."""
    wanted = [Wanted(HeardTerm(tag)) for tag in concept.heard]
    wanted += [Wanted(HeardTerm(tag), negated=True) for tag in concept.not_heard]
    if concept.kind == "speed":
        wanted.append(Wanted(SpeedTerm(fast=concept.name == "fast")))
    else:
        forms = tuple(dict.fromkeys(fold(name) for name in (concept.name, *concept.forms)))
        wanted.append(Wanted(GenreTerm(concept.name, forms)))
    return wanted


def _tokens(text: str) -> Iterator[str]:
    for token in _TOKEN.findall(typed_text(text)):
        yield from (part for part in _SPLIT.split(token) if any(map(str.isalnum, part)))


def _with_singular(keys: Sequence[str]) -> tuple[str, ...]:
    singular = [key[:-1] for key in keys if key.endswith("s") and len(key) > 3]
    return (*keys, *singular)


NAMES: Final[dict[str, Point | None]] = {
    **{concept.name: None for concept in CONCEPTS},
    **dict.fromkeys(SCENES),
    **MOODS,
}
"""Names that an unknown word may stand for; moods with their points, so that none stands for its opposite."""

_CONCEPTS: Final[dict[str, Concept]] = {
    **{key: concept for concept in CONCEPTS for form in concept.forms for key in word_keys(form)},
    **{word_keys(concept.name)[0]: concept for concept in CONCEPTS},
}
_SCENES: Final[dict[str, str]] = {
    **{
        key: scene
        for scene, forms in SCENE_FORMS.items()
        for form in forms.split(", ")
        for key in word_keys(form)
    },
    **{word_keys(scene)[0]: scene for scene in SCENES},
}
_MOODS: Final[dict[str, str]] = {
    **{key: word for form, word in FORMS.items() for key in word_keys(form)},
    **{word_keys(word)[0]: word for word in MOODS},
}
