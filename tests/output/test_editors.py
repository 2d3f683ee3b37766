"""Markers for video editors, read back by OpenTimelineIO and pycmx at every frame rate."""

from __future__ import annotations

import csv
import io
import sys
import xml.etree.ElementTree as ElementTree
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from musimo.errors import MusimoError, UsageError
from musimo.output.curves import CurveAnswer, CurveOptions
from musimo.output.edl import check_edl
from musimo.output.formats import CurveFormat
from musimo.output.markers import check_times, markers
from musimo.output.rendering import render_curve
from musimo.output.timecode import FRAME_RATES, frame_rate
from musimo.records import SlidingPlan, Track, Window, WindowEmotion
from musimo.records.curve import Curve, Peak, Turn

SECONDS = (10.0, 35.0, 35.004, 59.99, 60.0, 615.5)


@pytest.fixture
def answer(track: Track) -> CurveAnswer:
    readings = tuple(WindowEmotion(Window(at - 5, at + 5), 0.5, 0.5) for at in SECONDS)
    peaks = (Peak(35.0, "valence", 0.7, 0.2), Peak(35.0, "arousal", 0.8, 0.2))
    return CurveAnswer(Curve(track, SlidingPlan(10, 5), 700.0, readings), peaks, (Turn(60.0, 0.1, 0.2),))


def written(answer: CurveAnswer, format: CurveFormat, fps: str) -> str:
    return render_curve(answer, format, CurveOptions(fps=fps, readings=True)).decode()


def test_marks_at_one_frame_are_one_marker(answer: CurveAnswer) -> None:
    found = markers(answer, CurveOptions(fps="25", readings=True))
    assert [one.frame for one in found] == [250, 875, 1500, 15388]
    assert found[1].text == (
        "arousal peak 0.80; valence peak 0.70; valence 0.50, arousal 0.50; valence 0.50, arousal 0.50"
    )
    assert [one.kind for one in found] == ["reading", "arousal", "turn", "reading"]


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_an_edl_is_read_by_opentimelineio_with_every_marker(answer: CurveAnswer, fps: str) -> None:
    otio: Any = pytest.importorskip("opentimelineio")
    text = written(answer, "edl", fps)
    starts = [line.split()[4] for line in text.splitlines() if line[:3].isdigit()]
    assert len({*starts}) == len(starts) == len(markers(answer, CurveOptions(fps=fps, readings=True)))
    rate = frame_rate(fps)
    read_rate = rate.nominal if not rate.drop else float(rate.rate)
    timeline = otio.adapters.read_from_string(text, "cmx_3600", rate=read_rate)
    clips = list(timeline.find_clips())
    assert len(clips) == len(starts)
    assert all(len(clip.markers) == 1 for clip in clips)
    assert clips[0].markers[0].name == "valence 0.50, arousal 0.50"


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_an_edl_is_read_by_pycmx(answer: CurveAnswer, fps: str) -> None:
    pycmx: Any = pytest.importorskip("pycmx")
    edl = pycmx.parse_cmx3600(io.StringIO(written(answer, "edl", fps)))
    found = markers(answer, CurveOptions(fps=fps, readings=True))
    assert len(list(edl.events)) == len(found)
    assert edl.title == "Nina Simone - Feeling Good"


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_otio_and_fcpxml_hold_the_same_frames(answer: CurveAnswer, fps: str) -> None:
    rate = frame_rate(fps)
    found = markers(answer, CurveOptions(fps=fps, readings=True))
    root = ElementTree.fromstring(written(answer, "fcpxml", fps).split("<!DOCTYPE fcpxml>")[1])
    times = [Fraction(one.attrib["start"].rstrip("s")) for one in root.iter("marker")]
    assert times == [one.frame / rate.rate for one in found]
    [sequence] = root.iter("sequence")
    assert Fraction(sequence.attrib["tcStart"].rstrip("s")) * rate.rate == rate.frame_of("01:00:00:00")
    assert (sequence.attrib["tcFormat"] == "DF") == rate.drop
    [format] = root.iter("format")
    assert Fraction(format.attrib["frameDuration"].rstrip("s")) == 1 / rate.rate
    otio: Any = pytest.importorskip("opentimelineio")
    timeline = otio.adapters.read_from_string(written(answer, "otio", fps), "otio_json")
    [clip] = timeline.find_clips()
    assert [one.marked_range.start_time.value for one in clip.markers] == [one.frame for one in found]
    assert timeline.global_start_time.value == rate.frame_of("01:00:00:00")
    assert clip.media_reference.target_url == "file:///music/Nina/07%20Feeling%20Good.mp3"


@pytest.mark.parametrize("fps", ["24", "25", "30", "50", "60"])
def test_fcpxml_is_read_by_opentimelineio(answer: CurveAnswer, fps: str) -> None:
    otio: Any = pytest.importorskip("opentimelineio")
    read = otio.adapters.read_from_string(written(answer, "fcpxml", fps), "fcpx_xml")
    assert read is not None


def test_markers_as_csv(answer: CurveAnswer) -> None:
    rows = list(csv.DictReader(io.StringIO(written(answer, "markers", "29.97"))))
    assert rows[0] == {
        "timecode": "01:00:10;00",
        "frame": "300",
        "time": "10.01",
        "kind": "reading",
        "name": "valence 0.50, arousal 0.50",
    }
    assert len(rows) == 4


def test_otio_without_opentimelineio_says_what_to_install(
    answer: CurveAnswer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opentimelineio", None)
    with pytest.raises(MusimoError, match="OpenTimelineIO") as caught:
        written(answer, "otio", "25")
    assert "[editors]" in caught.value.hint
    assert written(answer, "fcpxml", "25")


def test_what_cannot_be_is_said_before_the_analysis() -> None:
    options = CurveOptions(readings=True, start_timecode="23:00:00:00")
    with pytest.raises(UsageError, match="24 hours"):
        check_times(options, 3601.0)
    check_times(options, 3599.0)
    with pytest.raises(UsageError, match="at most 999 events, not 1000"):
        check_edl(CurveOptions(readings=True), 5000.0, 1000)
    check_edl(CurveOptions(readings=True), 5000.0, 999)
    check_edl(CurveOptions(), 5000.0, 1000)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        *(("23.98", "23.976"), ("23,976", "23.976"), ("29,97", "29.97"), ("59,94ndf", "59.94ndf")),
        *(("25.00", "25"), ("60.0", "60"), ("29.97NDF", "29.97ndf"), (" 24 ", "24")),
    ],
)
def test_rates_as_people_write_them(typed: str, meant: str) -> None:
    assert frame_rate(typed) is FRAME_RATES[meant]


@pytest.mark.parametrize("typed", ["", "23.9", "29.98", "ndf", "24p", "25ndf", "-25", "inf"])
def test_rates_that_are_none(typed: str) -> None:
    with pytest.raises(UsageError, match="no frame rate"):
        frame_rate(typed)


def test_a_path_of_any_bytes_is_a_uri(answer: CurveAnswer, tmp_path: Path) -> None:
    from dataclasses import replace

    track = replace(answer.curve.track, path_bytes=b"/music/\xff <&>.mp3")
    odd = replace(answer, curve=replace(answer.curve, track=track))
    assert "file:///music/%FF%20%3C%26%3E.mp3" in written(odd, "fcpxml", "25")
