"""Versions of a work, and titles that only resemble them."""

from __future__ import annotations

import time

import pytest

from musimo.records import Tags, Track
from musimo.search.versions import ListedWorks, work_key, work_title


def track(
    title: str | None = None,
    artist: str | None = None,
    path: str = "/m/a.mp3",
    number: int | None = None,
    albumartist: str | None = None,
    duration_s: float | None = 180.0,
    composer: str | None = None,
) -> Track:
    tags = Tags(title=title, artist=artist, albumartist=albumartist, composer=composer, track=number)
    return Track(1, path.encode(), tags, duration_s, 1, 0.5, 0.5)


@pytest.mark.parametrize(
    "title",
    [
        "So What",
        "so what",
        "So What!",
        "So_What",
        "Ｓｏ Ｗｈａｔ",
        "So What (Live)",
        "So What (Live at Newport)",
        "So What [Live, Paris 1960]",
        "So What - Live in Stockholm",
        "So What (Mono)",
        "So What - Remastered 2009",
        "So What – 2009 Digital Remaster",
        "So What (2009 - Remaster)",
        "So What (Radio Edit)",
        "So What - Single Version",
        "So What (Somebody's Remix)",
        "So What - Somebody Else Mix",
        "So What (Acoustic)",
        "So What (Alternate Take 2)",
        "So What (Bonus Track)",
        "So What (A Cappella)",
        "So What (En vivo)",
        "So What (Ao Vivo em Lisboa)",
        "So What (MTV Unplugged)",
        "So What (Sped Up)",
        "So What (Slowed + Reverb)",
        "So What feat. Cannonball Adderley",
        "So What (with Cannonball Adderley)",
        "So What (ft. Cannonball Adderley) [Live] - 2009 Remaster",
        "So What (with the Vienna Philharmonic Orchestra)",
        "So What (Official Video)",
        "So What (Official Music Video)",
        "So What [Official Lyric Video] [HD]",
        "So What (Official Audio)",
        "So What (Visualizer)",
        "So What - Remasterizado",
        "So What (Remasterizado 2009)",
        "So What - Remasterisé en 2009",
        "So What (Versión Acústica)",
        "So What (Dub)",
        "So What (Dub Mix)",
        "So What (VIP)",
        "So What (VIP Mix)",
        "So What (BBC Session)",
        "So What (John Peel Session)",
        "So What (BBC Radio 1 Session)",
        "So What (First Take)",
        "So What - From THE FIRST TAKE",
        "So What (Home Demo)",
        "So What (From The Vault)",
        "So What (Somebody's Version) (From The Vault)",
        "So What (ライブ)",
        "So What（ライブ）",
        "So What 【ライブ・バージョン】",
        "So What (Акустика)",
    ],
)
def test_versions_have_one_name(title: str) -> None:
    assert work_title(title) == "so what"


@pytest.mark.parametrize(
    "title",
    [
        "Chapter Seven",
        "Chapter Twenty-One",
        "Part Two",
        "Kapitel 3",
        "Kapitel Drei",
        "Chapitre 12",
        "Глава 4",
        "第三章",
        "第12話",
        "トラック 5",
        "Foreword",
        "Kyrie",
        "Agnus Dei",
        "2. Satz",
    ],
)
def test_a_position_in_a_book_or_a_mass_does_not_identify_a_work(title: str) -> None:
    assert work_title(title) is None


@pytest.mark.parametrize("title", ["Seven", "The One", "Un deux trois"])
def test_a_number_in_words_alone_is_a_song(title: str) -> None:
    assert work_title(f"{title} (Live)") == title.casefold()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Shine On (Part 1)", "Shine On (Part 2)"),
        ("Shine On, Pt. 1 (Live)", "Shine On, Pt. 2 (Live)"),
        ("Song feat. X (Part 1)", "Song feat. X (Part 2)"),
        ("Song feat. X, Pt. 1", "Song feat. X, Pt. 2"),
        ("Hello (Part 1 Remix)", "Hello (Part 2 Remix)"),
        ("Moonlight Sonata: I. Adagio", "Moonlight Sonata: II. Allegretto"),
        ("Étude Tristesse in C# minor", "Étude Tristesse in C minor"),
        ("Sgt. Pepper", "Sgt. Pepper (Reprise)"),
        ("Shaft", "Shaft (Theme from the Film)"),
        ("Humanitarian", "Humanitarian v2 - The Box"),
        ("Live", "Live Forever"),
        ("Forever", "Live and Let Die"),
        ("Luftballons", "99 Luftballons"),
        ("Widelands_01", "Widelands_02"),
        ("がく", "かく"),
        ("Ballad (1)", "Ballad (2)"),
        ("Lecture - Session 1", "Lecture - Session 2"),
        ("Dance", "Dance (With Me)"),
        ("Dancing", "Dancing (With Myself)"),
        ("Stay", "Stay (With the Lights On)"),
        ("Alone", "Alone (With You)"),
        ("Rush", "Rush (From Me to You)"),
    ],
)
def test_different_music_has_different_names(one: str, other: str) -> None:
    names = work_title(one), work_title(other)
    assert None not in names
    assert names[0] != names[1]


@pytest.mark.parametrize(
    "title",
    [
        "Intro",
        "Theme",
        "Main Title (Remastered)",
        "Interlude II",
        "Track 03",
        "Untitled",
        "Part 1",
        "Prelude in C major",
        "Prelude in C minor",
        "Nocturne in E-flat major, Op. 9 No. 2",
        "Symphony No. 5: I. Allegro con brio",
        "II. Andante con moto",
        "1979",
        "???",
        "x" * 1000,
    ],
)
def test_unspecific_titles_have_no_versions(title: str) -> None:
    assert work_title(title) is None
    assert work_key(track(title, "Orchestra")) is None


def test_a_qualifier_alone_is_a_name() -> None:
    assert work_title("(Live)") == "live"
    assert work_title("Remix") == "remix"


def test_a_cover_is_another_work_and_a_guest_makes_no_difference() -> None:
    original = work_key(track("Hallelujah", "Leonard Cohen"))
    assert work_key(track("Hallelujah", "Jeff Buckley")) != original
    assert work_key(track("Hallelujah (Live)", "Leonard Cohen feat. Jeff Buckley")) == original
    assert work_key(track("Hallelujah", " LEONARD  COHEN (with Jeff Buckley)")) == original


def test_the_folder_replaces_an_unknown_artist() -> None:
    for artist in (None, "Various Artists", "VA", "  "):
        here = work_key(track("Hallelujah", artist, "/m/one/a.mp3", albumartist="Various"))
        assert here == work_key(track("Hallelujah (Live)", artist, "/m/one/b.mp3"))
        assert here != work_key(track("Hallelujah", artist, "/m/two/a.mp3"))
    assert work_key(track("Hallelujah", None, albumartist="Leonard Cohen")) == work_key(
        track("Hallelujah", "Leonard Cohen")
    )


def test_a_leading_track_number_is_removed() -> None:
    plain = work_key(track("Rings", "A"))
    assert work_key(track("07 - Rings", "A")) == plain
    assert work_key(track("7. Rings", "A", number=7)) == plain
    assert work_key(track("7 Rings", "A", number=7)) != plain
    assert work_key(track("7. Rings", "A", number=3)) != plain
    assert work_key(track(None, "A", "/m/07 Rings (Live).mp3")) == plain


def test_untagged_files_are_compared_within_their_folder() -> None:
    plain = work_key(track(path="/m/01 - rings.flac"))
    assert work_key(track(path="/m/01_-_Rings_(live).mp3")) == plain
    assert work_key(track(path="/n/01 - rings.flac")) != plain
    assert work_key(track(path="/m/02 - rings.flac")) != plain
    assert work_key(track(path="/m/track01.mp3")) != work_key(track(path="/m/track02.mp3"))
    assert work_key(track(path="/m/intro.mp3")) is None


class TestListedWorks:
    def test_versions_are_kept_with_the_listed_one(self) -> None:
        seed, listed = track("One", "A", "/1"), track("Two", "A", "/2")
        works = ListedWorks([seed])
        live, remix = track("One (Live)", "A", "/3"), track("Two (Remix)", "A", "/4")
        assert works.leave_out(live)
        assert not works.leave_out(listed)
        assert not works.leave_out(remix)
        works.add(listed)
        assert works.leave_out(remix)
        assert [works.versions(one) for one in (seed, listed, remix)] == [(live,), (remix,), ()]

    def test_composers_without_a_name_in_common_wrote_two_works(self) -> None:
        works = ListedWorks()
        works.add(track("Ave Maria", "Choir", "/1", composer="Franz Schubert"))
        assert not works.leave_out(track("Ave Maria", "Choir", "/2", composer="Bach/Gounod"))
        assert works.leave_out(track("Ave Maria (Live)", "Choir", "/3", composer="Schubert, F."))
        assert works.leave_out(track("Ave Maria", "Choir", "/4"))

    def test_one_title_for_a_whole_album_hides_nothing(self) -> None:
        works = ListedWorks()
        works.add(track("Caves; Desert", "A", "/m/desert.ogg", duration_s=72))
        assert not works.leave_out(track("Caves; Desert", "A", "/m/hell.ogg", duration_s=128))
        assert works.leave_out(track("Caves; Desert", "A", "/m/desert.mp3", duration_s=72.1))
        assert works.leave_out(track("Caves; Desert (Live)", "A", "/m/live.ogg", duration_s=128))
        assert works.leave_out(track("Caves; Desert", "A", "/other/desert.ogg", duration_s=128))


def test_hostile_titles_are_processed_quickly() -> None:
    begin = time.process_time()
    for unit in ("(live)", "(", " feat. x", " - live", "[x", "live at ", "1 - "):
        work_title(unit * 100_000)
        work_title(unit * (499 // len(unit)))
    assert time.process_time() - begin < 5
