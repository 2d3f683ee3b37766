"""The mood word that an unknown word is a form or a misspelling of.

Words that are spelled alike often mean the opposite (powerful and peaceful, warn and warm, cheerless and
cheerful), so a likeness of spelling alone suggests nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Final

ENDINGS: Final = {
    "ly": 3,
    "ness": 3,
    "ally": 4,
    "ish": 4,
    "er": 4,
    "est": 4,
    "ing": 4,
    "ive": 4,
    "ed": 4,
    "y": 4,
    "s": 4,
}
"""Grammatical endings that keep the meaning of a word, with the letters that the word has at least."""
SHARED_STEM: Final = 6  # letters: depressive and depressing; fester and festive share fewer

MIN_TYPO: Final = 4  # letters: in shorter words one letter makes another word
MIN_WRONG_LETTER: Final = 7  # letters: in shorter ones a wrong letter is often another word (lonely, lovely)
MIN_TWO_TYPOS: Final = 9


def word_keys(word: str) -> tuple[str, ...]:
    """Return the forms in which words are compared: without case, accents, blanks and punctuation.

    A word with umlauts has a second one, ``gluecklich`` for ``glücklich``.
    """
    folded = word.casefold()
    spelled_out = unicodedata.normalize("NFC", folded).translate({228: "ae", 246: "oe", 252: "ue"})
    return tuple(dict.fromkeys((_plain(folded), _plain(spelled_out))))


def suggest(word: str, quadrants: Mapping[str, str]) -> str | None:
    """Return the known word that is probably meant by an unknown one, or None.

    Parameters
    ----------
    word : typed
    quadrants : known words, each with its quadrant. Where several words are possible, they must agree in it.
    """
    typed = word_keys(word)[0]
    keys = {name: word_keys(name)[0] for name in quadrants}
    typed_stems = stems(typed)
    found = [name for name, key in keys.items() if key in typed_stems]
    found = found or [
        name
        for name, key in keys.items()
        if max(map(len, typed_stems & stems(key)), default=0) >= SHARED_STEM
    ]
    found = found or [name for name, key in keys.items() if _is_typo(typed, key)]
    if len({quadrants[name] for name in found}) != 1:
        return None
    return min(found, key=lambda name: (_distance(typed, keys[name]), name))


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", text)))


def stems(key: str) -> set[str]:
    """Return a word and what it may be a form of: ``dreamily`` is of ``dreami``, hence of ``dreamy``."""
    stems = {key}
    for ending, letters in ENDINGS.items():
        stem = key.removesuffix(ending)
        if stem != key and len(stem) >= letters:
            stems |= {stem, f"{stem.removesuffix('i')}y"} if stem.endswith("i") else {stem, f"{stem}e"}
    return stems


def _is_typo(typed: str, key: str) -> bool:
    """Return whether a known word may have been mistyped; the first letter is right."""
    shorter = min(len(typed), len(key))
    if shorter < MIN_TYPO or typed[0] != key[0] or typed.endswith("less") != key.endswith("less"):
        return False
    distance = _distance(typed, key)
    wrong_letters = len(typed) == len(key) and sorted(typed) != sorted(key)
    if distance == 1:
        return not wrong_letters or shorter >= MIN_WRONG_LETTER
    return distance == 2 and not wrong_letters and shorter >= MIN_TWO_TYPOS


def _distance(a: str, b: str) -> int:
    """Return the number of letters to insert, delete, replace or swap with the next."""
    rows = [list(range(len(b) + 1))]
    for i, letter in enumerate(a, 1):
        row = [i]
        for j, other in enumerate(b, 1):
            best = min(row[-1] + 1, rows[-1][j] + 1, rows[-1][j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
