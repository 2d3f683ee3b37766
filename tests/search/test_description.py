"""Descriptions are read by a dictionary: names, values, scenes, genres of files, word vectors."""

from __future__ import annotations

from pathlib import Path

import pytest

from musimo.errors import UsageError
from musimo.search.description import NAMES, Description, Dictionary
from musimo.search.mood_words import MOODS, QUADRANTS, quadrant_of
from musimo.search.scenes import SCENES
from musimo.search.vocabulary import CONCEPTS, Concept
from musimo.search.word_vectors import nearest_name

TAGS = (
    *("rock", "pop", "alternative", "indie", "electronic", "dance", "jazz", "metal", "soul", "folk", "punk"),
    *("blues", "ambient", "hip hop", "country", "funk", "progressive rock", "rnb", "house", "classical"),
    *("techno", "new age", "opera", "indian", "easy listening", "experimental", "classic rock", "hard rock"),
    *("oldies", "beautiful", "mellow", "chill", "happy", "sad", "party", "sexy", "catchy", "slow", "fast"),
    *("soft", "weird", "vocals", "no vocals", "female vocals", "male vocals", "choir", "guitar", "piano"),
    *("violin", "strings", "drums", "synth", "harpsichord", "flute", "sitar", "harp", "cello", "beat"),
    *("acoustic", "solo", "60s", "70s", "80s", "90s", "00s"),
)
GENRES = ("Jazz", "Rock", "Melodic Death Metal", "Shoegaze", "Hip-Hop")
FULL = Dictionary(TAGS, GENRES)


def understood(text: str, dictionary: Dictionary = FULL) -> dict[str, list[str]]:
    return {word.text: [one.label for one in word.wanted] for word in dictionary.read(text).words}


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("sad", {"sad": ["heard sad", "mood sad"]}),
        ("Piano", {"Piano": ["heard piano"]}),
        ("jazz", {"jazz": ["heard jazz", "genre jazz"]}),
        ("hip-hop", {"hip-hop": ["heard hip hop", "genre hip hop"]}),
        ("hip hop", {"hip hop": ["heard hip hop", "genre hip hop"]}),
        ("no vocals", {"no vocals": ["heard no vocals", "not heard vocals"]}),
        ("without vocals", {"vocals": ["heard no vocals", "not heard vocals"]}),
        ("rock -piano", {"rock": ["heard rock", "genre rock"], "piano": ["not heard piano"]}),
        ("without drums or guitars", {"drums": ["not heard drums"], "guitars": ["not heard guitar"]}),
        (
            "not sad but happy",
            {"sad": ["not heard sad", "not mood sad"], "happy": ["heard happy", "mood happy"]},
        ),
        ("slow", {"slow": ["heard slow", "low tempo", "mood slow"]}),
        ("not slow", {"slow": ["heard fast", "high tempo", "mood fast"]}),
        ("120 bpm", {"120 bpm": ["tempo 120"]}),
        ("118-126bpm", {"118-126bpm": ["tempo 118 to 126"]}),
        ("in A minor", {"in A minor": ["key A minor"]}),
        ("a-Moll", {"a-Moll": ["key A minor"]}),
        ("H-Dur", {"H-Dur": ["key B major"]}),
        ("la mineur", {"la mineur": ["key A minor"]}),
        ("sol mayor", {"sol mayor": ["key G major"]}),
        ("fa dièse mineur", {"fa dièse mineur": ["key F# minor"]}),
        ("8A", {"8A": ["key A minor"]}),
        ("in F# minor", {"in F# minor": ["key F# minor"]}),
        ("80s", {"80s": ["years 1980 to 1989", "heard 80s"]}),
        ("the 1970s", {"the 1970s": ["years 1970 to 1979", "heard 70s"]}),
        ("80er Jahre", {"80er Jahre": ["years 1980 to 1989", "heard 80s"]}),
        ("1999", {"1999": ["year 1999"]}),
        ("Klavier", {"Klavier": ["heard piano"]}),
        ("guitare", {"guitare": ["heard guitar"]}),
        ("traurig", {"traurig": ["heard sad", "mood sad"]}),
        ("ohne Gesang", {"Gesang": ["heard no vocals", "not heard vocals"]}),
        ("melodic death metal", {"melodic death metal": ["heard metal", "genre melodic death metal"]}),
        ("shoegaze", {"shoegaze": ["genre shoegaze"]}),
        ("music for a song", {}),
    ],
)
def test_words_are_read_as_terms(text: str, labels: dict[str, list[str]]) -> None:
    read = FULL.read(text)
    assert {word.text: sorted(one.label for one in word.wanted) for word in read.words} == {
        word: sorted(names) for word, names in labels.items()
    }
    assert read.unknown == ()


def test_scenes_are_descriptions() -> None:
    [rainy] = FULL.read("rainy").words
    assert rainy.labels == ("calm", "ambient", "melancholic")
    assert [one.label for one in rainy.wanted] == ["mood calm", "heard ambient", "mood melancholic"]


@pytest.mark.parametrize("scene", SCENES)
def test_every_scene_is_understood(scene: str) -> None:
    read = FULL.read(scene)
    assert [word.text for word in read.words] == [scene]
    inner = FULL.read(SCENES[scene])
    assert (inner.unknown, inner.unanswered) == ((), ())


def test_every_tag_of_the_vocabulary_may_be_heard() -> None:
    assert {tag for one in CONCEPTS for tag in (*one.heard, *one.not_heard)} <= set(TAGS)


@pytest.mark.parametrize("concept", CONCEPTS, ids=lambda concept: concept.name)
def test_every_name_of_a_concept_is_understood(concept: Concept) -> None:
    dictionary = Dictionary(TAGS, [one.name for one in CONCEPTS])
    for form in (concept.name, *concept.forms):
        read = dictionary.read(form)
        assert read.unknown == (), form
        assert [word.text for word in read.words] == [form]


def test_an_unknown_word_is_named_and_never_guessed() -> None:
    read = FULL.read("sad frobnicate piano frobnicate")
    assert read.unknown == ("frobnicate",)
    assert [word.text for word in read.words] == ["sad", "piano"]


def test_what_the_library_says_nothing_of_is_named() -> None:
    read = Dictionary(genres=GENRES).read("sad piano jazz without vocals")
    assert [word.text for word in read.words] == ["sad", "jazz"]
    assert read.unanswered == ("piano", "vocals")


def test_own_words_come_first_and_may_hold_scenes() -> None:
    own = Dictionary(TAGS, GENRES, {"sunday": "rainy, jazz", "rainy": "sad piano"}, {"cosy": (0.7, 0.2)})
    assert understood("sunday", own)["sunday"] == [
        *("heard sad", "mood sad", "heard piano", "heard jazz", "genre jazz")
    ]
    assert understood("cosy", own) == {"cosy": ["mood cosy"]}
    assert understood("a", Dictionary(TAGS, own_words={"a": "b", "b": "a sad"})) == {
        "a": ["heard sad", "mood sad"]
    }


def test_an_own_word_that_is_not_understood_is_an_error() -> None:
    with pytest.raises(UsageError, match="frobnicate"):
        Dictionary(TAGS, own_words={"sunday": "frobnicate"}).read("sunday")


@pytest.mark.parametrize("text", ["", " ,; ", "sad " * 61])
def test_no_words_and_far_too_many(text: str) -> None:
    with pytest.raises(UsageError):
        FULL.read(text)


def judged() -> list[tuple[str, str]]:
    lines = Path(__file__).with_name("nearest_words.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(": ", 1) for line in lines if not line.startswith("#"))
    return [(word, names) for word, names in pairs]


def test_word_vectors_find_near_names() -> None:
    right = wrong = 0
    for word, names in judged():
        found = nearest_name(word, NAMES)
        if found is not None:
            right += found[0] in names
            wrong += found[0] not in names
    assert right >= 75
    assert wrong <= 8


@pytest.mark.parametrize("word", ["joyless", "sleepless", "banana", "xqzzy", "parliament"])
def test_word_vectors_do_not_guess(word: str) -> None:
    assert nearest_name(word, NAMES) is None


def test_no_word_stands_for_an_opposite_mood() -> None:
    opposite = {"happy": "sad", "sad": "happy", "tense": "calm", "calm": "tense"}
    moods = dict(judged())
    for word, names in moods.items():
        known = {quadrant_of(MOODS[name]) for name in names.split() if name in MOODS}
        found = nearest_name(word, NAMES)
        if len(known) == 1 and found is not None and found[0] in MOODS:
            assert opposite[known.pop()] != quadrant_of(MOODS[found[0]]), word
    assert set(opposite) == set(QUADRANTS)


def test_a_word_by_vectors_says_what_it_stands_for() -> None:
    read: Description = Dictionary(TAGS, GENRES, nearest=nearest_name).read("wistfully")
    [word] = read.words
    assert word.through == ("wistful",)
    assert word.similarity == 1.0  # a form of it
    assert [one.label for one in word.wanted] == ["mood wistful"]
