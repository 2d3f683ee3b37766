"""A curve in every format, read back."""

from __future__ import annotations

import csv
import io
import json
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest

from musimo.emotion.turns import find_peaks
from musimo.errors import MusimoError, UsageError
from musimo.installation import installation
from musimo.output.curve_picture import (
    INCHES,
    LINES,
    draw_curve,
    labeled_turns,
    peak_labels,
    runs,
    time_ticks,
)
from musimo.output.curve_text import BLOCKS, sparkline
from musimo.output.curves import CurveAnswer, CurveOptions
from musimo.output.formats import CURVE, CurveFormat
from musimo.output.rendering import render_curve
from musimo.records import SlidingPlan, Track, Window, WindowEmotion
from musimo.records.curve import Curve, Peak, Section, Turn
from musimo.records.scale import Scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

SECTIONS = (Section(Window(0, 35)), Section(Window(35, 65)), Section(Window(65, 100)))
SVG = "{http://www.w3.org/2000/svg}"


def answer_of(track: Track, n: int = 17) -> CurveAnswer:
    """Windows of 20 s, 5 s apart; calm, then excited around 50 s, then calm."""
    arousals = [0.2, 0.2, 0.2, 0.2, 0.3, 0.52, 0.7, 0.8, 0.8, 0.8, 0.7, 0.52, 0.3, 0.2, 0.2, 0.2, 0.2]
    readings = tuple(
        WindowEmotion(Window(5.0 * place, 5.0 * place + 20), 0.5, arousals[place]) for place in range(n)
    )
    curve = Curve(track, SlidingPlan(20, 5), 5.0 * (n - 1) + 20, readings, sections=SECTIONS)
    turns = (Turn(35, 0, 0.6), Turn(65, 0, -0.6)) if n > 1 else ()
    return CurveAnswer(curve, find_peaks(readings), turns)


@pytest.fixture
def answer(track: Track) -> CurveAnswer:
    return answer_of(track)


def written(answer: CurveAnswer, format: CurveFormat, **options: object) -> str:
    return render_curve(answer, format, CurveOptions(**options)).decode()  # type: ignore[arg-type]


def test_json_holds_all(answer: CurveAnswer) -> None:
    said = json.loads(written(answer, "json"))
    assert list(said) == ["schema", "track", "window", "hop", "readings", "peaks", "turns", "sections"]
    assert (said["schema"], said["window"], said["hop"]) == (1, 20, 5)
    assert said["track"]["title"] == "Feeling Good"
    assert said["readings"][1] == {"time": 15, "start": 5, "end": 25, "valence": 0.5, "arousal": 0.2}
    assert said["peaks"] == [{"time": 50, "of": "arousal", "value": 0.8, "prominence": 0.6}]
    assert [(turn["time"], turn["arousal_change"]) for turn in said["turns"]] == [(35, 0.6), (65, -0.6)]
    rated = json.loads(written(answer, "json", scale="1-9"))
    assert rated["peaks"] == [{"time": 50, "of": "arousal", "value": 7.4, "prominence": 4.8}]
    lines = [json.loads(line) for line in written(answer, "jsonl").splitlines()]
    assert lines == said["readings"]


def test_csv_reads_back(answer: CurveAnswer) -> None:
    rows = list(csv.DictReader(io.StringIO(written(answer, "csv"))))
    assert len(rows) == 17
    assert {name: float(value) for name, value in rows[7].items()} == {
        **{"time": 45, "start": 35, "end": 55},
        **{"valence": 0.5, "arousal": 0.8},
    }


def test_labels_read_back(answer: CurveAnswer) -> None:
    rows = [line.split("\t") for line in written(answer, "labels").splitlines()]
    assert [(float(start), float(end), text) for start, end, text in rows] == [
        (35, 35, "turn: valence +0.00, arousal +0.60"),
        (50, 50, "arousal peak 0.80"),
        (65, 65, "turn: valence +0.00, arousal -0.60"),
    ]
    assert len(written(answer, "labels", readings=True).splitlines()) == 3 + 17


def test_an_edl_has_a_marker_at_the_frame(answer: CurveAnswer) -> None:
    lines = written(answer, "edl", fps="25").split("\r\n")
    assert lines[:3] == ["TITLE: Nina Simone - Feeling Good", "FCM: NON-DROP FRAME", ""]
    assert lines[7:10] == [
        "002  001      V     C        01:00:50:00 01:00:50:01 01:00:50:00 01:00:50:01",
        " |C:ResolveColorYellow |M:arousal peak 0.80 |D:1",
        "* LOC: 01:00:50:00 YELLOW  arousal peak 0.80",
    ]
    dropped = written(answer, "edl", fps="29.97", start_timecode="00:00:30;00")
    assert "FCM: DROP FRAME" in dropped
    # 900 frames of start and 50 s * 29.97 = 1498.5, told by the next, are 2399: a minute and 601 - 2 frames
    assert "00:01:20;01 00:01:20;02" in dropped


def test_an_edl_that_cannot_be_is_refused(answer: CurveAnswer) -> None:
    with pytest.raises(UsageError, match="no frame rate"):
        written(answer, "edl", fps="31")
    many = replace(answer, turns=[Turn(n / 20, 0, 0.2) for n in range(1001)])
    with pytest.raises(UsageError, match="at most 999"):
        written(many, "edl")


def drawn(answer: CurveAnswer, scale: Scale = "0-1") -> Axes:
    """The axes of a curve, drawn."""
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    figure = Figure(figsize=INCHES)
    draw_curve(figure, answer, scale)
    figure.draw_without_rendering()
    return figure.axes[0]


def lines_of(axes: Axes, gid: str) -> list[Line2D]:
    return [line for line in axes.lines if line.get_gid() == gid]


def test_svg_is_xml_with_readable_text(answer: CurveAnswer) -> None:
    pytest.importorskip("matplotlib")
    picture = ElementTree.fromstring(written(answer, "svg"))
    assert picture.findtext(f"{SVG}title") == "Nina Simone – Feeling Good"
    texts = {text.text for text in picture.iter(f"{SVG}text")}
    assert texts >= {"Nina Simone – Feeling Good", "0:00", "0.5", "0.80", "0:35", "one reading: 20 s"}


def test_a_picture_has_a_point_for_every_reading(answer: CurveAnswer) -> None:
    axes = drawn(answer)
    for dimension in LINES:
        [line] = lines_of(axes, dimension)
        expected = [[one.window.middle_s, getattr(one, dimension)] for one in answer.curve.readings]
        assert np.asarray(line.get_xydata()).tolist() == expected
    assert axes.get_xlim() == (0, 100)
    assert axes.get_ylim() == (0, 1), "the whole scale, to compare two tracks"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0", "0.25", "0.5", "0.75", "1"]
    assert [label.get_text() for label in drawn(answer, "1-9").get_yticklabels()] == ["1", "3", "5", "7", "9"]
    assert [np.asarray(line.get_xdata())[0] for line in lines_of(axes, "turn")] == [35, 65]


def test_lines_differ_without_color(answer: CurveAnswer) -> None:
    axes = drawn(answer)
    styles = [lines_of(axes, dimension)[0].get_linestyle() for dimension in LINES]
    signs = {line.get_marker() for line in axes.get_legend().get_lines()}  # type: ignore[union-attr]
    assert len({*styles}) == len(LINES)
    assert signs >= {sign for _, sign in LINES.values()}


@pytest.mark.parametrize(("format", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF-"), ("svg", b"<?xml")])
def test_a_picture_or_an_error_that_says_what_to_install(
    answer: CurveAnswer, format: CurveFormat, start: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    data = render_curve(answer, format, CurveOptions())
    assert data.startswith(start)
    assert render_curve(answer, format, CurveOptions()) == data
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MusimoError, match=f"{format.upper()} needs matplotlib") as caught:
        render_curve(answer, format, CurveOptions())
    assert installation().add("plots") in caught.value.hint


def test_the_table_draws_a_line_and_fits(answer: CurveAnswer) -> None:
    text = written(answer, "table")
    lines = text.splitlines()
    assert lines[0] == "Nina Simone – Feeling Good, 1:40"
    assert "20 s around its time" in lines[1]
    assert "repeated to the 45 s" in " ".join(lines[1:3])
    assert "arousal  ▁▁▁▁▂▅▇███▇▅▂▁▁▁▁  0.20 to 0.80" in lines
    assert "0:50  0:40 to 1:00     0.50     0.80  arousal peak" in lines
    assert lines[-2:] == ["0:35    +0.00    +0.60", "1:05    +0.00    -0.60"]
    for width in (50, 60, 80):
        assert max(map(len, written(answer, "table", width=width).splitlines())) <= width


@pytest.mark.parametrize("format", [name for name in CURVE.formats if name not in ("png", "pdf")])
def test_what_strangers_wrote_and_tracks_of_one_reading(hostile: Track, format: CurveFormat) -> None:
    if format == "svg":
        pytest.importorskip("matplotlib")
    text = written(answer_of(hostile, 1), format, readings=True)
    assert "\x1b" not in text
    assert "\u202e" not in text
    if format == "svg":
        ElementTree.fromstring(text)
    if format == "edl":
        assert text.isascii()


@pytest.mark.parametrize("format", ["svg", "png", "pdf"])
@pytest.mark.parametrize(
    "title", ["$\\frac{1}{0$", "春の海 🎸", "שלום", "\ufffe\uffff\ud800", "\x00\n", "W" * 300, "_", " "]
)
def test_any_title_is_drawn_as_it_is(track: Track, title: str, format: CurveFormat) -> None:
    pytest.importorskip("matplotlib")
    hostile = replace(track, tags=replace(track.tags, title=title, artist=title))
    data = render_curve(answer_of(hostile), format, CurveOptions())
    if format == "svg":
        texts = [text.text or "" for text in ElementTree.fromstring(data).iter(f"{SVG}text")]
        shown = title if title.isprintable() and "\ud800" not in title else ""
        assert any(text.startswith(shown[:70].strip()) for text in texts)


def test_sparklines() -> None:
    assert sparkline([0, 0.5, 1], 10) == "▁▅█"
    assert sparkline([0, 0, 1, 1], 2) == "▁█"
    assert sparkline([0.5, 0.5], 9) == "▁▁"
    assert sparkline([0.50, 0.51], 9) == "▁▂"  # a hundredth is not made a mountain
    assert set(sparkline([n / 300 for n in range(300)], 30)) == set(BLOCKS)


def test_ticks_are_round_and_few() -> None:
    assert time_ticks(100) == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
    assert time_ticks(200)[1] == 30
    for duration_s in (0.5, 7, 59, 3600, 36_000, 600_000):
        assert 1 <= len(time_ticks(duration_s)) <= 14


def test_a_line_is_broken_where_nothing_was_heard() -> None:
    windows = [Window(start, start + 20) for start in (0, 5, 10, 25, 30, 33)]
    assert runs(windows, 5) == [[0, 1, 2], [3, 4, 5]]
    assert runs([], 5) == []


PEAKS = (
    Peak(0.0, "arousal", 0.5, 0.1),  # at the axis
    Peak(50.0, "valence", 0.58, 0.1),
    Peak(50.0, "arousal", 0.60, 0.1),
    Peak(51.0, "arousal", 0.59, 0.1),  # too near to tell whose number it is
    Peak(35.0, "valence", 1.0, 0.1),  # where the time of a turning point is
    Peak(100.0, "arousal", 0.0, 0.1),  # in the corner
)


def test_numbers_at_peaks_stand_above_or_else_below(answer: CurveAnswer) -> None:
    labels = peak_labels(CurveAnswer(answer.curve, PEAKS, answer.turns))
    assert [(label.peak, label.right, label.up) for label in labels] == [
        (PEAKS[4], 0, -10),
        (PEAKS[2], 0, 10),
        (PEAKS[1], 0, -10),
        (PEAKS[0], 12, 10),
        (PEAKS[5], -12, 10),
    ]


def test_numbers_cover_neither_one_another_nor_the_axes_and_signs_are_whole(answer: CurveAnswer) -> None:
    axes = drawn(CurveAnswer(answer.curve, PEAKS, answer.turns))
    figure = axes.figure
    boxes = [text.get_window_extent() for text in axes.texts]
    boxes += [label.get_window_extent() for label in (*axes.get_xticklabels(), *axes.get_yticklabels())]
    assert len(boxes) == 5 + 2 + 1 + 11 + 5, "peaks, turning points, the window, and both axes"
    for one, other in combinations(boxes, 2):
        assert not one.overlaps(other)
    for box in boxes:
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
    signs = [line for line in axes.lines if line.get_marker() in "o^" and len(line.get_xydata()) == 1]  # type: ignore[arg-type, operator]
    assert len(signs) == len(PEAKS)
    assert not any(sign.get_clip_on() for sign in signs)


def test_times_of_turning_points_that_are_close_are_left_out(answer: CurveAnswer) -> None:
    turns = (Turn(40, 0, 0.2), Turn(42, 0, 0.5), Turn(60, 0, -0.1))
    assert labeled_turns(CurveAnswer(answer.curve, (), turns)) == [turns[1], turns[2]]
