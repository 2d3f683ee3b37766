"""Groups by artist and album, and folds that do not leak."""

from __future__ import annotations

import numpy as np
import pytest

from musimo.training.groups import album_group, artist_group, grouped_folds, join_groups, shared_groups


@pytest.mark.parametrize(
    ("credit", "group"),
    [
        ("The Monkees", "monkees"),
        ("monkees", "monkees"),
        ("Björk", "bjork"),
        ("BJO\u0308RK", "bjork"),
        ("Calvin Harris, Ellie Goulding", "calvin harris"),
        ("Calvin Harris feat. Rihanna", "calvin harris"),
        ("Calvin Harris Ft Rihanna", "calvin harris"),
        ("Calvin Harris & Ellie Goulding", "calvin harris"),
        ("Charlie Poole and the North Carolina Ramblers", "charlie poole"),
        ("Tyler, The Creator", "tyler the creator"),
        ("Unknown Artist", ""),
        ("a-ha", "ha"),
        ("Aftermath", "aftermath"),
        ("Daft Punk", "daft punk"),
        ("The The", "the"),
        ("上海アリス幻樂団", "上海アリス幻樂団"),
        ("", ""),
        ("!!!", ""),
    ],
)
def test_artist_groups(credit: str, group: str) -> None:
    assert artist_group(credit) == group


@pytest.mark.parametrize(
    ("title", "group"),
    [
        ("The Wall", "wall"),
        ("Pride & Prejudice", "pride prejudice"),
        ("Pride and Prejudice", "pride prejudice"),
        ("Beyoncé (Deluxe) [2014]", "beyonce"),
        ("Volume 2, feat. Nobody", "volume 2 feat nobody"),
        ("(What's the Story)", "what s the story"),
        ("", ""),
    ],
)
def test_album_groups(title: str, group: str) -> None:
    assert album_group(title) == group


def test_clips_sharing_an_artist_or_album_are_in_one_group() -> None:
    artists = ["The B", "A", "b feat. X", "C", "D", "E"]
    albums = ["One", "Two", "Two (Deluxe)", "Three", "three", "Four"]
    assert join_groups(artists, albums) == ["a", "a", "a", "c", "c", "e"]


def test_artists_are_shared_by_data_sets_and_nameless_clips_are_not() -> None:
    one = join_groups(["The B & Friends", "", "C"], [""] * 3)
    other = join_groups(["b", "", "D"], [""] * 3)
    assert one[1] == other[1], "both are the second clip of their data set"
    assert shared_groups(one, other) == {"b"}


def test_groups_do_not_depend_on_the_order_of_clips() -> None:
    artists, albums = ["C", "B", "A", "B"], ["x", "x", "y", "y"]
    assert join_groups(artists, albums) == ["a"] * 4
    assert join_groups(artists[::-1], albums[::-1]) == ["a"] * 4


@pytest.mark.parametrize(
    "placeholder", ["Various Artists", "various", "V/A", "V.A.", "n/a", "N/A", "Unknown", "", "-"]
)
def test_placeholder_names_connect_nothing(placeholder: str) -> None:
    assert join_groups([placeholder] * 2, ["One", "Two"]) == ["album one", "album two"]
    assert join_groups([placeholder] * 2, ["One", "One"]) == ["album one"] * 2
    assert len(set(join_groups([placeholder] * 2, ["", "n/a"]))) == 2


@pytest.mark.parametrize(
    "title", ["", "n/a", "Greatest Hits", "Live!", "Untitled", "Self-Titled", "S/T", "The EP"]
)
def test_generic_titles_connect_nothing(title: str) -> None:
    assert join_groups(["A", "B"], [title, title]) == ["a", "b"]


def test_an_album_named_after_its_artist_connects_nothing() -> None:
    assert join_groups(["Boston", "B", "Boston"], ["Boston", "Boston", "x"]) == ["boston", "b", "boston"]
    assert join_groups(["Chicago", "B"], ["x", "Chicago"]) == ["chicago", "b"]


def some_clips(n: int, n_groups: int, seed: int) -> tuple[list[str], np.ndarray]:
    rng = np.random.default_rng(seed)
    groups = [f"artist {i}" for i in rng.zipf(1.6, n) % n_groups]
    return groups, rng.normal(5, 1.5, (n, 2))


@pytest.mark.parametrize("seed", range(8))
def test_no_artist_is_in_two_folds(seed: int) -> None:
    groups, ratings = some_clips(200, 60, seed)
    folds = grouped_folds(groups, ratings, 5, seed)
    assert set(folds) == set(range(5))
    for group in set(groups):
        assert len({int(f) for f, g in zip(folds, groups, strict=True) if g == group}) == 1


def test_folds_have_similar_sizes_and_ratings() -> None:
    rng = np.random.default_rng(0)
    ratings = rng.normal(5, 1.5, (220, 2))
    folds = grouped_folds([str(i) for i in range(220)], ratings, 5, 1)
    assert np.bincount(folds).tolist() == [44] * 5
    for fold in range(5):
        np.testing.assert_allclose(ratings[folds == fold].mean(axis=0), ratings.mean(axis=0), atol=0.4)
        np.testing.assert_allclose(ratings[folds == fold].std(axis=0), ratings.std(axis=0), atol=0.4)


def test_folds_depend_on_the_seed() -> None:
    groups, ratings = [str(i) for i in range(40)], np.random.default_rng(0).normal(5, 1, (40, 2))
    once, again, other = (grouped_folds(groups, ratings, 5, seed) for seed in (1, 1, 2))
    assert (once == again).all()
    assert (once != other).any()


def test_too_few_artists_for_the_folds() -> None:
    with pytest.raises(ValueError, match="3 groups do not fill 5 folds"):
        grouped_folds(["a", "b", "c", "a"], np.zeros((4, 2)), 5, 0)
