from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musimo.errors import UsageError
from musimo.records import KEYS, KeyFilter, PathFilter, RangeFilter, Tags, TempoKey, TextFilter, Track
from musimo.records.scale import Scale
from musimo.search.where import (
    FIELDS,
    MEANT,
    NUMBER_FIELDS,
    TEXT_FIELDS,
    matches,
    parse,
)

TRACK = Track(
    id=7,
    path_bytes=b"/music/Live/caf\xe9.mp3",
    tags=Tags(
        title="Feeling Good",
        artist="Nina Simone",
        albumartist="Various",
        album="I Put a Spell on You",
        genre="Vocal Jazz",
        composer="Bricusse",
        year=1965,
        track=7,
        disc=1,
        bpm=119.6,
        duration_s=999.0,
        sample_rate=44_100,
        channels=2,
        bitrate=320,
        codec="mp3",
    ),
    duration_s=173.4,
    content=3,
    valence=0.62,
    arousal=0.41,
    tempo_key=TempoKey(120.3, 0.8, "G minor", 0.5),
)
BARE = Track(8, b"/music/x", Tags(), None, None, None, None)


def holds(expression: str, track: Track = TRACK) -> bool:
    return matches(parse(expression), track)


@pytest.mark.parametrize(
    ("expression", "parsed"),
    [
        ("year:1990..1999", RangeFilter("year", 1990, 1999, False)),
        ("^year:1990..", RangeFilter("year", 1990, None, True)),
        ("year:..", RangeFilter("year", None, None, False)),
        ("year:1999", RangeFilter("year", 1999, 1999, False)),
        ("duration:..4:00", RangeFilter("duration", None, 240, False)),
        ("duration:1:02:03..4000", RangeFilter("duration", 3723, 4000, False)),
        ("duration:4:00", RangeFilter("duration", 239.5, 240.5, False)),
        ("valence:0.6..", RangeFilter("valence", 0.6, None, False)),
        ("valence:.5..1.", RangeFilter("valence", 0.5, 1.0, False)),
        ("bpm:120", RangeFilter("bpm", 119.5, 120.5, False)),
        ("bpm:120.5", RangeFilter("bpm", 120.45, 120.55, False)),
        ("genre:Jazz", TextFilter("genre", "jazz", False)),
        ('artist:"Nina Simone"', TextFilter("artist", "nina simone", False)),
        ("artist:Nina Simone", TextFilter("artist", "nina simone", False)),
        ('title:7"', TextFilter("title", '7"', False)),
        ('title:"', TextFilter("title", '"', False)),
        ("title:a:b..c", TextFilter("title", "a:b..c", False)),
        (" ^ Genre : Pop ", TextFilter("genre", "pop", True)),
        ("^path:Live/", PathFilter(b"Live/", True)),
        ("tempo:118..126", RangeFilter("tempo", 118, 126, False)),
        ("key:Am", KeyFilter(("A minor",), False)),
        ('^key:"A minor"', KeyFilter(("A minor",), True)),
        ("key:", KeyFilter(KEYS, False)),
        ("path:caf\udce9", PathFilter(b"caf\xe9", False)),
    ],
)
def test_parse(expression: str, parsed: object) -> None:
    assert parse(expression) == parsed


def test_ratings_are_read_as_such() -> None:
    assert parse("valence:5..9", "1-9") == RangeFilter("valence", 0.5, 1.0, False)
    assert parse("arousal:3", "1-9") == RangeFilter("arousal", 0.1875, 0.3125, False)
    assert parse("year:5..9", "1-9") == RangeFilter("year", 5, 9, False)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("jazz", "names no field"),
        ("", "names no field"),
        ("yeer:1990", "no field 'yeer'"),
        (":1990", "no field ''"),
        ("year:", "'' is not a number"),
        ("year:soon..", "'soon' is not a number"),
        ("year:1e3", "'1e3' is not a number"),
        ("year:nan", "is not a number"),
        ("year:-", "is not a number"),
        ("year:5...", "'.' is not a number"),
        ("year:" + "9" * 400, "is not a number"),
        ("year:1990-1999", "is not a number"),
        ("year:4:00", "is not a number"),
        ("year:١٩٩٩", "is not a number"),
        ("year:1999..1990", "runs backwards"),
        ("duration:4:75..", "is not a duration"),
        ("valence:0.2..5", "outside the scale 0..1"),
        ("arousal:-1..", "outside the scale"),
        ("key:H", "'H' is not a key"),
        ("tempo:fast", "'fast' is not a number"),
    ],
)
def test_what_is_wrong_is_said(expression: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(expression)
    assert said in caught.value.message
    assert caught.value.hint


def test_ratings_outside_their_scale_are_refused() -> None:
    with pytest.raises(UsageError, match=r"outside the scale 1\.\.9"):
        parse("valence:0.5..", "1-9")


@pytest.mark.parametrize("expression", ["yeer:1990", "jazz", "mood:3"])
def test_an_unknown_field_lists_the_fields(expression: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(expression)
    assert all(field in caught.value.hint for field in FIELDS)


def test_a_near_miss_is_named() -> None:
    with pytest.raises(UsageError) as caught:
        parse("albumartst:x")
    assert "did you mean albumartist?" in caught.value.hint


@pytest.mark.parametrize(
    "expression",
    [
        "title:good",
        "artist:NINA",
        "albumartist:various",
        "album:spell",
        "genre:jazz",
        "composer:bric",
        "format:MP3",
        "path:Live/",
        "path:\udce9",
        "id:7",
        "year:1965",
        "year:1965..1965",
        "track:..7",
        "disc:1",
        "bpm:120",
        "tempo:120",
        "tempo:120..121",
        "key:Gm",
        "key:minor",
        "key:",
        "duration:2:53",
        "duration:2:53..2:54",
        "bitrate:256..",
        "samplerate:44100",
        "channels:2",
        "valence:0.6..",
        "arousal:..0.41",
        "arousal:0.4",
        "title:",
    ],
)
def test_what_holds_and_its_opposite(expression: str) -> None:
    assert holds(expression)
    assert not holds("^" + expression)


@pytest.mark.parametrize(
    "expression",
    [
        "title:bad",
        "path:live/",
        "year:..1964",
        "bpm:119",
        "tempo:119.6",
        "key:G",
        "duration:..2:53",
        "valence:0.621..",
    ],
)
def test_what_does_not_hold(expression: str) -> None:
    assert not holds(expression)
    assert holds("^" + expression)


@pytest.mark.parametrize("field", sorted({*TEXT_FIELDS, *NUMBER_FIELDS, "key"} - {"id"}))
def test_the_unknown_matches_nothing_but_an_opposite(field: str) -> None:
    value = ".." if field in NUMBER_FIELDS else ""
    assert holds(f"{field}:{value}")
    assert not holds(f"{field}:{value}", BARE)
    assert holds(f"^{field}:{value}", BARE)


def test_every_field_reads_its_own_value() -> None:
    """A filter on one field is blind to what the others hold."""
    for field in NUMBER_FIELDS:
        low = parse(f"{field}:..")
        assert isinstance(low, RangeFilter)
        holding = {
            number
            for number in (7, 1965, 1, 119.6, 120.3, 173.4, 320, 44_100, 2, 0.62, 0.41)
            if matches(replace(low, low=number, high=number), TRACK)
        }
        assert len(holding) == 1, field


def test_letters_are_compared_not_their_spelling() -> None:
    track = replace(TRACK, tags=replace(TRACK.tags, artist="Beyonce\u0301", title="STRASSE ﬁn"))
    assert holds("artist:BEYONCÉ", track)
    assert holds("title:straße", track)
    assert holds("title:FIN", track)


@given(st.text(max_size=30), st.booleans())
def test_any_text_is_a_condition_that_its_own_track_meets(text: str, negated: bool) -> None:
    track = replace(TRACK, tags=replace(TRACK.tags, title=text))
    condition = TextFilter("title", _needle(text), negated)
    assert matches(condition, track) is not negated


def _needle(text: str) -> str:
    parsed = parse(f'title:"{text}"')
    assert isinstance(parsed, TextFilter)
    return parsed.needle


@given(st.text(max_size=40))
def test_nonsense_is_a_usage_error_and_nothing_else(text: str) -> None:
    for field in ("year", "duration", "valence", text):
        try:
            condition = parse(f"{field}:{text}")
        except UsageError:
            continue
        assert matches(condition, BARE) in (True, False)


@pytest.mark.parametrize(
    ("field", "scale", "example"),
    [
        *[("year", "0-1", "1990..1999"), ("tempo", "0-1", "118..126"), ("duration", "0-1", "2:30..4:00")],
        *[("valence", "0-1", "0.4..0.6"), ("arousal", "1-9", "4..6"), ("bitrate", "0-1", "kbit/s")],
    ],
)
def test_an_error_of_a_range_gives_an_example_of_that_field(field: str, scale: Scale, example: str) -> None:
    for value in ("x", "x..", "..x"):
        with pytest.raises(UsageError) as caught:
            parse(f"{field}:{value}", scale)
        assert example in caught.value.hint


@pytest.mark.parametrize("scale", ["0-1", "1-9"])
def test_every_example_can_be_typed(scale: Scale) -> None:
    for field in NUMBER_FIELDS:
        with pytest.raises(UsageError) as caught:
            parse(f"{field}:x", scale)
        _, _, examples = caught.value.hint.partition(": ")
        for example in examples.partition(", in ")[0].replace(" or ", ", ").split(", "):
            parse(f"{field}:{example}", scale)


def test_other_names_of_a_field_suggest_it() -> None:
    assert set(MEANT.values()) <= set(FIELDS)
    assert not set(MEANT) & set(FIELDS)
    for typed, meant in (
        ("length", "duration"),
        ("lenght", "duration"),
        ("band", "artist"),
        ("gener", "genre"),
    ):
        with pytest.raises(UsageError) as caught:
            parse(f"{typed}:x")
        assert caught.value.hint.startswith(f"did you mean {meant}?")
