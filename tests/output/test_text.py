import os
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musimo.output.text import cut, pad, safe, safe_lines, width

any_text = st.text(st.characters(codec=None))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – ünïcode 春 🎸", "plain – ünïcode 春 🎸"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x9b1m\x7f", "\\x9b1m\\x7f"),
        ("a\nb\rc\td\0", "a\\nb\\rc\\td\\x00"),
        ("\u202eabc\u2066", "\\u202eabc\\u2066"),
        ("\u200b\u2028\u2029\ufeff", "\\u200b\\u2028\\u2029\\ufeff"),
        ("\U000e0041", "\\U000e0041"),
        (os.fsdecode(b"caf\xe9"), "caf\\xe9"),
        ("\ud800", "\\ud800"),
        ("\U0001f468\u200d\U0001f469 نمی\u200cخواهم", "\U0001f468\u200d\U0001f469 نمی\u200cخواهم"),
    ],
)
def test_what_a_terminal_would_act_on_is_shown(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_lines_are_kept_where_musimo_made_them() -> None:
    assert safe_lines("one\ntwo\x1b\r\n") == "one\ntwo\\x1b\\r\n"


def test_every_control_and_separator_of_unicode_is_escaped() -> None:
    bidi = ("LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI")
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or (
            unicodedata.bidirectional(character) in bidi
        ):
            assert safe(character) != character, hex(code)


@given(any_text)
def test_safe_text_can_be_printed_and_stays_on_its_line(text: str) -> None:
    shown = safe(text)
    shown.encode()
    assert len(shown.splitlines()) <= 1
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in shown)
    assert safe(shown) == shown


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("abc", 3),
        ("é", 1),
        ("e\u0301", 1),
        ("春の海", 6),
        ("🎸", 2),
        ("ｱ", 1),
        ("한", 2),
        ("\u1112\u1161\u11ab", 2),
    ],
)
def test_width(text: str, columns: int) -> None:
    assert width(text) == columns


@pytest.mark.parametrize(
    ("text", "columns", "start", "end"),
    [
        ("abcdef", 6, "abcdef", "abcdef"),
        ("abcdef", 4, "abc…", "…def"),
        ("abcdef", 1, "…", "…"),
        ("春の海", 5, "春の…", "…の海"),
        ("春の海", 4, "春…", "…海"),
        ("ae\u0301io", 3, "ae\u0301…", "…io"),
        ("aie\u0301o", 3, "ai…", "…e\u0301o"),
    ],
)
def test_cut(text: str, columns: int, start: str, end: str) -> None:
    assert cut(text, columns) == start
    assert cut(text, columns, keep="end") == end


@given(any_text, st.integers(1, 30))
def test_cut_and_padded_text_fills_its_column(text: str, columns: int) -> None:
    for keep in ("start", "end"):
        assert width(pad(cut(safe(text), columns, keep), columns)) == columns


def test_pad() -> None:
    assert pad("海", 4) == "海  "
    assert pad("1.5", 5, right=True) == "  1.5"
