"""What a keyboard types finds what a tagger writes."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musimo.library.db.folding import fold, fold_path, without_punctuation


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("Don't Stop", "Don’t Stop"),
        ("Don't", "Donʼt"),
        ("Don't", "Don´t"),
        ("Don't", "Don`t"),
        ("Don't", "Don＇t"),
        ("rock 'n' roll", "Rock ‘n’ Roll"),
        ("a-ha", "a‐ha"),
        ("a-ha", "a–ha"),
        ("1-2", "1−2"),
        ('"heroes"', "“Heroes”"),
        ('"heroes"', "«Heroes»"),
        ("motorhead", "Motörhead"),
        ("motorhead", "Moto\u0308rhead"),
        ("dvorak", "Dvořák"),
        ("sigur ros", "Sigur Rós"),
        ("ilhan irem", "İlhan İrem"),
        ("ilik", "ılık"),
        ("ILIK", "ılık"),
        ("strasse", "Straße"),
        ("STRASSE", "Stra\u1e9ee"),
        ("roisin", "Róisín"),
        ("bjork", "Ｂｊöｒｋ"),
        ("lodz", "Łódź"),
        ("smorgas", "Smørgås"),
        ("aether", "Æther"),
        ("oeuvre", "Œuvre"),
        ("finale", "ﬁnale"),
        ("thor", "Þor"),
        ("еще", "ещё"),
        ("...", "…"),
        ("2 x 4", "2 × 4"),
        ("no 5", "№ 5"),
        ("soft hyphen", "soft hy\u00adphen"),
        ("zero width", "zero\u200b width"),
        ("a b", "a\u00a0b"),
    ],
)
def test_typed_text_is_typographic_text(typed: str, written: str) -> None:
    assert fold(typed) == fold(written)
    assert fold(typed) == fold(unicodedata.normalize("NFD", written))
    assert fold(typed) == fold(written.upper()) or "ß" in written or "ı" in written


@pytest.mark.parametrize(
    ("one", "other"), [("がく", "かく"), ("パ", "ハ"), ("한", "하"), ("क", "कि"), ("a", "b")]
)
def test_letters_that_differ_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


def test_every_character_is_folded_once_and_for_all() -> None:
    assert [c for c in map(chr, range(0x110000)) if fold(fold(c)) != fold(c)] == []


def test_ascii_is_folded_as_other_text() -> None:
    every = "".join(map(chr, range(128)))
    assert fold(every) == fold(every + "é").removesuffix("e")


def test_paths_keep_their_accents() -> None:
    assert fold_path("É.mp3".encode()) == fold_path("e\u0301.MP3".encode())
    assert fold_path("é.mp3".encode()) != fold_path(b"e.mp3")


def test_punctuation_is_left_out_unless_there_is_nothing_else() -> None:
    assert without_punctuation("r.e.m.") == "rem"
    assert without_punctuation("don't") == "dont"
    assert without_punctuation("-") == without_punctuation("&") == ""
