"""Text of strangers through every output: it reads back, and nothing in it acts on anything."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from musimo.cli.context import shown
from musimo.library.active_model import ModelUpgrade
from musimo.library.prune import PrunePlan, RefusedRoot
from musimo.library.relocate import Relocated
from musimo.output import maintenance
from musimo.output.answers import (
    AnalyzeAnswer,
    Answer,
    Details,
    ErrorsAnswer,
    MoodResult,
    PrintOptions,
    SimilarResult,
    Status,
    TrackList,
    TracksAnswer,
)
from musimo.output.csv_out import unguarded
from musimo.output.playlist_paths import PathStyle
from musimo.output.rendering import formats_of, render
from musimo.output.text import MAX_MARKS, for_terminal, safe, width
from musimo.records import (
    AnalyzedFile,
    Emotion,
    FailedFile,
    Failure,
    Tags,
    TempoKey,
    Track,
    Window,
    WindowEmotion,
)
from musimo.records.check import Check
from musimo.search.explain import Explanation
from musimo.search.rows import MoodTrack, SimilarTrack

WIDTH = 60
NASTY = {
    "colour": "\x1b[31mred\x1b[0m",
    "clear": "\x1b[2J\x1b[1;1H",
    "window title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;http://example.org\x1b\\here\x1b]8;;\x1b\\",
    "device": "\x1bPq#0\x1b\\\x1bc",
    "carriage return": "good\rbad",
    "lines": "one\ntwo\r\nthree\n",
    "other lines": "a\x0bb\x0cc\x1cd\x1de\x1ef\x85g\u2028h\u2029i",
    "nul": "a\0b",
    "bell and rubout": "\a\b\b\x7f",
    "c1": "".join(map(chr, range(0x80, 0xA0))),
    "c0": "".join(map(chr, range(0x20))),
    "overrides": "\u202a\u202b\u202c\u202d\u202egnp.exe",
    "isolates": "\u2066\u2067\u2068a\u2069\u200e\u200f\u061c",
    "zero width": "a\u200bb\u200cc\u200dd\u2060e\ufefff",
    "lone surrogates": "\ud800a\udfff",
    "bytes": "caf\udce9 \udcff\udc80\udc9b",
    "markup": "</title><script>alert(1)</script><!-- &amp; &#0; &quot;",
    "end of data": "<![CDATA[ ]]> ?>",
    "entity": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>&b;',
    "formula": "=cmd|' /C calc'!A0",
    "plus": "+1+1",
    "minus": "-1+1",
    "at": "@SUM(1)",
    "guarded formula": "''=1",
    "extinf": "#EXTINF:1,x",
    "extm3u": "#EXTM3U",
    "section": "[playlist]\nFile2=/etc/passwd",
    "percent": "%0a%00%2e%2e/%s%n{0}",
    "quotes": '"\'`,;\t""',
    "backslashes": "\\\\server\\n\\x1b\\u202e\\",
    "marks": "e" + "\u0301" * 1_000,
    "marks alone": "\u0301\u20dd" * 500,
    "right to left": "שלום عليكم",
    "wide": "春の海" * 100,
    "joined": "\U0001f468\u200d\U0001f469\u200d\U0001f467\ufe0f" * 50,
    "long": "x" * 10_000,
    "climbs": "../../etc/passwd",
    "absolute": "/etc/passwd",
    "address": "http://example.org/a.mp3",
    "blank": "   ",
    "tags": "\U000e0001\U000e0041\ufff9\ufffa\ufffb",
    "not a character": "\uffff\ufdd0\U0010ffff",
}
CONTROLS_OF_DIRECTION = ("LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI")
EMOTION = Emotion(
    0.5,
    0.5,
    0.0,
    0.0,
    np.zeros(256, np.float32),
    np.zeros(128, np.float32),
    (WindowEmotion(Window(0.0, 45.0), 0.5, 0.5),),
)


def file_name(text: str) -> bytes:
    """An absolute path that holds as much of the text as a file system takes."""
    named = text.encode("utf-8", "surrogateescape" if "\udc80" in text else "replace")
    return b"/music/" + b"/".join(named.replace(b"\0", b"").split(b"/")).lstrip(b"/")[:3_000]


def nasty_track(text: str, place: int = 1) -> Track:
    tags = Tags(
        title=text,
        artist=text,
        album=text,
        albumartist=text,
        genre=text,
        composer=text,
        codec="mp3",
        track=place,
    )
    return Track(place, file_name(text), tags, 61.0, place, 0.5, 0.5, 0.5)


TRACKS = [nasty_track(text, place) for place, text in enumerate(NASTY.values(), 1)]
UNNAMED = [replace(track, tags=Tags()) for track in TRACKS]  # shown by the file's name
ALL = TRACKS + UNNAMED


def lists() -> dict[str, TrackList]:
    keyed = [replace(track, tempo_key=TempoKey(120, 1, "A minor", 1)) for track in ALL]
    why = [
        Explanation(n % 2, 0.5, 0.5, 0.5, 0.5, 0.1, 0.1, 1.0, 0, "same", (track.tags.genre or "",))
        for n, track in enumerate(ALL)
    ]
    return {
        "similar": SimilarResult(
            tuple(SimilarTrack(n, 0.5, track) for n, track in enumerate(ALL, 1)), tuple(ALL[:2])
        ),
        "explained": SimilarResult(
            tuple(
                SimilarTrack(n, 0.5, track, (ALL[0],), explanation=why[n - 1])
                for n, track in enumerate(keyed, 1)
            ),
            tuple(keyed[:2]),
            versions=((ALL[1],), ()),
            explained=True,
            duration_s=60,
            order="flow",
        ),
        "mood": MoodResult(tuple(MoodTrack(n, 0.5, track) for n, track in enumerate(ALL, 1)), 0.5, 0.5),
        "export": TracksAnswer(ALL),
    }


def answers() -> dict[str, Answer]:
    files = [
        AnalyzedFile(track.path_bytes, track.tags, b"", 61.0, EMOTION, np.zeros(579, np.float32), 0.5)
        for track in TRACKS
    ]
    failed = [FailedFile(track.path_bytes, str(track.tags.title), str(track.tags.title)) for track in TRACKS]
    return {
        **lists(),
        "analyze": AnalyzeAnswer(files, failed),
        "errors": ErrorsAnswer([Failure(one.path_bytes, one.stage, one.reason, "2026") for one in failed]),
        "status": Status(
            TRACKS[0].path,
            *(1, 1, 0, 0, NASTY["colour"], 1),
            [t.path for t in TRACKS],
            1,
            ModelUpgrade(NASTY["lines"], 0, 0),
        ),
    }


def acts(character: str) -> bool:
    """A terminal, or whoever lays out the line, obeys the character."""
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or (
        unicodedata.bidirectional(character) in CONTROLS_OF_DIRECTION or character in "\u200e\u200f\u061c"
    )


def assert_harmless(text: str) -> None:
    assert not {character for character in text if acts(character)} - {"\n"}
    assert not text or text.endswith("\n")


def csv_rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True))


def readable(text: str) -> str:
    """A tag as a format in UTF-8 can give it back."""
    return "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)


def path_of(row: dict[str, Any]) -> bytes:
    """The path that a row of JSON or CSV stands for, with what guards it in CSV taken off already."""
    return base64.b64decode(row["path_bytes"]) if row.get("path_bytes") else row["path"].encode()


@pytest.mark.parametrize("name", answers())
def test_nothing_acts_on_a_terminal_in_any_format(name: str) -> None:
    answer = answers()[name]
    for format in formats_of(answer):
        assert_harmless(for_terminal(render(answer, format, PrintOptions(WIDTH)).data).decode())
    assert_harmless(render(answer, "table", PrintOptions(WIDTH)).data.decode())  # and in a pipe: less -R


def test_what_is_said_below_a_row_keeps_to_the_width_and_acts_on_nothing() -> None:
    page = render(answers()["explained"], "table", PrintOptions(80)).data.decode()  # it has every column
    assert_harmless(page)
    assert all(width(line) <= 80 for line in page.splitlines())
    assert page.count("alike: sound 0.50") == len(ALL)


@pytest.mark.parametrize("name", [name for name in lists() if name != "explained"])
def test_a_table_has_a_line_a_track_and_keeps_to_its_width(name: str) -> None:
    lines = render(answers()[name], "table", PrintOptions(WIDTH)).data.decode().splitlines()
    head = {"similar": 4, "mood": 3, "export": 1}[name]
    assert len(lines) == head + len(ALL)
    assert max(map(width, lines)) <= WIDTH
    assert max(map(len, lines)) <= WIDTH * (MAX_MARKS + 1)


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_facts_of_a_track_are_a_line_each(text: str) -> None:
    track = nasty_track(text)
    answer = Details(track, 0.0, 0.0, EMOTION.windows)
    page = render(answer, "table", PrintOptions(WIDTH)).data.decode()
    assert_harmless(page)
    lines = page.splitlines()
    known = [line.split()[0] for line in lines if line and not line.startswith("0:00")]
    assert known[1:] == [
        *("id", "path", "title", "artist", "album", "album", "composer", "genre", "track", "time"),
        *("partial", "format", "valence", "arousal", "window"),
    ]
    assert width(lines[0]) <= WIDTH
    shown_track = json.loads(render(answer, "json", PrintOptions()).data)["track"]
    assert (shown_track["title"], path_of(shown_track)) == (readable(text), track.path_bytes)


def test_failed_files_take_two_lines_each() -> None:
    failures = [Failure(track.path_bytes, "decode", str(track.tags.title), "2026") for track in TRACKS]
    lines = render(ErrorsAnswer(failures), "table", PrintOptions(WIDTH)).data.decode().splitlines()
    assert len(lines) == 1 + 2 * len(TRACKS)


def test_paths_read_back() -> None:
    ended = render(TracksAnswer(TRACKS), "paths", PrintOptions(print0=True)).data
    assert ended.split(b"\0") == [*(track.path_bytes for track in TRACKS), b""]
    lines = render(TracksAnswer(TRACKS), "paths", PrintOptions()).data
    assert lines == b"".join(track.path_bytes + b"\n" for track in TRACKS)


@pytest.mark.parametrize("name", lists())
def test_json_reads_back(name: str) -> None:
    answer = answers()[name]
    rows = json.loads(render(answer, "json", PrintOptions()).data)["results"]
    lines = render(answer, "jsonl", PrintOptions()).data.decode().splitlines()
    assert [json.loads(line) for line in lines] == rows
    for row, track in zip(rows, ALL, strict=True):
        assert path_of(row) == track.path_bytes
        assert row["title"] == (track.tags.title and readable(track.tags.title))


@pytest.mark.parametrize("name", lists())
def test_csv_reads_back_and_holds_no_formula(name: str) -> None:
    rows = csv_rows(render(answers()[name], "csv", PrintOptions()).data)
    for row, track in zip(rows, ALL, strict=True):
        for field in ("title", "artist", "album", "albumartist", "genre", "path"):
            assert row[field].lstrip()[:1] not in ("=", "+", "-", "@")
        for field in ("title", "artist", "album", "albumartist", "genre"):
            assert unguarded(row[field]) == readable(getattr(track.tags, field) or "")
        assert path_of({key: unguarded(value) for key, value in row.items()}) == track.path_bytes


def test_csv_of_failures_reads_back() -> None:
    rows = csv_rows(render(answers()["errors"], "csv", PrintOptions()).data)
    assert [unguarded(row["reason"]) for row in rows] == [readable(text) for text in NASTY.values()]


def fits_a_line(path: bytes) -> bool:
    return b"\n" not in path and b"\r" not in path


def is_utf8(path: bytes) -> bool:
    return path.decode(errors="replace").encode() == path


@pytest.mark.parametrize("format", ["m3u", "m3u8"])
def test_m3u_has_a_line_of_facts_and_a_line_a_file(format: Any) -> None:
    rendered = render(TracksAnswer(ALL), format, PrintOptions())
    head, *lines, end = rendered.data.split(b"\n")
    paths = [t.path_bytes for t in ALL]
    held = [path for path in paths if fits_a_line(path) and (format == "m3u" or is_utf8(path))]
    assert (head, end) == (b"#EXTM3U", b"")
    assert lines[1::2] == held
    for line in lines[::2]:
        assert line.startswith(b"#EXTINF:61,")
        assert_harmless_line(line)
    assert {skipped.path for skipped in rendered.skipped} == set(paths) - set(held)


def assert_harmless_line(line: bytes) -> None:
    assert len(line.decode().splitlines()) == 1
    assert not any(unicodedata.category(character) == "Cc" for character in line.decode())


def test_pls_has_three_lines_a_file() -> None:
    rendered = render(TracksAnswer(ALL), "pls", PrintOptions())
    head, *lines, count, version, end = rendered.data.split(b"\n")
    held = [track.path_bytes for track in ALL if fits_a_line(track.path_bytes)]
    assert (head, version, end) == (b"[playlist]", b"Version=2", b"")
    assert count == b"NumberOfEntries=%d" % len(held)
    for place, path in enumerate(held, 1):
        file, title, length = lines[3 * place - 3 : 3 * place]
        assert file == b"File%d=%s" % (place, path)
        assert title.startswith(b"Title%d=" % place)
        assert_harmless_line(title)
        assert length == b"Length%d=61" % place


def test_xspf_reads_back() -> None:
    data = render(TracksAnswer(ALL), "xspf", PrintOptions()).data
    space = "{http://xspf.org/ns/0/}"
    entries = list(ET.fromstring(data).iter(f"{space}track"))
    for entry, track in zip(entries, ALL, strict=True):
        location = entry.findtext(f"{space}location") or ""
        assert location.startswith("file:///music")
        assert location.isascii()
        assert unquote_to_bytes(location.removeprefix("file://")) == track.path_bytes
        title = track.tags.title or Path(os.fsdecode(track.path_bytes)).stem
        assert (entry.findtext(f"{space}title") or "") == "".join(map(in_xml, title))


def in_xml(character: str) -> str:
    """The character where XML 1.0 can hold it, which is what its section 2.2 says."""
    code = ord(character)
    holds = code in (0x9, 0xA, 0xD) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code > 0xFFFF
    return character if holds else "\ufffd"


@pytest.mark.parametrize(
    "name", [b"#1.mp3", b" 1.mp3", b"http:/example.org.mp3", b"data:audio,1.mp3", b"C:/1.mp3"]
)
def test_a_relative_name_is_read_as_a_file(name: bytes) -> None:
    track = Track(1, b"/music/" + name, Tags(), 1.0, 1, 0.5, 0.5)
    style = PathStyle(relative_to=b"/music")
    for format in ("m3u8", "pls"):
        data = render(TracksAnswer([track]), format, PrintOptions(paths=style)).data
        assert b"./" + name in data
    location = ET.fromstring(render(TracksAnswer([track]), "xspf", PrintOptions(paths=style)).data)
    uri = next(location.iter("{http://xspf.org/ns/0/}location")).text or ""
    assert ":" not in uri
    assert unquote_to_bytes(uri).removeprefix(b"./") == name


def care_pages() -> Iterator[str]:
    """What prune, relocate and doctor say."""
    for text in NASTY.values():
        track = nasty_track(text)
        plan = PrunePlan((track,), 1, (RefusedRoot(track.path_bytes, text),))
        yield maintenance.prune_lines(plan)
        yield maintenance.relocated_lines(
            Relocated(track.path_bytes, track.path_bytes, 3, 1, 1), dry_run=False
        )
        yield maintenance.check_lines(Check("weights", "bad", text, text))


def test_care_of_a_library_says_nothing_that_acts() -> None:
    for page in care_pages():
        assert_harmless(page)
    assert [page.count("\n") for page in care_pages()] == [6, 3, 2] * len(NASTY)


def test_care_of_a_library_reads_back_as_json() -> None:
    for text in NASTY.values():
        track = nasty_track(text)
        plan = PrunePlan((track,), 0, (RefusedRoot(track.path_bytes, text),))
        pruned = json.loads(maintenance.pruned_json(plan, 0, dry_run=True))
        assert path_of(pruned["tracks"][0]) == path_of(pruned["refused"][0]) == track.path_bytes
        assert pruned["refused"][0]["reason"] == readable(text)
        [check] = json.loads(maintenance.checks_json([Check("weights", "bad", text, text)]))["checks"]
        assert check["found"] == readable(text)
        moved = json.loads(
            maintenance.relocated_json(Relocated(track.path_bytes, track.path_bytes, 1, 0, 1), dry_run=True)
        )
        assert moved["old"] == track.path_bytes.decode(errors="replace")


def test_notes_name_a_file_on_one_line() -> None:
    for track in TRACKS:
        assert_harmless(shown(track.path_bytes) + "\n")
        assert len(shown(track.path_bytes).splitlines()) == 1


def test_a_letter_keeps_the_marks_that_languages_put_on_it() -> None:
    assert safe("e" + "\u0301" * MAX_MARKS) == "e" + "\u0301" * MAX_MARKS
    assert safe("e" + "\u0301" * 1_000 + "x") == "e" + "\u0301" * MAX_MARKS + "…x"


def test_endless_text_is_shown_soon() -> None:
    begin = time.process_time()
    for unit in ("x", "\x1b", "\u0301", "春", "\ud800"):
        track = nasty_track(unit * 100_000)
        for format in formats_of(TracksAnswer([track])):
            for_terminal(render(TracksAnswer([track]), format, PrintOptions(WIDTH)).data)
    assert time.process_time() - begin < 10
