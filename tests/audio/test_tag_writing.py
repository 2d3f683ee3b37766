"""musimo's fields in files of every format: written, read back, taken out, with all else as it was."""

from __future__ import annotations

import errno
import os
import stat
import struct
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import mutagen
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musimo.audio import tag_writing
from musimo.audio.decode import open_audio
from musimo.audio.id3 import synchsafe
from musimo.audio.id3_fields import edit_id3, read_id3
from musimo.audio.ogg import checksum
from musimo.audio.own_tag import OWN, OwnTag
from musimo.audio.tag_fields import ASF_HEADER, read_own_tag
from musimo.audio.tag_writing import Stamp, read_fields, write_fields
from musimo.audio.tags import read_tags
from musimo.errors import TagsError
from tests.sounds import add_sound, encode, jpeg, melody


def by_mutagen(name: str) -> Any:
    """A module of mutagen, which has few types."""
    return import_module(f"mutagen.{name}")


apev2, asf, flac, id3, mp4 = map(by_mutagen, ("apev2", "asf", "flac", "id3", "mp4"))

FIELDS = {
    "MUSIMO_VALENCE": "0.612",
    "MUSIMO_AROUSAL": "0.300",
    "MUSIMO_MOOD": "calm; träumerisch ÿ",
    "MUSIMO_BPM": "128.0",
}
FEWER = {"MUSIMO_VALENCE": "0.1", "MUSIMO_AROUSAL": "0.2"}
STRANGE = "tab\tline\nquote\" 日本 \U0001f3b5 'x' =;/\\ " + "long" * 500


def id3_frames() -> list[Any]:
    utf8 = id3.Encoding.UTF8
    return [
        id3.TIT2(encoding=utf8, text=["two", "titles"]),
        id3.TPE1(encoding=utf8, text=[STRANGE]),
        id3.TALB(encoding=id3.Encoding.LATIN1, text=["caf\xe9 \xff\xff"]),
        id3.TBPM(encoding=0, text=["93"]),
        id3.TRCK(encoding=0, text=["007/0"]),
        id3.TCON(encoding=utf8, text=["(17)", "(RX)", "Own"]),
        id3.COMM(encoding=utf8, lang="eng", desc="", text=["mine"]),
        id3.COMM(encoding=utf8, lang="XXX", desc="iTunNORM", text=[" 00000000"]),
        id3.TXXX(encoding=utf8, desc="", text=["nameless"]),
        id3.TXXX(encoding=utf8, desc="MUSIMO_NOTE", text=["not musimo's"]),
        id3.TXXX(encoding=utf8, desc="VALENCE", text=["0.9"]),
        id3.TXXX(encoding=utf8, desc="replaygain_track_gain", text=["-7 dB"]),
        id3.USLT(encoding=utf8, lang="deu", desc="d", text=STRANGE),
        id3.SYLT(encoding=utf8, lang="eng", format=2, type=1, desc="s", text=[("a", 0), ("b", 500)]),
        id3.APIC(encoding=0, mime="image/jpeg", type=3, desc="front", data=jpeg()),
        id3.APIC(encoding=utf8, mime="image/png", type=4, desc=STRANGE[:60], data=b"\xff\x00\xff\xe0" * 99),
        id3.GEOB(encoding=0, mime="a/b", filename="f", desc="Serato", data=bytes(range(256))),
        id3.PRIV(owner="WM/x", data=b"\0\xff\0"),
        id3.UFID(owner="http://musicbrainz.org", data=b"1234"),
        id3.POPM(email="a@b", rating=196, count=7),
        id3.PCNT(count=12),
        id3.WXXX(encoding=utf8, desc="w", url="http://x"),
        id3.WOAR(url="http://y"),
        id3.MCDI(data=b"\1\2\3"),
        id3.TIPL(encoding=utf8, people=[["producer", "P"]]),
        id3.RVA2(desc="track", channel=1, gain=-3.5, peak=0.9),
        id3.TSSE(encoding=0, text=["encoder"]),
    ]


def strange_id3(file: Any, version: int = 4) -> None:
    if file.tags is None:
        file.add_tags()
    for frame in id3_frames():
        file.tags.add(frame)
    if version == 4:
        chapter = id3.CHAP(element_id="c1", start_time=0, end_time=9, sub_frames=[id3.TIT2(text=["ch"])])
        file.tags.add(chapter)
    if version == 3:
        file.tags.update_to_v23()
    file.save(v2_version=version)


def strange_comments(file: Any) -> None:
    if file.tags is None:
        file.add_tags()
    for n in range(12):
        file.tags.append((f"NAME {n} {{}}", STRANGE[n:]))
    file.tags += [
        ("TITLE", "a"),
        ("title", "b"),
        ("Bpm", "93"),
        ("COMMENT", "mine"),
        ("EMPTY", ""),
        ("MUSIMO_NOTE", "not musimo's"),
        ("VALENCE", "0.9"),
        ("METADATA_BLOCK_PICTURE", "A" * 70_000),
        ("X", "=z="),
    ]
    if isinstance(file, flac.FLAC):
        for n in range(2):
            picture = flac.Picture()
            picture.data, picture.mime, picture.desc, picture.type = jpeg() * 40, "image/jpeg", f"é{n}", n
            file.add_picture(picture)
    file.save()


def strange_mp4(file: Any) -> None:
    tags = file.tags
    tags["\xa9nam"] = ["two", STRANGE]
    for name in ("ART", "alb", "gen", "day", "wrt", "cmt", "lyr", "grp", "too"):
        tags[f"\xa9{name}"] = [f"{name} é"]
    tags["trkn"], tags["disk"], tags["tmpo"] = [(3, 12)], [(1, 0)], [93]
    tags["cpil"], tags["pgap"], tags["rtng"], tags["stik"] = True, False, [4], [1]
    tags["covr"] = [mp4.MP4Cover(jpeg() * 40), mp4.MP4Cover(b"\x89PNG" * 9, imageformat=14)]
    for name in ("com.apple.iTunes:iTunNORM", "com.apple.iTunes:MUSIMO_NOTE", "org.else:MUSIMO_VALENCE"):
        tags[f"----:{name}"] = [mp4.MP4FreeForm(b"\xff\0raw", dataformat=0), mp4.MP4FreeForm(b"2")]
    file.save()


def strange_ape(file: Any) -> None:
    tags: Any = apev2.APEv2()
    for n in range(16):
        tags[f"Name {n}"] = STRANGE[n:]
    tags["Artist"] = ["one", "two"]
    tags["BPM"], tags["Comment"], tags["MUSIMO_NOTE"] = "93", "mine", "not musimo's"
    tags["Cover Art (Front)"] = apev2.APEValue(b"f.jpg\0" + jpeg(), apev2.BINARY)
    tags["Link"] = apev2.APEValue("http://x", apev2.EXTERNAL)
    tags.save(file.filename)


def strange_asf(file: Any) -> None:
    for n in range(12):
        file.tags[f"Name {n} é"] = [STRANGE[n:]]
    file.tags["Title"], file.tags["Author"] = ["t"], [STRANGE]
    file.tags["WM/Genre"] = ["one", "two"]
    file.tags["WM/BeatsPerMinute"], file.tags["Description"] = ["93"], ["mine"]
    file.tags["MUSIMO_NOTE"] = ["not musimo's"]
    file.tags["flag"], file.tags["word"] = [asf.ASFBoolAttribute(True)], [asf.ASFWordAttribute(7)]
    file.tags["long"], file.tags["longer"] = [asf.ASFDWordAttribute(7)], [asf.ASFQWordAttribute(2**40)]
    file.tags["WM/Picture"] = [asf.ASFByteArrayAttribute(b"\3" + jpeg())]
    file.save()


def fast_start(path: Path) -> Path:
    """An MP4 file with its list before its sound, as those for the web have it."""
    with av.open(path, "w", format="ipod", options={"movflags": "faststart"}) as container:
        add_sound(container, "aac", melody(2, 44_100), 44_100)
    return path


KINDS: dict[str, tuple[str, Callable[[Any], None]]] = {
    "mp3": ("x.mp3", strange_id3),
    "mp3 2.3": ("x.mp3", lambda file: strange_id3(file, 3)),
    "mp2": ("x.mp2", strange_id3),
    "tta": ("x.tta", strange_ape),
    "wav": ("x.wav", strange_id3),
    "aiff": ("x.aiff", strange_id3),
    "flac": ("x.flac", strange_comments),
    "ogg": ("x.ogg", strange_comments),
    "oga": ("x.oga", strange_comments),
    "opus": ("x.opus", strange_comments),
    "m4a": ("x.m4a", strange_mp4),
    "alac": ("x.m4a", strange_mp4),
    "fast start": ("x.m4a", strange_mp4),
    "wma": ("x.wma", strange_asf),
    "wv": ("x.wv", strange_ape),
}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One file of each kind with more than twenty strange tags, and pictures."""
    files: dict[str, Path] = {}
    for kind, (name, strange) in KINDS.items():
        path = tmp_path_factory.mktemp("made") / name
        if kind == "fast start":
            fast_start(path)
        else:
            encode(path, melody(2, 44_100), kind=kind if kind == "alac" else None)
        strange(mutagen.File(path))
        files[kind] = path
    return files


@pytest.fixture
def copy(made: dict[str, Path], tmp_path: Path) -> Callable[[str], Path]:
    def copied(kind: str) -> Path:
        target = tmp_path / made[kind].name
        target.write_bytes(made[kind].read_bytes())
        return target

    return copied


def sound(path: Path) -> bytes:
    with open_audio(path) as opened:
        return opened.content


def seen(path: Path) -> tuple[dict[str, list[str]], list[str]]:
    """All that mutagen shows of tags, by name in upper case, and of pictures."""
    file: Any = mutagen.File(path)
    shown: dict[str, list[str]] = {}
    ape: Any = None
    with suppress(apev2.APENoHeaderError):
        ape = apev2.APEv2(path)
    for tags in (file.tags, ape):
        for name in tags.keys() if tags is not None else ():
            shown.setdefault(str(name).upper(), []).append(repr(tags[name]))
    return shown, [repr(picture.write()) for picture in getattr(file, "pictures", ())]


def own(shown: dict[str, list[str]]) -> set[str]:
    return {name.rpartition(":")[2] for name in shown} & {*OWN}


@pytest.mark.parametrize("kind", KINDS)
def test_fields_come_and_go_and_nothing_else_changes(kind: str, copy: Callable[[str], Path]) -> None:
    path = copy(kind)
    before, data, content, tags = seen(path), path.read_bytes(), sound(path), read_tags(path)
    assert len(before[0]) > 20

    written = write_fields(path, FIELDS, content)
    assert written is not None
    assert written.before == {}
    assert written.old == Stamp(len(data), written.old.mtime_ns)
    assert written.new == Stamp(path.stat().st_size, path.stat().st_mtime_ns)
    shown, pictures = seen(path)
    assert own(shown) == {*FIELDS}
    others = {name: value for name, value in shown.items() if name.rpartition(":")[2] not in OWN}
    foreign = {name: value for name, value in before[0].items() if name.rpartition(":")[2] in OWN}
    assert others | foreign == before[0]
    assert pictures == before[1]
    assert (sound(path), read_tags(path)) == (content, tags)
    assert read_fields(path, {})[0] == FIELDS

    changed = path.stat()
    assert write_fields(path, FIELDS, content) is None
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (changed.st_mtime_ns, changed.st_ino)

    assert write_fields(path, FEWER, content) is not None
    assert read_fields(path, {})[0] == FEWER
    assert write_fields(path, {}, content) is not None
    assert seen(path) == before
    assert (sound(path), read_tags(path)) == (content, tags)
    assert write_fields(path, {}, content) is None
    assert [*path.parent.iterdir()] == [path], "no copy is left behind"


@pytest.mark.parametrize("kind", ["mp3", "flac", "m4a", "wma", "wv", "wav", "aiff", "ogg", "opus"])
def test_the_text_that_others_read_is_the_text(kind: str, copy: Callable[[str], Path]) -> None:
    path = copy(kind)
    write_fields(path, FIELDS, sound(path))
    file: Any = mutagen.File(path)
    names = {
        id3.ID3: "TXXX:MUSIMO_MOOD",
        mp4.MP4Tags: "----:com.apple.iTunes:MUSIMO_MOOD",
    }
    value = file.tags[next((name for type_, name in names.items() if isinstance(file.tags, type_)), OWN[2])]
    text = value[0] if isinstance(value, list) else value
    assert (bytes(text).decode() if isinstance(text, bytes) else str(text)) == FIELDS["MUSIMO_MOOD"]


@pytest.mark.parametrize("version", [2, 3, 4])
@pytest.mark.parametrize("unsynchronised", [False, True])
def test_every_version_of_id3_keeps_its_frames(version: int, unsynchronised: bool) -> None:
    name = {2: b"TT2", 3: b"TIT2", 4: b"TIT2"}[version]
    body = b"\1\xff\xfe\xe9\x00\xff\x00"  # UTF-16, whose bytes unsynchronisation would change
    size = len(body).to_bytes(3 if version == 2 else 4, "big")
    frame = name + size + (b"" if version == 2 else b"\0\0") + body
    written = frame.replace(b"\xff\x00", b"\xff\x00\x00") if unsynchronised and version < 4 else frame
    flags = 0x80 if unsynchronised else 0
    tag = b"ID3" + bytes((version, 0, flags, 0, 0, 0, len(written) + 20)) + written + bytes(20)
    if unsynchronised and version == 4:
        frame = frame[:9] + b"\2" + frame[10:]  # it says so itself then
    assert read_id3(tag)[0] == {}
    made = edit_id3(tag, FIELDS)
    assert frame in made
    assert made[3] == version
    assert read_id3(made) == (FIELDS, (frame,), "")
    emptied = edit_id3(made, {})
    assert edit_id3(emptied, {}) == emptied
    assert edit_id3(tag, {})[10 : 10 + len(frame)] == frame


def test_frames_that_only_the_tag_says_are_unsynchronized_say_so_themselves() -> None:
    frame = b"TIT2\0\0\0\x08\0\0" + b"\1\xff\0\xfe\xff\0\x01\0"
    made = edit_id3(b"ID3\4\0\x80\0\0\0\x12" + frame, FIELDS)
    assert frame[:9] + b"\2" + frame[10:] in made
    assert (
        id3.ID3(BytesIO(made))["TIT2"].text == id3.ID3(BytesIO(b"ID3\4\0\x80\0\0\0\x12" + frame))["TIT2"].text
    )


def test_sizes_of_id3_2_4_written_as_if_it_were_2_3_are_understood() -> None:
    frame = b"TIT2" + (300).to_bytes(4, "big") + b"\0\0" + b"\3" + b"x" * 299
    tag = b"ID3\4\0\0" + synchsafe(len(frame)) + frame
    assert frame in edit_id3(tag, FIELDS)


@pytest.mark.parametrize(
    "tag",
    [
        b"ID3\3\0\0\0\0\0\x14" + b"TIT2\0\0\xff\xff\0\0" + bytes(10),
        b"ID3\3\0\0\0\0\0\x14" + b"tit2\0\0\0\1\0\0x" + bytes(9),
        b"ID3\3\0\0\0\0\0\x14" + b"TIT2\0\0\0\1\0\0x" + bytes(8) + b"!",
        b"ID3\3\0\0\0\0\0\x14" + b"TIT2\0\0\0\0\0\0" + bytes(10),
        b"ID3\7\0\0\0\0\0\0",
        b"ID3\2\0\x40\0\0\0\0",
        b"ID3\4\0\x10\0\0\0\0",
    ],
)
def test_an_id3_tag_that_is_not_understood_is_left_alone(tag: bytes) -> None:
    try:
        refusal = in_memory(tag + b"\xff\xfb\x90\x64" + bytes(300)).refusal
    except TagsError as error:
        refusal = error.message
    assert "ID3 tag" in refusal or "mutagen cannot read" in refusal


def in_memory(data: bytes) -> OwnTag:
    """The tag of a file that is not on disk."""
    with tag_writing._by_mutagen("read its tags"):
        return read_own_tag(BytesIO(data), len(data), lambda: "mp3")


def test_padding_takes_a_tag_so_that_the_sound_does_not_move(copy: Callable[[str], Path]) -> None:
    for kind in ("mp3", "flac"):
        path = copy(kind)
        size = path.stat().st_size
        write_fields(path, FIELDS, sound(path))
        assert path.stat().st_size == size


comments = st.lists(st.binary(max_size=40).filter(lambda data: not data.upper().startswith(b"MUSIMO_")))
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


def flac_with(block: bytes) -> bytes:
    """A FLAC file of a header, such a comment block and no audio."""
    info = struct.pack(">HH6sQ16s", 4096, 4096, bytes(6), 44_100 << 44 | 1 << 41 | 15 << 36 | 9, bytes(16))
    return b"fLaC\0\0\0\x22" + info + b"\x84" + len(block).to_bytes(3, "big") + block


@given(comments, st.binary(max_size=9), st.dictionaries(st.sampled_from(OWN), texts))
def test_comments_keep_their_bytes(others: list[bytes], tail: bytes, fields: dict[str, str]) -> None:
    parts = [struct.pack("<I", len(one)) + one for one in others]
    block = b"\6\0\0\0vendor" + struct.pack("<I", len(parts)) + b"".join(parts) + tail
    tag, made = in_memory(flac_with(block)), BytesIO()
    assert (tag.fields, tag.refusal) == ({}, "")
    tag.write_copy(made, fields)
    assert b"".join(parts) in made.getvalue()
    written, emptied = in_memory(made.getvalue()), BytesIO()
    assert (written.fields, written.rest()) == (fields, tag.rest())
    written.write_copy(emptied, {})
    assert block in emptied.getvalue()


@pytest.mark.parametrize("kind", ["ogg", "opus", "oga"])
def test_comments_that_are_no_text_or_have_no_name_keep_their_bytes(kind: str, tmp_path: Path) -> None:
    path = encode(tmp_path / f"x.{kind}", melody(2, 44_100))
    file: Any = mutagen.File(path)
    file.tags += [("TITLE", "cafe?"), ("SOFT", "No name")]
    file.save()
    data = path.read_bytes().replace(b"cafe?", b"caf\xe9!").replace(b"SOFT=No", b"SOFT-No")
    path.write_bytes(repaged(data))
    before, content = path.read_bytes(), sound(path)
    assert b"TITLE=caf\xe9!" in before
    write_fields(path, FIELDS, content)
    assert b"TITLE=caf\xe9!" in path.read_bytes()
    write_fields(path, {}, content)
    assert path.read_bytes() == before


def repaged(data: bytes) -> bytes:
    """An Ogg file with its checksums made anew."""
    pages, place = [], 0
    while place < len(data):
        end = place + 27 + data[place + 26] + sum(data[place + 27 : place + 27 + data[place + 26]])
        page = data[place : place + 22] + bytes(4) + data[place + 26 : end]
        pages.append(page[:22] + checksum(page).to_bytes(4, "little") + page[26:])
        place = end
    return b"".join(pages)


@given(
    st.lists(
        st.tuples(
            st.text("TIA2", min_size=3, max_size=3).map("T{}".format), st.binary(min_size=1, max_size=40)
        )
    )
)
def test_frames_keep_their_bytes(frames: list[tuple[str, bytes]]) -> None:
    raw = b"".join(name.encode() + len(body).to_bytes(4, "big") + b"\0\0" + body for name, body in frames)
    tag = b"ID3\3\0\0" + synchsafe(len(raw) + 30) + raw + bytes(30)
    made = edit_id3(tag, FIELDS)
    assert raw in made
    assert read_id3(made) == (FIELDS, read_id3(tag)[1], "")
    assert edit_id3(made, {})[10 : 10 + len(raw)] == raw


HEADS = (
    b"",
    b"ID3\3\0\0\0\0\0\x20",
    b"fLaC",
    b"OggS",
    b"\0\0\0\x20ftyp",
    b"RIFF\x20\0\0\0WAVE",
    b"FORM\0\0\0\x20AIFF",
    b"wvpk",
    ASF_HEADER,
)


@given(st.binary(max_size=300))
def test_no_bytes_make_an_edit_fail_otherwise_than_told(data: bytes) -> None:
    for head in HEADS:
        file = head + data
        with suppress(TagsError), tag_writing._by_mutagen("read or write its tags"):
            tag = in_memory(file)
            tag.rest()
            tag.write_copy(BytesIO(), FIELDS)


@pytest.mark.parametrize("kind", ["ogg", "opus", "oga"])
def test_comments_that_need_another_page_give_the_later_ones_new_numbers(kind: str, tmp_path: Path) -> None:
    path = encode(tmp_path / f"x.{kind}", melody(2, 44_100))
    file: Any = mutagen.File(path)
    full = 255 * 255 - 100 if kind != "ogg" else 255 * 255 * 2 - 4_500
    file.tags["title"] = "x" * full
    file.save()
    before, content, size = seen(path), sound(path), path.stat().st_size
    write_fields(path, FIELDS, content)
    assert sound(path) == content
    assert path.stat().st_size > size
    shown = seen(path)[0]
    assert own(shown) == {*FIELDS}
    numbers = page_numbers(path.read_bytes())
    assert numbers == [*range(len(numbers))]
    write_fields(path, {}, content)
    assert (seen(path), sound(path)) == (before, content)


def page_numbers(data: bytes) -> list[int]:
    """Of an Ogg file with one stream, whose pages must follow one another."""
    numbers, place = [], 0
    while place < len(data):
        assert data[place : place + 4] == b"OggS"
        numbers.append(int.from_bytes(data[place + 18 : place + 22], "little"))
        lengths = data[place + 27 : place + 27 + data[place + 26]]
        place += 27 + len(lengths) + sum(lengths)
    return numbers


@pytest.mark.parametrize("kind", ["aac", "mka", "ac3", "caf", "au"])
def test_other_formats_are_told_and_left_alone(kind: str, tmp_path: Path) -> None:
    path = encode(tmp_path / f"x.{kind}", melody(2, 44_100))
    data = path.read_bytes()
    with pytest.raises(TagsError, match="musimo writes no tags into files of this kind"):
        write_fields(path, FIELDS, sound(path))
    assert path.read_bytes() == data


def test_mp4_in_fragments_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.m4a"
    with av.open(path, "w", format="mp4", options={"movflags": "frag_keyframe+empty_moov"}) as container:
        add_sound(container, "aac", melody(2, 44_100), 44_100)
    with pytest.raises(TagsError, match="in fragments"):
        write_fields(path, FIELDS, sound(path))


def test_mp4_that_has_no_tags_gets_them(tmp_path: Path) -> None:
    path = encode(tmp_path / "x.m4a", melody(2, 44_100))
    mutagen.File(path).delete()
    assert read_fields(path, {})[0] == {}
    write_fields(path, FIELDS, sound(path))
    assert own(seen(path)[0]) == {*FIELDS}


def test_zeros_between_an_id3_tag_and_the_sound_are_kept(tmp_path: Path) -> None:
    path = encode(tmp_path / "x.mp3", melody(1, 44_100))
    data = path.read_bytes()
    end = 10 + sum((data[6 + k] & 0x7F) << 7 * (3 - k) for k in range(4))
    path.write_bytes(data[:end] + bytes(1_000) + data[end:])
    write_fields(path, FIELDS, sound(path))
    assert own(seen(path)[0]) == {*FIELDS}
    assert path.read_bytes().endswith(bytes(1_000) + data[end:])


def test_an_id3v1_tag_alone_is_not_hidden(tmp_path: Path) -> None:
    path = encode(tmp_path / "x.mp3", melody(2, 44_100))
    mutagen.File(path).delete()
    path.write_bytes(path.read_bytes() + b"TAG" + b"title".ljust(125, b"\0"))
    with pytest.raises(TagsError, match="ID3v1"):
        write_fields(path, FIELDS, sound(path))
    assert write_fields(path, {}, sound(path)) is None


def test_mp3_with_an_ape_tag_and_id3v1_behind_it_keeps_both(tmp_path: Path) -> None:
    path = encode(tmp_path / "x.mp3", melody(2, 44_100))
    mutagen.File(path).delete()
    content = sound(path)
    tag: Any = apev2.APEv2()
    tag["Title"] = "in APE"
    tag.save(path)
    path.write_bytes(path.read_bytes() + b"TAG" + b"title".ljust(125, b"\0"))
    data = path.read_bytes()
    write_fields(path, FIELDS, content)
    read: Any = apev2.APEv2(path)
    assert (str(read["Title"]), str(read["MUSIMO_BPM"])) == ("in APE", "128.0")
    assert path.read_bytes().endswith(data[-128:])
    write_fields(path, {}, content)
    assert path.read_bytes() == data


def test_a_file_without_any_tag_gets_one_and_loses_it_again(tmp_path: Path) -> None:
    for name in ("x.mp3", "x.wav", "x.aiff", "x.wv"):
        path = encode(tmp_path / name, melody(1, 44_100))
        if name != "x.wav":
            mutagen.File(path).delete()
        data, content = path.read_bytes(), sound(path)
        write_fields(path, FIELDS, content)
        assert own(seen(path)[0]) == {*FIELDS}
        write_fields(path, {}, content)
        assert path.read_bytes() == data
    assert mutagen.File(tmp_path / "x.wav").tags is None
    assert mutagen.File(tmp_path / "x.aiff").tags is None


@pytest.fixture
def track(copy: Callable[[str], Path]) -> Path:
    return copy("flac")


def test_other_sound_than_is_known_is_left_alone(track: Path) -> None:
    data = track.read_bytes()
    with pytest.raises(TagsError, match="not the one that the library knows"):
        write_fields(track, FIELDS, bytes(16))
    assert track.read_bytes() == data


@pytest.mark.parametrize("step", ["rename", "flush", "copy", "check", "interrupt"])
def test_a_fault_at_any_step_leaves_the_old_file_and_no_litter(
    track: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, content = track.read_bytes(), sound(track)

    def fail(*_: object, **__: object) -> Any:
        raise KeyboardInterrupt if step == "interrupt" else OSError(errno.ENOSPC, "No space left on device")

    if step in ("rename", "interrupt"):
        monkeypatch.setattr(Path, "replace", fail)
    elif step == "flush":
        monkeypatch.setattr(os, "fsync", fail)
    elif step == "copy":
        monkeypatch.setattr(tag_writing, "write_copy", fail)
    else:
        monkeypatch.setattr(tag_writing, "check_copy", fail)
    with pytest.raises(KeyboardInterrupt if step == "interrupt" else TagsError, match=r"no space|^$"):
        write_fields(track, FIELDS, content)
    assert track.read_bytes() == data
    assert [*track.parent.iterdir()] == [track]


@pytest.mark.parametrize("wrong", ["sound", "tags", "fields"])
def test_a_copy_that_is_not_right_is_never_put_in_place(
    track: Path, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, content, write_copy = track.read_bytes(), sound(track), tag_writing.write_copy

    def spoilt(tag: Any, fields: Any, copy: Path) -> None:
        write_copy(tag, fields, copy)
        made = copy.read_bytes()
        old, new = {
            "sound": (made[-5_000:-4_900], bytes(100)),
            "tags": (b"NAME 3", b"NAME X"),
            "fields": (b"MUSIMO_BPM", b"MUSIMO_BPX"),
        }[wrong]
        assert old in made
        copy.write_bytes(made.replace(old, new))

    monkeypatch.setattr(tag_writing, "write_copy", spoilt)
    with pytest.raises(TagsError, match="a check failed"):
        write_fields(track, FIELDS, content)
    assert track.read_bytes() == data
    assert [*track.parent.iterdir()] == [track]


def test_a_file_that_changes_meanwhile_is_left_as_it_became(
    track: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, check = sound(track), tag_writing.check_copy

    def meanwhile(*arguments: Any) -> None:
        check(*arguments)
        track.write_bytes(b"something else")

    monkeypatch.setattr(tag_writing, "check_copy", meanwhile)
    with pytest.raises(TagsError, match="another program"):
        write_fields(track, FIELDS, content)
    assert track.read_bytes() == b"something else"


def test_mode_time_and_attributes_stay(track: Path) -> None:
    track.chmod(0o640)
    os.utime(track, ns=(1_000_000_007, 1_234_567_890_123_456_789))
    named = True
    try:
        os.setxattr(track, "user.rating", b"5")
    except (OSError, AttributeError):  # not every disk has them
        named = False
    write_fields(track, FIELDS, sound(track), keep_mtime=True)
    facts = track.stat()
    assert (stat.S_IMODE(facts.st_mode), facts.st_mtime_ns) == (0o640, 1_234_567_890_123_456_789)
    assert not named or os.getxattr(track, "user.rating") == b"5"
    write_fields(track, {}, sound(track))
    assert track.stat().st_mtime_ns != 1_234_567_890_123_456_789


def test_a_link_stays_one_and_its_file_is_written(track: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.flac"
    link.symlink_to(track.name)
    write_fields(link, FIELDS, sound(track))
    assert link.is_symlink()
    assert read_fields(track, {})[0] == FIELDS


def test_what_may_not_be_replaced_is_told(track: Path, tmp_path: Path) -> None:
    content, data = sound(track), track.read_bytes()
    other = tmp_path / "other name.flac"
    other.hardlink_to(track)
    for look in (lambda: write_fields(track, FIELDS, content), lambda: read_fields(track, FIELDS)):
        with pytest.raises(TagsError, match="2 names"):
            look()
    other.unlink()
    track.chmod(0o444)
    with pytest.raises(TagsError, match="read-only"):
        write_fields(track, FIELDS, content)
    assert track.read_bytes() == data
    for missing, why in ((tmp_path / "gone.flac", "not there"), (tmp_path, "not a regular file")):
        with pytest.raises(TagsError, match=why):
            write_fields(missing, FIELDS, content)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_told(track: Path) -> None:
    content = sound(track)
    track.parent.chmod(0o555)
    try:
        with pytest.raises(TagsError, match="read-only"):
            write_fields(track, FIELDS, content)
    finally:
        track.parent.chmod(0o755)
