"""Tracks of cue sheets in lists and timelines: a part of a file, read back as the same part."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musimo.output.answers import PrintOptions, TracksAnswer
from musimo.output.curves import CurveAnswer, CurveOptions
from musimo.output.duplicates import groups_paths
from musimo.output.formats import Format
from musimo.output.markers import markers
from musimo.output.playlist_paths import PathStyle
from musimo.output.playlists import m3u, m3u8, pls, xspf
from musimo.output.rendering import Rendered, render, render_curve
from musimo.output.timecode import FRAME_RATES, frame_rate
from musimo.records import SlidingPlan, Tags, Track, Window, WindowEmotion
from musimo.records.curve import Curve, Turn
from musimo.search.duplicates import DuplicateGroup
from tests.output.conftest import HOSTILE_TITLE

PLAIN = PathStyle()
XSPF = "{http://xspf.org/ns/0/}"
VLC = "http://www.videolan.org/vlc/playlist/0"
ALBUM = b"/music/Album #1.flac"


def part(number: int, start_s: float, end_s: float, title: str | None = None, path: bytes = ALBUM) -> Track:
    tags = Tags(title=title or f"Song {number}", artist="Band", track=number)
    return Track(number, path, tags, end_s - start_s, number, 0.5, 0.5, part=Window(start_s, end_s))


ONE, TWO = part(1, 0.0, 222.493333), part(2, 222.493333, 400.0)
WHOLE = Track(3, b"/music/b.mp3", Tags(title="B"), 10.0, 3, 0.5, 0.5)


@pytest.mark.parametrize("write", [m3u8, m3u])
def test_line_lists_give_the_times_before_the_file(write: Any) -> None:
    data, skipped = write([ONE, WHOLE, TWO], PLAIN)
    assert skipped == []
    assert data.decode().splitlines() == [
        "#EXTM3U",
        "#EXTINF:222,Band - Song 1",
        "#EXTVLCOPT:start-time=0.000",
        "#EXTVLCOPT:stop-time=222.493",
        "/music/Album #1.flac",
        "#EXTINF:10,B",
        "/music/b.mp3",
        "#EXTINF:178,Band - Song 2",
        "#EXTVLCOPT:start-time=222.493",
        "#EXTVLCOPT:stop-time=400.000",
        "/music/Album #1.flac",
    ]


def vlc_options(entry: ElementTree.Element) -> list[str | None]:
    return [
        option.text
        for extension in entry.iter(f"{XSPF}extension")
        if extension.attrib == {"application": VLC}
        for option in extension.iter(f"{{{VLC}}}option")
    ]


def test_xspf_has_the_times_in_the_extension_of_vlc() -> None:
    data, _ = xspf([ONE, WHOLE, TWO], PLAIN)
    entries = list(ElementTree.fromstring(data).iter(f"{XSPF}track"))
    assert [vlc_options(entry) for entry in entries] == [
        ["start-time=0.000", "stop-time=222.493"],
        [],
        ["start-time=222.493", "stop-time=400.000"],
    ]
    assert {entry.findtext(f"{XSPF}location") for entry in (entries[0], entries[2])} == {
        "file:///music/Album%20%231.flac"
    }
    assert b"vlc" not in xspf([WHOLE], PLAIN)[0], "lists of whole files stay as they were"


@given(st.lists(st.tuples(st.text(st.characters(codec=None), min_size=1), st.floats(0, 9e4)), max_size=4))
def test_no_title_of_a_sheet_adds_an_option_or_an_entry(songs: list[tuple[str, float]]) -> None:
    tracks = [part(n, start, start + 1, title) for n, (title, start) in enumerate(songs, 1)]
    for write in (m3u, m3u8):
        lines = write(tracks, PLAIN)[0].split(b"\n")
        kinds = [line.partition(b":")[0] if line.startswith(b"#EXT") else line for line in lines]
        entry = [b"#EXTINF", b"#EXTVLCOPT", b"#EXTVLCOPT", ALBUM]
        assert kinds == [b"#EXTM3U", *entry * len(tracks), b""]
    entries = list(ElementTree.fromstring(xspf(tracks, PLAIN)[0]).iter(f"{XSPF}track"))
    assert [len(vlc_options(entry)) for entry in entries] == [2] * len(tracks)


def rendered(*tracks: Track, format: Format) -> Rendered:
    return render(TracksAnswer(tracks), format, PrintOptions())


def test_pls_and_paths_name_the_file_once_and_say_so() -> None:
    data, skipped = pls([ONE, WHOLE, TWO], PLAIN)
    lines = data.decode().splitlines()
    assert (skipped, lines[1], lines[3], lines[-2]) == (
        [],
        f"File1={ALBUM.decode()}",
        "Length1=-1",
        "NumberOfEntries=2",
    )
    paths = rendered(ONE, WHOLE, TWO, format="paths")
    assert paths.data == ALBUM + b"\n/music/b.mp3\n"
    for answer in (paths, rendered(ONE, WHOLE, TWO, format="pls")):
        assert "2 tracks of this list are parts of larger files" in answer.note
    others: tuple[Format, ...] = ("m3u8", "m3u", "xspf", "json", "csv")
    for format in others:
        assert rendered(ONE, TWO, format=format).note == ""
    assert rendered(WHOLE, format="paths").note == ""


def test_json_and_csv_have_start_and_end() -> None:
    rows = json.loads(rendered(TWO, WHOLE, format="json").data)["results"]
    assert [(row["start"], row["end"]) for row in rows] == [(222.493, 400.0), (None, None)]
    table = list(csv.DictReader(io.StringIO(rendered(TWO, WHOLE, format="csv").data.decode())))
    assert [(row["start"], row["end"]) for row in table] == [("222.493", "400.0"), ("", "")]


def test_no_command_that_deletes_duplicates_is_given_an_album() -> None:
    alone, copy = (
        replace(WHOLE, path_bytes=b"/music/song 1.flac"),
        replace(WHOLE, path_bytes=b"/music/copy.flac"),
    )
    groups = [DuplicateGroup("sound", 1.0, (ONE, alone)), DuplicateGroup("sound", 1.0, (ONE, alone, copy))]
    assert groups_paths(groups) == b"/music/song 1.flac\n/music/copy.flac\n\n"


@pytest.fixture
def curve() -> CurveAnswer:
    readings = tuple(WindowEmotion(Window(at - 5, at + 5), 0.5, 0.5) for at in (10.0, 60.0, 170.0))
    return CurveAnswer(Curve(TWO, SlidingPlan(10, 5), 177.506667, readings), (), (Turn(60.0, 0.1, 0.2),))


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_timelines_cut_the_part_out_of_the_file(curve: CurveAnswer, fps: str) -> None:
    options = CurveOptions(fps=fps, readings=True)
    rate = frame_rate(fps)
    first, length = rate.frames(222.493333), rate.frames(177.506667) + 1
    frames = [one.frame for one in markers(curve, options)]
    assert max(frames) < length, "markers count from the beginning of the track"
    text = render_curve(curve, "fcpxml", options).decode().split("<!DOCTYPE fcpxml>")[1]
    root = ElementTree.fromstring(text)

    def frame(element: ElementTree.Element, name: str) -> Fraction:
        return Fraction(element.attrib[name].rstrip("s")) * rate.rate

    [clip], [asset] = root.iter("asset-clip"), root.iter("asset")
    assert [frame(clip, "start"), frame(clip, "duration")] == [Fraction(first), Fraction(length)]
    assert frame(asset, "duration") >= frame(clip, "start") + frame(clip, "duration")
    assert [frame(one, "start") - first for one in root.iter("marker")] == frames
    otio: Any = pytest.importorskip("opentimelineio")
    timeline = otio.adapters.read_from_string(render_curve(curve, "otio", options).decode(), "otio_json")
    [found] = timeline.find_clips()
    assert (found.source_range.start_time.value, found.source_range.duration.value) == (first, length)
    available = found.media_reference.available_range
    assert available.start_time <= found.source_range.start_time
    assert available.end_time_exclusive() >= found.source_range.end_time_exclusive()
    assert [one.marked_range.start_time.value - first for one in found.markers] == frames


def test_no_title_reaches_the_terminal_or_a_line_of_its_own() -> None:
    hostile = part(1, 0.0, 5.0, HOSTILE_TITLE, b"/music/a\nb\x1b[31m.flac")
    formats: tuple[Format, ...] = ("table", "json")
    for format in formats:
        text = rendered(hostile, format=format).data.decode()
        assert not re.search("[\x1b\x07\x9b\u202e]", text), format
    data, skipped = m3u8([hostile], PLAIN)
    assert (data, [one.path for one in skipped]) == (b"#EXTM3U\n", [hostile.path_bytes])
