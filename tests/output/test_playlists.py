import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musimo.errors import UsageError
from musimo.output.playlist_paths import PathStyle, location, parse_path_map, relative_folder, written
from musimo.output.playlists import Skipped, m3u, m3u8, pls, xspf
from musimo.records import Tags, Track

PLAIN = PathStyle()
NAMESPACE = "{http://xspf.org/ns/0/}"


def test_m3u8(track: Track, bare: Track) -> None:
    data, skipped = m3u8([track, bare], PLAIN)
    assert data == (b"#EXTM3U\n#EXTINF:173,Nina Simone - Feeling Good\n/music/Nina/07 Feeling Good.mp3\n")
    assert skipped == [Skipped(bare.path_bytes, "its name is not UTF-8; m3u and xspf can contain it")]


def test_m3u_holds_the_bytes_of_the_file_system(bare: Track) -> None:
    data, skipped = m3u([bare], PLAIN)
    assert data == b"#EXTM3U\n#EXTINF:-1,caf\xef\xbf\xbd\n/music/caf\xe9.ogg\n"
    assert skipped == []


def test_pls(track: Track, hostile: Track, bare: Track) -> None:
    data, skipped = pls([hostile, track, bare], PLAIN)
    assert data == (
        b"[playlist]\nFile1=/music/Nina/07 Feeling Good.mp3\nTitle1=Nina Simone - Feeling Good\nLength1=173\n"
        b"File2=/music/caf\xe9.ogg\nTitle2=caf\xef\xbf\xbd\nLength2=-1\nNumberOfEntries=2\nVersion=2\n"
    )
    assert [one.path for one in skipped] == [hostile.path_bytes]
    assert "line break" in skipped[0].reason


def test_a_title_makes_no_entry(hostile: Track) -> None:
    named = replace(hostile, path_bytes=b"/music/a.mp3", duration_s=2.0)
    lines = m3u8([named], PLAIN)[0].decode().splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("#EXTINF:2,=HYPERLINK(1) -  [2J ]0;owned")


@pytest.mark.parametrize(("name", "entry"), [(b"#1.mp3", b"./#1.mp3"), (b" a.mp3", b"./ a.mp3")])
def test_relative_names_that_would_be_misread(track: Track, name: bytes, entry: bytes) -> None:
    named = replace(track, path_bytes=b"/music/" + name)
    assert m3u([named], PathStyle(relative_to=b"/music"))[0].splitlines()[-1] == entry


def test_xspf(track: Track, bare: Track) -> None:
    assert xspf([track, bare], PLAIN)[0].decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<playlist version="1" xmlns="http://xspf.org/ns/0/">\n'
        "  <trackList>\n"
        "    <track>\n"
        "      <location>file:///music/Nina/07%20Feeling%20Good.mp3</location>\n"
        "      <title>Feeling Good</title>\n"
        "      <creator>Nina Simone</creator>\n"
        "      <album>I Put a Spell on You</album>\n"
        "      <trackNum>7</trackNum>\n"
        "      <duration>173420</duration>\n"
        "    </track>\n"
        "    <track>\n"
        "      <location>file:///music/caf%E9.ogg</location>\n"
        "      <title>caf\ufffd</title>\n"
        "    </track>\n"
        "  </trackList>\n"
        "</playlist>\n"
    )


@given(st.text(st.characters(codec=None), min_size=1), st.binary(min_size=1))
def test_xspf_gives_back_title_and_path(title: str, name: bytes) -> None:
    path = b"/" + name
    data, skipped = xspf([Track(1, path, Tags(title=title), None, None, None, None)], PLAIN)
    assert skipped == []
    [entry] = ET.fromstring(data).iter(f"{NAMESPACE}track")
    kept = "".join(
        c if c in "\t\n\r" or (c >= " " and not "\ud800" <= c <= "\udfff") else "\ufffd" for c in title
    )
    assert entry.findtext(f"{NAMESPACE}title") == kept.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
    place = entry.findtext(f"{NAMESPACE}location") or ""
    assert unquote_to_bytes(place.removeprefix("file://")) == path


@given(st.lists(st.tuples(st.text(st.characters(codec=None)), st.binary(min_size=1)), max_size=5))
def test_line_playlists_have_one_entry_a_track(songs: list[tuple[str, bytes]]) -> None:
    tracks = [Track(1, b"/" + name, Tags(title=title), 1.0, None, None, None) for title, name in songs]
    for write in (m3u, m3u8):
        data, skipped = write(tracks, PLAIN)
        lines = data.split(b"\n")
        assert len(lines) == 2 + 2 * (len(tracks) - len(skipped))
        assert all(line.startswith(b"#EXTINF:1,") for line in lines[1:-1:2])
        left = [track.path_bytes for track in tracks if track.path_bytes not in {one.path for one in skipped}]
        assert lines[2:-1:2] == left
    m3u8(tracks, PLAIN)[0].decode()
    data, skipped = pls(tracks, PLAIN)
    assert data.count(b"\n") == 3 + 3 * (len(tracks) - len(skipped))


@pytest.mark.parametrize(
    ("style", "path"),
    [
        (PLAIN, b"/home/me/Music/Live/a.mp3"),
        (PathStyle(relative_to=b"/home/me/Music"), b"Live/a.mp3"),
        (PathStyle(relative_to=b"/home/me/Lists"), b"../Music/Live/a.mp3"),
        (PathStyle(relative_to=b"/home/me/Music", prefix=b"x/"), b"x/Live/a.mp3"),
        (PathStyle(((b"/home/me/Music", b"/mnt"),)), b"/mnt/Live/a.mp3"),
        (PathStyle(((b"/home/me/Music/", b"/mnt/"),)), b"/mnt/Live/a.mp3"),
        (PathStyle(((b"/home/me/Mus", b"/mnt"),)), b"/home/me/Music/Live/a.mp3"),
        (PathStyle(((b"/home/me/Music", b"D:\\Music"),)), b"D:\\Music\\Live\\a.mp3"),
        (PathStyle(((b"/home", b"/x"), (b"/home/me", b"/y"))), b"/y/Music/Live/a.mp3"),
        (PathStyle(((b"/", b"/root"),)), b"/root/home/me/Music/Live/a.mp3"),
        (PathStyle(((b"/home/me", b"/y"),), relative_to=b"/y"), b"Music/Live/a.mp3"),
        (PathStyle(((b"/home/me", b"Z:"),), relative_to=b"/y"), b"Z:/Music/Live/a.mp3"),
    ],
)
def test_how_a_path_is_written(style: PathStyle, path: bytes) -> None:
    assert written(b"/home/me/Music/Live/a.mp3", style) == path


@pytest.mark.parametrize(
    ("style", "uri"),
    [
        (PLAIN, "file:///m/a%20%23%25.mp3"),
        (PathStyle(relative_to=b"/m"), "a%20%23%25.mp3"),
        (PathStyle(relative_to=b"/m", prefix=b"http://host/?x=%20/"), "http://host/?x=%20/a%20%23%25.mp3"),
        (PathStyle(((b"/m", b"D:\\My Music"),)), "file:///D:/My%20Music/a%20%23%25.mp3"),
        (PathStyle(((b"/m", b"\\\\nas\\My Music"),)), "file://nas/My%20Music/a%20%23%25.mp3"),
    ],
)
def test_uris(style: PathStyle, uri: str) -> None:
    assert location(b"/m/a #%.mp3", style) == uri


@pytest.mark.parametrize(
    ("style", "path"),
    [
        (PathStyle(((b"/m", b"Z:\\Music"),)), b"Z:\\Music\\Live\\a.mp3"),
        (PathStyle(((b"/m", b"Z:\\"),)), b"Z:\\Live\\a.mp3"),
        (PathStyle(((b"/m/", b"Z:/Music/"),)), b"Z:/Music/Live/a.mp3"),
        (PathStyle(((b"/m", b"\\\\nas\\Music"),)), b"\\\\nas\\Music\\Live\\a.mp3"),
        (PathStyle(relative_to=b"/m", prefix=b"..\\"), b"..\\Live\\a.mp3"),
        (PathStyle(relative_to=b"/m", prefix=b"../"), b"../Live/a.mp3"),
        (PathStyle(((b"/m", b"Z:\\Music"),), relative_to=b"/lists"), b"Z:\\Music\\Live\\a.mp3"),
    ],
)
def test_separators_are_those_of_what_is_put_before(style: PathStyle, path: bytes) -> None:
    assert written(b"/m/Live/a.mp3", style) == path


def test_relative_uris_have_no_scheme() -> None:
    assert location(b"/m/http:x.mp3", PathStyle(relative_to=b"/m")) == "./http%3Ax.mp3"


def test_path_map_is_read() -> None:
    assert parse_path_map("/a=/b=c") == (b"/a", b"/b=c")
    assert parse_path_map("/a=") == (b"/a", b"")


@pytest.mark.parametrize("wrong", ["/a", "=/b", ""])
def test_a_wrong_path_map_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError, match="OLD=NEW"):
        parse_path_map(wrong)


def test_relative_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    here = os.fsencode(tmp_path.resolve())
    assert relative_folder(".", None) == here
    assert relative_folder("playlist", "lists/a.m3u") == here + b"/lists"
    with pytest.raises(UsageError, match="-o"):
        raise_with_hint(lambda: relative_folder("playlist", None))


def raise_with_hint(call: Callable[[], object]) -> None:
    try:
        call()
    except UsageError as error:
        raise UsageError(f"{error.message} {error.hint}") from error
