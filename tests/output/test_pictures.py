"""Pictures of a library: what strangers wrote into tags stays text, and nothing asks the network."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from musimo.output.colouring import (
    CIVIDIS,
    OKABE_ITO,
    OTHER,
    REST,
    REST_NAMES,
    UNKNOWN,
    UNTAGGED,
    Groups,
    Span,
    cividis,
    colouring,
    paint,
)
from musimo.output.map_page import page
from musimo.output.scatter import scatter
from musimo.output.scatter_png import scatter_png
from musimo.output.scatter_svg import svg
from musimo.records import Tags, TempoKey, Track
from musimo.search.sound_map import SoundMap

NASTY = [
    "</script><script>alert(1)</script>",
    "</ScRiPt >",
    "<!--<script>",
    "]]>",
    "\u2028var x\u2029",
    "\u202egnp.exe\u202c",
    "\u2066isolate",
    "<img src=x onerror=alert(1)>",
    "&lt;b&gt; & &amp;",
    '"; alert(1); //',
    "\\u003c/script>",
    "$data ${js} $$",
    "\x00\x1b[31m\x9b\r\n\t",
    "A" * 10_000,
    "שלום עולם",
    "春の海 🎸",
    "\ud800 alone",
    "\ufffe\uffff",
    "javascript:alert(1)",
    "",
]
SVG = "{http://www.w3.org/2000/svg}"


def picture(texts: Sequence[str], n_nearest: int = 1) -> SoundMap:
    """A map of tracks with these texts in every tag."""
    tracks = tuple(
        Track(
            at + 1,
            b"/music/%d.mp3" % at,
            Tags(text, text, None, text, text, year=1950 + at if at % 3 else None),
            61.0,
            at,
            at / len(texts),
            0.25 if at % 2 else 0.75,
        )
        for at, text in enumerate(texts)
    )
    places = np.array([(at, -at * at) for at in range(len(texts))]) / 100
    nearest = np.array([[(at + 1) % len(texts)] for at in range(len(texts))])[:, :n_nearest]
    return SoundMap(tracks, places.astype(np.float32), 0.5, nearest)


class Reader(HTMLParser):
    """What a browser makes of a page: its elements, and what stands in scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.elements[-1:] and self.elements[-1][0] in ("script", "style"):
            self.inside.append((self.elements[-1][0], data))


@pytest.fixture(scope="module")
def html() -> str:
    return page(picture(NASTY), "0-1").decode()


@pytest.fixture(scope="module")
def data(html: str) -> dict[str, Any]:
    return data_of(html)


def data_of(html: str) -> dict[str, Any]:
    """What the script of a page is given."""
    [text] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    read: dict[str, Any] = json.loads(text)
    return read


class TestPage:
    def test_what_is_written_in_tags_never_becomes_markup(self, html: str) -> None:
        harmless = Reader(page(picture(["plain"] * len(NASTY)), "0-1").decode())
        hostile = Reader(html)
        policy = {"http-equiv": "Content-Security-Policy"}.items()
        assert [element for element in hostile.elements if not policy <= element[1].items()] == [
            element for element in harmless.elements if not policy <= element[1].items()
        ]
        assert [kind for kind, _ in hostile.inside] == [kind for kind, _ in harmless.inside]

    def test_the_data_are_ascii_without_a_character_of_markup(self, html: str) -> None:
        [text] = re.findall(r'id="data">(.*?)</script>', html, re.DOTALL)
        assert text.isascii()
        assert not {*text} & {*"<>&\n\r\x00"}

    def test_tags_read_back_as_a_terminal_would_show_them(self, data: dict[str, Any]) -> None:
        titles = data["tracks"]["title"]
        assert titles[0] == NASTY[0]
        assert titles[NASTY.index("$data ${js} $$")] == "$data ${js} $$"
        assert titles[NASTY.index("שלום עולם")] == "שלום עולם"
        assert titles[NASTY.index("春の海 🎸")] == "春の海 🎸"
        assert titles[5] == r"\u202egnp.exe\u202c"
        assert titles[4] == r"\u2028var x\u2029"
        assert titles[12] == r"\x00\x1b[31m\x9b\r\n\t"
        assert titles[-1] == "19"  # without a title the name of the file
        assert len(titles[13]) == 200
        assert titles[13].endswith("A…")
        assert max(len(text) for names in data["colours"].values() for text in names.get("names", [])) <= 28
        for column in data["tracks"].values():
            assert len(column) == len(NASTY)

    def test_numbers_are_those_of_the_library_on_the_scale_asked_for(self, data: dict[str, Any]) -> None:
        assert data["tracks"]["valence"][:3] == [0, 0.05, 0.1]
        assert data["tracks"]["x"][:3] == [0, 0.01, 0.02]
        assert data["tracks"]["time"][0] == "1:01"
        assert data["nearest"][:2] == [[1], [2]]
        assert (data["neutral"], data["shown"]) == (0.5, 0.5)
        ratings = page(picture(["a", "b"]), "1-9", "sound", "year").decode()
        read = json.loads(re.findall(r'id="data">(.*?)</script>', ratings)[0])
        assert read["tracks"]["arousal"] == [7, 3]
        assert (read["neutral"], read["view"], read["colour"]) == (5, "sound", "year")

    def test_tempo_and_key_are_told_as_far_as_they_are_known(self) -> None:
        drawn = picture(["a", "b", "c"])
        told = (TempoKey(90.4, 0.5, "A minor", 0.5), TempoKey(None, 0.1, "F# major", 0.3), None)
        tracks = tuple(replace(t, tempo_key=k) for t, k in zip(drawn.tracks, told, strict=True))
        columns = data_of(page(replace(drawn, tracks=tracks), "0-1").decode())["tracks"]
        assert columns["pulse"] == ["90 bpm, A minor", "F# major", None]

    def test_no_path_of_a_file_is_told(self, html: str) -> None:
        assert "/music/" not in html

    def test_nothing_is_fetched_from_anywhere(self, html: str) -> None:
        ours = page(picture(["plain"]), "0-1").decode()
        assert not re.search(r"(?:https?:)?//[a-z0-9]|@import|url\(|fetch\(|XMLHttp|WebSocket|import\(", ours)
        for _, attributes in Reader(html).elements:
            assert not {*attributes} & {"src", "href", "action", "style", "srcset", "onload", "onclick"}

    def test_the_policy_allows_this_style_and_this_script_alone(self, html: str) -> None:
        reader = Reader(html)
        [policy] = [
            attributes["content"] or ""
            for tag, attributes in reader.elements
            if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
        ]
        directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
        assert directives["default-src"] == "'none'"
        assert "unsafe" not in policy
        [style] = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
        script = html.rpartition("<script>")[2].partition("</script>")[0]
        for name, text in (("style-src", style), ("script-src", script)):
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert directives[name] == f"'sha256-{digest}'"
        assert html.index("Content-Security-Policy") < html.index("<style>")

    def test_the_script_never_writes_markup(self, html: str) -> None:
        script = html.rpartition("<script>")[2]
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(", script)
        assert "<!--" not in script

    def test_the_same_map_makes_the_same_page(self, html: str) -> None:
        assert page(picture(NASTY), "0-1").decode() == html


class TestColours:
    def test_the_eight_most_frequent_have_a_colour_and_case_tells_none_apart(self) -> None:
        genres = [f"g{k}" for k in range(10) for _ in range(10 - k)] + ["G0 ", ""]
        made = colouring(picture(genres).tracks, "genre", "0-1")
        assert isinstance(made, Groups)
        assert made.names == tuple(f"g{k}" for k in range(8))
        assert made.rest == REST_NAMES
        assert made.of[-3:] == (OTHER, 0, UNTAGGED)
        assert paint(made)[0] == OKABE_ITO[0]
        assert paint(made)[-3:] == [REST, OKABE_ITO[0], UNKNOWN]

    @pytest.mark.parametrize(
        ("genres", "rest"),
        [(["rock"], []), (["rock", " "], [(UNKNOWN, "no tag")]), ([""], [(UNKNOWN, "no tag")])],
    )
    def test_a_legend_names_tracks_without_a_tag_only_where_there_are_any(
        self, genres: list[str], rest: list[tuple[str, str]]
    ) -> None:
        legend = scatter(picture(genres), "mood", "genre", "0-1").legend
        assert [row for row in legend if row[1] != "rock"] == rest

    def test_moods_are_quadrants(self) -> None:
        made = colouring(picture(["a", "b", "c", "d"]).tracks, "mood", "0-1")
        assert isinstance(made, Groups)
        assert [made.names[group] for group in made.of] == [
            "unpleasant, excited",
            "unpleasant, calm",
            "pleasant, excited",
            "pleasant, calm",
        ]

    def test_years_are_a_scale_and_what_is_not_known_is_not_on_it(self) -> None:
        made = colouring(picture(["a", "b", "c", "d", "e"]).tracks, "year", "0-1")
        assert made == Span(1951, 1954, (None, 1951, 1952, None, 1954), 0)
        assert paint(made) == [UNKNOWN, CIVIDIS[0], cividis(1 / 3), UNKNOWN, CIVIDIS[-1]]

    def test_tempi_are_a_scale(self) -> None:
        tracks = [
            replace(track, tempo_key=told)
            for track, told in zip(
                picture(["a", "b", "c"]).tracks,
                (TempoKey(90.0, 0.5, "A minor", 0.5), None, TempoKey(None, 0.1, None, 0.1)),
                strict=True,
            )
        ]
        assert colouring(tracks, "tempo", "0-1") == Span(90.0, 90.0, (90.0, None, None), 0)

    def test_between_two_colours_lies_their_mixture(self) -> None:
        assert cividis(-1) == CIVIDIS[0]
        assert cividis(0.5) == CIVIDIS[4]
        assert cividis(1 / 16) == "#0d2d5e"  # half way from #00224e to #1a386f
        assert cividis(2) == CIVIDIS[-1]

    def test_one_value_alone_has_a_colour(self) -> None:
        made = colouring(picture(["a", "b"]).tracks, "year", "0-1")
        assert paint(made) == [UNKNOWN, CIVIDIS[4]]


class TestStill:
    @pytest.mark.parametrize("view", ["mood", "sound"])
    @pytest.mark.parametrize("colour", ["genre", "year"])
    def test_svg_has_a_circle_a_track_within_its_frame(self, view: Any, colour: Any) -> None:
        root = ElementTree.fromstring(svg(scatter(picture(NASTY), view, colour, "0-1")))
        assert root.tag == f"{SVG}svg"
        assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("960", "720", "0 0 960 720")
        points = [circle for circle in root.iter(f"{SVG}circle") if circle.find(f"{SVG}title") is not None]
        assert len(points) == len(NASTY)
        for point in points:
            assert 64 <= float(point.get("cx", "nan")) <= 730
            assert 24 <= float(point.get("cy", "nan")) <= 664
        assert not {element.tag for element in root.iter()} & {f"{SVG}script", f"{SVG}img", f"{SVG}a"}
        titles = [point.findtext(f"{SVG}title") or "" for point in points]
        assert titles[0] == f"{NASTY[0]} – {NASTY[0]}"
        assert max(map(len, titles)) <= 200

    def test_a_point_lies_where_its_numbers_say(self) -> None:
        drawn = scatter(picture(["a", "b"]), "mood", "genre", "1-9")
        assert [point[:2] for point in drawn.points] == [(1, 7), (5, 3)]
        assert (drawn.x.low, drawn.x.high) == pytest.approx((0.84, 5.16))
        assert drawn.neutral == 5
        assert 5 in drawn.x.ticks
        sound = scatter(picture(["a", "b"]), "sound", "genre", "0-1")
        assert [point[:2] for point in sound.points] == [(0, 0), pytest.approx((0.01, -0.01))]
        assert "50%" in sound.x.name
        assert sound.x.ticks == sound.y.ticks == ()

    def test_one_track_is_a_picture(self) -> None:
        for view in ("mood", "sound"):
            root = ElementTree.fromstring(svg(scatter(picture(["a"]), view, "year", "0-1")))
            assert len([c for c in root.iter(f"{SVG}circle") if len(c)]) == 1
            assert "nan" not in ElementTree.tostring(root, encoding="unicode").lower()

    def test_png_tells_every_colour_whatever_its_name_begins_with(self) -> None:
        pytest.importorskip("matplotlib")
        drawn = scatter(picture(["rock"]), "mood", "genre", "0-1")
        names = replace(drawn, legend=(("#0072b2", "_rock"),)), replace(drawn, legend=())
        assert scatter_png(names[0]) != scatter_png(names[1])

    @pytest.mark.parametrize("view", ["mood", "sound"])
    def test_png_is_as_large_as_the_page_it_is_for(self, view: Any) -> None:
        pytest.importorskip("matplotlib")
        data = scatter_png(scatter(picture(NASTY[:6]), view, "artist", "0-1"))
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">II", data[16:24]) == (1152, 864)  # 9.6 by 7.2 inches of 120 dots
