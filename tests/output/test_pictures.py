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
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
import pytest

from musimo.output.coloring import (
    NO_TAG,
    OTHER_GROUP,
    REST_NAMES,
    ColorBy,
    Groups,
    Span,
    coloring,
    point_colors,
)
from musimo.output.colors import CIVIDIS, OKABE_ITO, OTHER, UNKNOWN, cividis
from musimo.output.map_page import page
from musimo.output.map_picture import INCHES, View, draw_map, map_picture, point_size
from musimo.records import HeardTag, Tags, TempoKey, Track
from musimo.records.scale import Scale
from musimo.search.sound_map import SoundMap

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
        assert max(len(text) for names in data["colors"].values() for text in names.get("names", [])) <= 28
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
        assert (read["neutral"], read["view"], read["color"]) == (5, "sound", "year")

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


class TestColors:
    def test_the_eight_most_frequent_have_a_color_and_case_tells_none_apart(self) -> None:
        genres = [f"g{k}" for k in range(10) for _ in range(10 - k)] + ["G0 ", ""]
        made = coloring(picture(genres).tracks, "genre", "0-1")
        assert isinstance(made, Groups)
        assert made.names == tuple(f"g{k}" for k in range(8))
        assert made.rest == REST_NAMES
        assert made.of[-3:] == (OTHER_GROUP, 0, NO_TAG)
        assert point_colors(made)[0] == OKABE_ITO[0]
        assert point_colors(made)[-3:] == [OTHER, OKABE_ITO[0], UNKNOWN]

    @pytest.mark.parametrize(
        ("genres", "rest"),
        [(["rock"], []), (["rock", " "], [(UNKNOWN, "no tag")]), ([""], [(UNKNOWN, "no tag")])],
    )
    def test_a_legend_names_tracks_without_a_tag_only_where_there_are_any(
        self, genres: list[str], rest: list[tuple[str, str]]
    ) -> None:
        pytest.importorskip("matplotlib")
        assert [row for row in legend_of(drawn_map(picture(genres))) if row[1] != "rock"] == rest

    def test_a_track_without_a_genre_has_that_which_is_heard_most(self) -> None:
        tracks = [
            replace(track, heard=tuple(HeardTag(tag, 0.9) for tag in heard))
            for track, heard in zip(
                picture(["Rock", "", " ", "", "Polka"]).tracks,
                (("jazz",), ("piano", "rock", "jazz"), ("piano", "sad"), (), ()),
                strict=True,
            )
        ]
        made = coloring(tracks, "genre", "0-1")
        assert isinstance(made, Groups)
        assert [name.lower() for name in made.names] == ["rock", "polka"]
        assert made.of == (0, 0, NO_TAG, NO_TAG, 1)
        strongest = coloring(tracks, "heard", "0-1")
        assert isinstance(strongest, Groups)
        assert strongest.names == ("piano", "jazz")
        assert strongest.of == (1, 0, 0, NO_TAG, NO_TAG)

    def test_moods_are_quadrants(self) -> None:
        made = coloring(picture(["a", "b", "c", "d"]).tracks, "mood", "0-1")
        assert isinstance(made, Groups)
        assert [made.names[group] for group in made.of] == [
            "unpleasant, excited",
            "unpleasant, calm",
            "pleasant, excited",
            "pleasant, calm",
        ]

    def test_years_are_a_scale_and_what_is_not_known_is_not_on_it(self) -> None:
        made = coloring(picture(["a", "b", "c", "d", "e"]).tracks, "year", "0-1")
        assert made == Span(1951, 1954, (None, 1951, 1952, None, 1954), 0)
        assert point_colors(made) == [UNKNOWN, CIVIDIS[0], cividis(1 / 3), UNKNOWN, CIVIDIS[-1]]

    def test_tempi_are_a_scale(self) -> None:
        tracks = [
            replace(track, tempo_key=told)
            for track, told in zip(
                picture(["a", "b", "c"]).tracks,
                (TempoKey(90.0, 0.5, "A minor", 0.5), None, TempoKey(None, 0.1, None, 0.1)),
                strict=True,
            )
        ]
        assert coloring(tracks, "tempo", "0-1") == Span(90.0, 90.0, (90.0, None, None), 0)

    def test_between_two_colors_lies_their_mixture(self) -> None:
        assert cividis(-1) == CIVIDIS[0]
        assert cividis(0.5) == CIVIDIS[4]
        assert cividis(1 / 16) == "#0d2d5e"  # half way from #00224e to #1a386f
        assert cividis(2) == CIVIDIS[-1]

    def test_one_value_alone_has_a_colour(self) -> None:
        made = coloring(picture(["a", "b"]).tracks, "year", "0-1")
        assert point_colors(made) == [UNKNOWN, CIVIDIS[4]]


def drawn_map(drawn: SoundMap, view: View = "mood", color: ColorBy = "genre", scale: Scale = "0-1") -> Figure:
    """The figure of a map, laid out."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=INCHES, layout="constrained")
    draw_map(figure, drawn, view, color, scale)
    figure.draw_without_rendering()
    return figure


def legend_of(figure: Figure) -> list[tuple[str, str]]:
    """Colors and names of the legend of a figure, or of its color bar."""
    from matplotlib.collections import PathCollection
    from matplotlib.colors import to_hex

    legends = [legend for axes in figure.axes if (legend := axes.get_legend())] + figure.legends
    rows = []
    for legend in legends:
        for dot, text in zip(legend.legend_handles, legend.get_texts(), strict=True):
            assert isinstance(dot, PathCollection)
            rows.append((to_hex(np.asarray(dot.get_facecolor())[0]), text.get_text()))
    return rows


class TestStill:
    """The map as a picture."""

    @pytest.fixture(autouse=True)
    def _needs_matplotlib(self) -> None:
        pytest.importorskip("matplotlib")

    @pytest.mark.parametrize("view", ["mood", "sound"])
    @pytest.mark.parametrize("color", ["genre", "year", "mood"])
    def test_svg_has_a_named_point_per_track(self, view: Any, color: Any) -> None:
        root = ElementTree.fromstring(map_picture(picture(NASTY), "svg", view, color, "0-1"))
        assert root.tag == f"{SVG}svg"
        assert root.findtext(f"{SVG}title") == f"musimo map of {len(NASTY)} tracks"
        [group] = [group for group in root.iter(f"{SVG}g") if group.get("id") == "tracks"]
        points = [point for point in group.iter() if point.find(f"{SVG}title") is not None]
        assert len(points) == len(NASTY)
        assert not {element.tag for element in root.iter()} & {f"{SVG}script", f"{SVG}img", f"{SVG}a"}
        names = [point.findtext(f"{SVG}title") or "" for point in points]
        assert f"{NASTY[0]} – {NASTY[0]}" in names
        assert max(map(len, names)) <= 200
        for point in points:  # within the page, 691 by 518 points
            assert 0 < float(point.get("x", "nan")) < 691
            assert 0 < float(point.get("y", "nan")) < 518

    @pytest.mark.parametrize("n", [1, 2, 40])
    @pytest.mark.parametrize("color", ["genre", "year"])
    def test_a_name_stands_at_the_point_of_its_track(self, n: int, color: Any) -> None:
        names = [f"track {at}" for at in range(n)]
        root = ElementTree.fromstring(map_picture(picture(names), "svg", "mood", color, "0-1"))
        [group] = [group for group in root.iter(f"{SVG}g") if group.get("id") == "tracks"]
        points = [point for point in group.iter() if point.find(f"{SVG}title") is not None]
        titles = [point.findtext(f"{SVG}title") or "" for point in points]
        assert sorted(titles) == sorted(f"{name} – {name}" for name in names)
        if n > 1:  # valence rises from track to track
            across = {
                title: float(point.get("x", "nan")) for title, point in zip(titles, points, strict=True)
            }
            in_order = [across[f"{name} – {name}"] for name in names]
            assert in_order == sorted(in_order)

    def test_a_point_lies_where_its_numbers_say(self) -> None:
        figure = drawn_map(picture(["a", "b"]), scale="1-9")
        axes = figure.axes[0]
        [points] = [collection for collection in axes.collections if collection.get_gid() == "tracks"]
        assert np.asarray(points.get_offsets()).tolist() == [[1, 7], [5, 3]]
        low, high = axes.get_xlim()
        assert low < 1
        assert high > 5
        assert 5 in axes.get_xticks()
        sound = drawn_map(picture(["a", "b"]), "sound").axes[0]
        [points] = [collection for collection in sound.collections if collection.get_gid() == "tracks"]
        assert np.asarray(points.get_offsets()) == pytest.approx(np.array([[0, 0], [0.01, -0.01]]))
        assert "50%" in sound.get_xlabel()
        assert not sound.get_xticks().size
        assert not sound.get_yticks().size

    def test_neutral_is_in_the_picture_and_points_are_whole(self) -> None:
        figure = drawn_map(picture(NASTY[:3]))  # valence 0, 1/3 and 2/3
        axes = figure.axes[0]
        window = axes.get_window_extent()
        for low, high in (axes.get_xlim(), axes.get_ylim()):
            assert low < 0.5 < high
        [points] = [collection for collection in axes.collections if collection.get_gid() == "tracks"]
        radius = np.sqrt(point_size(3)) / 2 / 72 * figure.dpi
        for x, y in axes.transData.transform(np.asarray(points.get_offsets())):
            assert window.x0 + radius < x < window.x1 - radius
            assert window.y0 + radius < y < window.y1 - radius

    def test_tracks_without_a_color_lie_below(self) -> None:
        drawn = picture(["rock", "", "rock", ""])
        from matplotlib.figure import Figure

        assert draw_map(Figure(), drawn, "mood", "genre", "0-1") == [1, 3, 0, 2]
        assert draw_map(Figure(), drawn, "mood", "year", "0-1") == [0, 3, 1, 2]

    @pytest.mark.parametrize("view", ["mood", "sound"])
    def test_one_track_is_a_picture(self, view: Any) -> None:
        data = map_picture(picture(["a"]), "svg", view, "year", "0-1").decode()
        assert data.count("<title>") == 2
        assert "nan" not in data.lower()

    def test_every_color_is_named_whatever_the_name_begins_with(self) -> None:
        assert legend_of(drawn_map(picture(["_rock", "$x_1$", ""]))) == [
            (OKABE_ITO[0], "$x_1$"),
            (OKABE_ITO[1], "_rock"),
            (UNKNOWN, "no tag"),
        ]

    def test_a_scale_has_a_bar_of_its_colors_and_an_empty_dot_for_what_is_not_on_it(self) -> None:
        figure = drawn_map(picture(NASTY), color="year")
        assert [axes.get_title(loc="left") for axes in figure.axes] == ["", "year"]
        assert legend_of(figure) == [(UNKNOWN, "not known")]
        assert all(tick == round(tick) for tick in figure.axes[1].get_yticks())
        assert legend_of(drawn_map(picture(["a", "b"]), color="year"))[0] == (CIVIDIS[4], "1951")

    @pytest.mark.parametrize("view", ["mood", "sound"])
    def test_png_is_as_large_as_the_page_it_is_for(self, view: Any) -> None:
        data = map_picture(picture(NASTY[:6]), "png", view, "artist", "0-1")
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">II", data[16:24]) == (1152, 864)  # 9.6 by 7.2 inches of 120 dots

    @pytest.mark.parametrize(("format", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF-")])
    def test_the_same_map_makes_the_same_file(self, format: Any, start: bytes) -> None:
        import matplotlib as mpl

        before = dict(mpl.rcParams)
        data = map_picture(picture(NASTY), format, "mood", "genre", "0-1")
        assert data.startswith(start)
        assert map_picture(picture(NASTY), format, "mood", "genre", "0-1") == data
        assert dict(mpl.rcParams) == before
