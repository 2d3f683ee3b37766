"""Markers of a curve as timelines: OpenTimelineIO, and FCPXML for Final Cut Pro and DaVinci Resolve.

FCPXML is written here: OpenTimelineIO's adapter has no frame duration for 23.976, 29.97, 48 and 59.94.
"""

from __future__ import annotations

import os
import xml.etree.ElementTree as ElementTree
from fractions import Fraction
from pathlib import Path
from typing import Final

from musimo.errors import MusimoError
from musimo.installation import installation
from musimo.output.curves import CurveAnswer, CurveOptions
from musimo.output.markers import check_times, markers
from musimo.output.naming import full_name, unicode_text
from musimo.output.text import safe
from musimo.output.timecode import FrameRate

MARKER_COLORS: Final = {"valence": "BLUE", "arousal": "YELLOW", "turn": "MAGENTA", "reading": "WHITE"}
FCPXML_VERSION: Final = "1.9"


def otio(answer: CurveAnswer, options: CurveOptions) -> str:
    """Return an OpenTimelineIO timeline: the track as one clip, with markers.

    Raises
    ------
    MusimoError : OpenTimelineIO is not installed
    UsageError : no such frame rate or timecode, or it ends after 24 hours
    """
    try:
        import opentimelineio
    except ImportError as error:
        raise MusimoError(
            ".otio needs OpenTimelineIO, which is not installed",
            f"install it: {installation().add('editors')}; or write .fcpxml or .edl",
        ) from error
    schema, time = opentimelineio.schema, opentimelineio.opentime
    rate, start = check_times(options, answer.curve.duration_s)
    fps = float(rate.rate)

    def span(first: int, n: int) -> object:
        return time.TimeRange(time.RationalTime(first, fps), time.RationalTime(n, fps))

    offset = _offset(answer, rate)
    whole = span(offset, _n_frames(answer, rate))
    name = _name(answer)
    media = schema.ExternalReference(target_url=_uri(answer), available_range=whole)
    clip = schema.Clip(name=name, media_reference=media, source_range=whole)
    for one in markers(answer, options):
        clip.markers.append(
            schema.Marker(
                name=one.text, marked_range=span(offset + one.frame, 1), color=MARKER_COLORS[one.kind]
            )
        )
    track = schema.Track(name=name, kind=schema.TrackKind.Audio)
    track.append(clip)
    timeline = schema.Timeline(name=name, global_start_time=time.RationalTime(start, fps))
    timeline.tracks.append(track)
    return str(timeline.to_json_string()) + "\n"


def fcpxml(answer: CurveAnswer, options: CurveOptions) -> str:
    """Return an FCPXML project: the track as one clip, with markers.

    Raises
    ------
    UsageError : no such frame rate or timecode, or it ends after 24 hours
    """
    rate, start = check_times(options, answer.curve.duration_s)
    name, duration = _name(answer), _seconds(_n_frames(answer, rate), rate)
    offset = _offset(answer, rate)
    root = ElementTree.Element("fcpxml", version=FCPXML_VERSION)
    resources = ElementTree.SubElement(root, "resources")
    ElementTree.SubElement(
        resources, "format", id="r1", frameDuration=_seconds(1, rate), width="1920", height="1080"
    )
    ElementTree.SubElement(
        resources,
        "asset",
        id="r2",
        name=name,
        src=_uri(answer),
        start="0s",
        duration=_seconds(offset + _n_frames(answer, rate), rate),
        hasAudio="1",
    )
    event = ElementTree.SubElement(ElementTree.SubElement(root, "library"), "event", name=name)
    project = ElementTree.SubElement(event, "project", name=name)
    sequence = ElementTree.SubElement(
        project,
        "sequence",
        format="r1",
        duration=duration,
        tcStart=_seconds(start, rate),
        tcFormat="DF" if rate.drop else "NDF",
    )
    spine = ElementTree.SubElement(sequence, "spine")
    clip = ElementTree.SubElement(
        spine,
        "asset-clip",
        ref="r2",
        name=name,
        format="r1",
        offset=_seconds(start, rate),
        start=_seconds(offset, rate),
        duration=duration,
    )
    for one in markers(answer, options):
        ElementTree.SubElement(
            clip,
            "marker",
            start=_seconds(offset + one.frame, rate),
            duration=_seconds(1, rate),
            value=one.text,
        )
    ElementTree.indent(root)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n'
    return head + ElementTree.tostring(root, encoding="unicode") + "\n"


def _offset(answer: CurveAnswer, rate: FrameRate) -> int:
    """Return where the track begins in its file, in frames; not 0 for one of a cue sheet."""
    part = answer.curve.track.part
    return 0 if part is None else rate.frames(part.start_s)


def _n_frames(answer: CurveAnswer, rate: FrameRate) -> int:
    """Return the length of the track in frames, so that every marker lies inside."""
    return rate.frames(answer.curve.duration_s) + 1


def _seconds(frames: int, rate: FrameRate) -> str:
    """Return a number of frames as the exact seconds of FCPXML."""
    time = Fraction(frames) / rate.rate
    return f"{time.numerator}s" if time.denominator == 1 else f"{time.numerator}/{time.denominator}s"


def _name(answer: CurveAnswer) -> str:
    return unicode_text(safe(full_name(answer.curve.track)))


def _uri(answer: CurveAnswer) -> str:
    return Path(os.path.abspath(os.fsdecode(answer.curve.track.path_bytes))).as_uri()  # noqa: PTH100
