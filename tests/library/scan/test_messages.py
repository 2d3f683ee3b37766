"""What worker and parent say to each other: it arrives as it was meant, or is told from nonsense."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from musimo.audio.features import N_FEATURES
from musimo.audio.statistics import N_STATISTICS
from musimo.errors import AudioError
from musimo.library.scan.messages import (
    MAX_FLOATS,
    MAX_JSON,
    SIZES,
    TAG,
    ContentQuery,
    ContentReply,
    ExtractMessage,
    Finished,
    Message,
    MessageProtocol,
    Request,
    read,
    write,
)
from musimo.records import ExtractedWindow, FileOpened, SlidingPlan, Tags, Window

CONTENT = bytes(range(16))
OPENED = FileOpened(
    Tags(title="Über\nall", year=1999, bpm=120.5), CONTENT, 90.25, (Window(0, 45), Window(45, 90))
)
CLIP = ExtractedWindow(
    Window(0, 45), np.full((3, N_FEATURES), 0.1, np.float32), np.arange(N_STATISTICS, dtype=np.float32), -9.5
)
COURSE: list[ExtractMessage | ContentQuery] = [OPENED, ContentQuery(CONTENT), CLIP, Finished()]

texts = st.text(st.characters(exclude_categories=["Cs"]))  # no database takes lone surrogates
lengths = st.floats(0, allow_infinity=False, allow_nan=False)
integers = st.integers(0, 2**63 - 1)
windows = st.tuples(lengths, lengths).map(lambda ends: Window(min(ends), max(ends)))
several = st.lists(windows).map(tuple)
slides = st.builds(SlidingPlan, *[st.floats(0, allow_infinity=False, exclude_min=True)] * 2)
contents = st.binary(min_size=16, max_size=16)
finite = st.floats(allow_nan=False, allow_infinity=False, width=32)
tags = st.builds(
    Tags,
    **{name: st.none() | texts for name in ("title", "artist", "albumartist", "album", "genre", "composer")},
    **{
        name: st.none() | integers for name in ("year", "track", "disc", "sample_rate", "channels", "bitrate")
    },
    **{name: st.none() | lengths for name in ("bpm", "duration_s")},
    codec=st.none() | texts,
)
messages: st.SearchStrategy[Message] = st.one_of(
    st.builds(Request, st.binary(), st.sampled_from(("windows", "full")) | slides | windows | several),
    st.builds(ContentReply, st.booleans()),
    st.builds(ContentQuery, contents),
    st.just(Finished()),
    st.builds(AudioError, st.sampled_from(("read", "decode")), st.text()),
    st.builds(FileOpened, tags, contents, lengths, st.lists(windows).map(tuple), st.none() | lengths),
    st.builds(
        ExtractedWindow,
        windows,
        arrays.arrays(np.float32, st.tuples(st.integers(1, 4), st.just(N_FEATURES)), elements=finite),
        arrays.arrays(np.float32, N_STATISTICS, elements=finite),
        st.just(-np.inf) | st.floats(allow_infinity=False, allow_nan=False),
    ),
)


def written(*several: Message) -> bytes:
    stream = BytesIO()
    for message in several:
        write(stream, message)
    return stream.getvalue()


def framed(said: Any, floats: bytes = b"") -> bytes:
    text = said if isinstance(said, bytes) else json.dumps(said).encode()
    return SIZES.pack(len(text), len(floats)) + text + floats


def plain(message: Message) -> object:
    """What can be compared."""
    if isinstance(message, ExtractedWindow):
        return (
            message.window,
            message.features.shape,
            message.features.tobytes(),
            message.statistics.tobytes(),
            message.track_lufs,
        )
    if isinstance(message, AudioError):
        return message.stage, message.reason
    return message


@given(st.lists(messages, max_size=4))
def test_messages_arrive_as_they_were_meant(sent: list[Message]) -> None:
    stream = BytesIO(written(*sent))
    for message in sent:
        got = read(stream)
        assert type(got) is type(message)
        assert plain(got) == plain(message)
    with pytest.raises(EOFError):
        read(stream)


def test_every_tag_has_a_type_to_be_checked() -> None:
    [said] = [json.loads(written(OPENED)[SIZES.size :])["tags"]]
    assert said.keys() == TAG.keys()


def test_the_holes_of_a_clip_are_told() -> None:
    got = read(BytesIO(written(replace(CLIP, missing_s=2.5))))
    assert isinstance(got, ExtractedWindow)
    assert got.missing_s == 2.5


def test_statistics_do_not_hold_on_to_the_features() -> None:
    got = read(BytesIO(written(CLIP)))
    assert isinstance(got, ExtractedWindow)
    assert got.statistics.base is None
    assert got.features.flags.writeable, "as torch wants it"


@given(messages, st.data())
def test_a_message_cut_short_is_an_end(message: Message, data: st.DataObject) -> None:
    whole = written(message)
    with pytest.raises(EOFError):
        read(BytesIO(whole[: data.draw(st.integers(0, len(whole) - 1))]))


@given(messages, st.data())
def test_a_message_with_other_bytes_is_a_message_or_nonsense(message: Message, data: st.DataObject) -> None:
    mad = bytearray(written(message))
    for place in data.draw(st.lists(st.integers(0, len(mad) - 1), min_size=1, max_size=5)):
        mad[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(EOFError, ValueError):
        read(BytesIO(bytes(mad)))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(messages, json_values, st.data())
def test_a_field_of_another_kind_is_a_message_or_nonsense(
    message: Message, value: Any, data: st.DataObject
) -> None:
    frame = written(message)
    n_text, _n_floats = SIZES.unpack(frame[: SIZES.size])
    said = json.loads(frame[SIZES.size :][:n_text])
    holder = said["tags"] if "tags" in said and data.draw(st.booleans()) else said
    holder[data.draw(st.sampled_from(sorted(holder)) | st.text())] = value
    try:
        got = read(BytesIO(framed(said, frame[SIZES.size + n_text :])))
    except (EOFError, ValueError):
        return
    written(got)  # what was let through is sound


CLIP_SAID = {"kind": "window", "window": [0, 45], "track_lufs": -9.5, "missing_s": 1.5}
OPENED_SAID = json.loads(written(OPENED)[SIZES.size :])
FLOATS = CLIP.statistics.tobytes() + CLIP.features.tobytes()


@pytest.mark.parametrize(
    "frame",
    [
        SIZES.pack(MAX_JSON + 1, 0),
        SIZES.pack(2, MAX_FLOATS + 4) + b"{}",
        SIZES.pack(2, 3) + b"{}abc",
        b"\x80\x04cposix\nsystem\n(S'true'\ntR.",
        framed(b""),
        framed(b"[" * 100_000),
        framed(b'{"kind":' + b"9" * 5_000 + b"}"),
        framed([]),
        framed({}),
        framed({"kind": "exec"}),
        framed({"kind": []}),
        framed({"kind": "finished"}, bytes(4)),
        framed({"kind": "request", "path": "", "plan": "all"}),
        framed({"kind": "request", "path": "", "plan": {"window_s": 45, "hop_s": 0}}),
        framed({"kind": "request", "path": "", "plan": {"start_s": 9, "end_s": 3}}),
        framed({"kind": "query", "content": "00"}),
        framed({"kind": "reply", "needed": 1}),
        framed({"kind": "error", "stage": "crashed", "reason": ""}),
        framed({"kind": "error", "stage": "read", "reason": 7}),
        framed(OPENED_SAID | {"duration_s": float("nan")}),
        framed(json.dumps(OPENED_SAID | {"duration_s": "HERE"}).replace('"HERE"', "1e999").encode()),
        framed(OPENED_SAID | {"duration_s": -1}),
        framed(OPENED_SAID | {"duration_s": True}),
        framed(OPENED_SAID | {"windows": [[2, 1]]}),
        framed(OPENED_SAID | {"windows": [[1, 2, 3]]}),
        framed(OPENED_SAID | {"tags": {"year": 2**63}}),
        framed(OPENED_SAID | {"tags": {"year": 1.5}}),
        framed(OPENED_SAID | {"tags": {"title": "\ud800"}}),
        framed(OPENED_SAID | {"tags": {"titel": "x"}}),
        framed(CLIP_SAID),
        framed(CLIP_SAID, FLOATS[: 4 * N_STATISTICS]),
        framed(CLIP_SAID, FLOATS + bytes(4)),
        framed(CLIP_SAID, FLOATS[:-4] + np.float32("nan").tobytes()),
        framed(CLIP_SAID | {"missing_s": 45.5}, FLOATS),
        framed(CLIP_SAID | {"missing_s": -1}, FLOATS),
        framed(CLIP_SAID | {"missing_s": None}, FLOATS),
        framed(CLIP_SAID | {"track_lufs": float("nan")}, FLOATS),
        framed(CLIP_SAID | {"track_lufs": float("-inf")}, FLOATS),
        framed(CLIP_SAID | {"track_lufs": "loud"}, FLOATS),
        framed(CLIP_SAID | {"track_lufs": True}, FLOATS),
        framed(CLIP_SAID | {"kind": "clip"}, FLOATS),
        *(framed({k: v for k, v in CLIP_SAID.items() if k != name}, FLOATS) for name in CLIP_SAID),
    ],
)
def test_nonsense_is_told_from_messages(frame: bytes) -> None:
    with pytest.raises((ValueError, EOFError)):
        read(BytesIO(frame + bytes(100)))


def test_what_nonsense_is_made_of_is_sound() -> None:
    assert isinstance(read(BytesIO(framed(CLIP_SAID, FLOATS))), ExtractedWindow)
    assert read(BytesIO(framed(OPENED_SAID))) == OPENED


@pytest.mark.parametrize("track_lufs", [-np.inf, -23.45])
def test_the_loudness_of_a_track_is_told(track_lufs: float) -> None:
    got = read(BytesIO(written(replace(CLIP, track_lufs=track_lufs))))
    assert isinstance(got, ExtractedWindow)
    assert got.track_lufs == track_lufs


# ---- the course of a hearing


def follow(*several: Message, wanted: bool = True) -> None:
    hearing = MessageProtocol()
    for message in several:
        if isinstance(hearing.accept(message), ContentQuery):
            hearing.reply(ContentReply(wanted))


def test_the_course_that_every_file_takes() -> None:
    error = AudioError("decode", "it is damaged")
    follow(*COURSE)
    follow(OPENED, ContentQuery(CONTENT), CLIP, CLIP, Finished())
    follow(OPENED, ContentQuery(CONTENT), Finished(), wanted=False)
    for n in range(len(COURSE)):
        follow(*COURSE[:n], error)


@pytest.mark.parametrize(
    ("several", "wanted"),
    [
        ([CLIP], True),
        ([Finished()], True),
        ([ContentQuery(CONTENT)], True),
        ([Request(b"", "full")], True),
        ([OPENED, OPENED], True),
        ([OPENED, CLIP], True),
        ([OPENED, Finished()], True),
        ([OPENED, ContentReply(True)], True),
        ([OPENED, ContentQuery(bytes(16))], True),
        ([OPENED, ContentQuery(CONTENT), ContentQuery(CONTENT)], True),
        ([OPENED, ContentQuery(CONTENT), Finished()], True),
        ([OPENED, ContentQuery(CONTENT), CLIP], False),
        ([OPENED, ContentQuery(CONTENT), CLIP, CLIP, CLIP], True),
        ([*COURSE, Finished()], True),
    ],
)
def test_what_comes_out_of_turn_is_refused(several: list[Message], wanted: bool) -> None:
    with pytest.raises(ValueError, match="out of turn"):
        follow(*several, wanted=wanted)
