"""Keys in every spelling that people type."""

from __future__ import annotations

from contextlib import suppress
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musimo.errors import UsageError
from musimo.records import KEYS, KeyNotation, written_key
from musimo.search.keys import MAJOR_KEYS, MINOR_KEYS, parse_keys


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("C", "C major"),
        ("c", "C major"),
        ("Am", "A minor"),
        ("am", "A minor"),
        ("A minor", "A minor"),
        ("a MINOR", "A minor"),
        ("Amin", "A minor"),
        ("A-minor", "A minor"),
        ("F#m", "F# minor"),
        ("f♯ minor", "F# minor"),
        ("Gb minor", "F# minor"),
        ("Gb", "F# major"),
        ("bb", "Bb major"),
        ("bm", "B minor"),
        ("bbm", "Bb minor"),
        ("A# maj", "Bb major"),
        ("d#m", "Eb minor"),
        ("Abm", "G# minor"),
        ("Cb", "B major"),
        ("E#m", "F minor"),
        (" B♭ Major ", "Bb major"),
    ],
)
def test_one_key(written: str, meant: str) -> None:
    assert parse_keys(written) == (meant,)


def test_the_camelot_wheel_goes_round_by_fifths() -> None:
    wheel = [("Ab", "B"), ("Eb", "F#"), ("Bb", "Db"), ("F", "Ab"), ("C", "Eb"), ("G", "Bb")]
    wheel += [("D", "F"), ("A", "C"), ("E", "G"), ("B", "D"), ("F#", "A"), ("Db", "E")]
    for hour, (minor, major) in enumerate(wheel, 1):
        assert parse_keys(f"{hour}A") == parse_keys(f"{minor} minor")
        assert parse_keys(f"{hour}b") == parse_keys(f"{major} major")


def test_open_key_numbers_are_camelot_numbers_five_on() -> None:
    for number in range(1, 13):
        camelot = (number + 6) % 12 + 1
        assert parse_keys(f"{number}m") == parse_keys(f"{camelot}A")
        assert parse_keys(f"{number}D") == parse_keys(f"{camelot:02}B")
    assert parse_keys("1d") == ("C major",)


@pytest.mark.parametrize("notation", get_args(KeyNotation))
def test_a_written_key_is_read_as_itself(notation: KeyNotation) -> None:
    written = [written_key(key, notation) for key in KEYS]
    assert [parse_keys(one or "") for one in written] == [(key,) for key in KEYS]
    assert written_key(None, notation) is None


def test_a_mode_alone_and_any_key() -> None:
    assert parse_keys("Minor") == MINOR_KEYS == tuple(key for key in KEYS if key.endswith("minor"))
    assert parse_keys("major") == MAJOR_KEYS
    assert parse_keys("") == KEYS


@pytest.mark.parametrize(
    "written", ["H", "AM", "A##", "0A", "13B", "8C", "A minor B", "m", "#", "Adorian", "8 A"]
)
def test_errors_show_how_to_write_a_key(written: str) -> None:
    with pytest.raises(UsageError, match="is not a key") as caught:
        parse_keys(written)
    assert "F#m" in caught.value.hint


@given(st.sampled_from(KEYS))
def test_every_key_is_understood_as_it_is_printed(key: str) -> None:
    assert parse_keys(key) == (key,)


@given(st.text(max_size=12))
def test_any_text_is_keys_or_refused(text: str) -> None:
    with suppress(UsageError):
        assert set(parse_keys(text)) <= set(KEYS)
