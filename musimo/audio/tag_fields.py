"""musimo's fields in each kind of tag, read and written by mutagen.

============================================  ==================================================
mp3, mp2, tta                                 ID3v2 ``TXXX:MUSIMO_VALENCE``; APEv2 where they
                                              have such a tag and no ID3v2
wav, aiff                                     the same in their ID3 chunk
flac; ogg, opus, spx, oga                     Vorbis comment ``MUSIMO_VALENCE=``
m4a, mp4, alac                                ``----:com.apple.iTunes:MUSIMO_VALENCE``
wma                                           descriptor ``MUSIMO_VALENCE``
ape, wv, mpc, tak                             APEv2 item ``MUSIMO_VALENCE``
anything else                                 nothing is written
============================================  ==================================================

A format is recognized by the first bytes of a file, never by its name. Of the entries in a tag mutagen is
shown only musimo's wherever that is possible, for it keeps the bytes of what it does not know. Where it would
lose or change something all the same, TagsError says so.
"""

from __future__ import annotations

import os
import struct
from collections import Counter
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import IO, Any, Final

from mutagen.aiff import AIFFFile
from mutagen.apev2 import APETextValue, APEv2
from mutagen.asf import ASF
from mutagen.asf._attrs import ASFUnicodeAttribute
from mutagen.flac import MetadataBlock
from mutagen.mp4 import MP4, AtomDataType, MP4FreeForm, MP4MetadataError, MP4Tags
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import _WaveFile

from musimo.audio.id3 import id3_tag_spans
from musimo.audio.id3_fields import id3_in_chunk, id3_in_front, id3v1_start
from musimo.audio.own_tag import (
    Fields,
    OwnTag,
    in_place,
    keep_padding,
    own_name,
    own_texts,
    spliced,
)
from musimo.audio.tag_rest import (
    ASF_FILE_SIZE,
    ASF_PROPERTIES,
    FLAC_COMMENTS,
    Fingerprint,
    RawFlac,
    around,
    asf_rest,
    blocks,
    damaged,
    flac_blocks,
    flac_rest,
    is_fragmented,
    mp4_rest,
    ogg_comments,
    ogg_rest,
)
from musimo.errors import TagsError

# ---- WAV and AIFF ----


def _wave(file: IO[bytes], size: int) -> OwnTag:
    return id3_in_chunk(file, size, _WaveFile, "id3")


def _aiff(file: IO[bytes], size: int) -> OwnTag:
    return id3_in_chunk(file, size, AIFFFile, "ID3")


# ---- APEv2 ----

APE_FOOTER: Final = struct.Struct("<8sIIII8x")  # name, version, size without header, items, flags
APE_NAME: Final = b"APETAGEX"
APE_VERSION: Final = 2_000
APE_HAS_HEADER: Final = 1 << 31


def _ape_span(file: IO[bytes], size: int) -> tuple[int, int]:
    """Return start and end of the APE tag before the end or an ID3v1 tag; an empty span without one."""
    end = id3v1_start(file, size)
    file.seek(max(0, end - APE_FOOTER.size))
    footer = file.read(APE_FOOTER.size)
    if end < APE_FOOTER.size or not footer.startswith(APE_NAME):
        return end, end
    _, _, length, _, flags = APE_FOOTER.unpack(footer)
    start = end - length - (APE_FOOTER.size if flags & APE_HAS_HEADER else 0)
    if not 0 <= start <= end - APE_FOOTER.size:
        raise damaged("its APE tag is longer than the file")
    return start, end


def _ape(file: IO[bytes], size: int) -> OwnTag:
    span = _ape_span(file, size)
    tag = b"".join(blocks(file, *span))
    tags: Any = APEv2()
    if tag:
        tags.load(BytesIO(tag))
    texts = {key: value for key, value in tags.items() if isinstance(value, APETextValue)}
    others = {key: value for key, value in tags.items() if key not in texts or own_name(key) is None}
    refusal = "its APE tag is of a kind that mutagen would change" if tag and not _is_kept(tags, tag) else ""

    def edit(fields: Fields) -> bytes:
        return _ape_bytes({**others, **fields}) if others or fields else b""

    def rest() -> Fingerprint:
        return [_ape_bytes(others), *around(file, size, span)]

    return OwnTag(own_texts(texts.items()), refusal, rest, spliced(file, size, span, edit))


def _ape_bytes(items: Mapping[str, Any]) -> bytes:
    tags: Any = APEv2()
    tags.update(items)
    made = BytesIO()
    tags.save(made)
    return made.getvalue()


def _is_kept(tags: Any, tag: bytes) -> bool:
    """Return whether mutagen writes the same items, which it sorts; it makes version 2 and clears flags."""
    version = APE_FOOTER.unpack(tag[-APE_FOOTER.size :])[1]
    begin = APE_FOOTER.size if tag.startswith(APE_NAME) else 0
    items = _ape_bytes(tags)[APE_FOOTER.size : -APE_FOOTER.size]
    return version == APE_VERSION and Counter(tag[begin : -APE_FOOTER.size]) == Counter(items)


# ---- Vorbis comments ----

LENGTH: Final = struct.Struct("<I")
NO_COMMENTS: Final = LENGTH.pack(len(b"musimo")) + b"musimo" + LENGTH.pack(0)  # vendor: who made the block


class _Comments:
    """A comment block, parsed here because mutagen changes comments that are no UTF-8 or have no name.

    Vorbis I specification, section 5: the vendor, and comments, each with its length before it.
    """

    def __init__(self, data: bytes) -> None:
        try:
            place = LENGTH.size + LENGTH.unpack_from(data)[0]
            self.vendor = data[:place]
            [n] = LENGTH.unpack_from(data, place)
            place += LENGTH.size
            self.all: list[bytes] = []
            for _ in range(n):
                end = place + LENGTH.size + LENGTH.unpack_from(data, place)[0]
                self.all.append(data[place + LENGTH.size : end])
                place = end
        except struct.error as error:
            raise damaged("its comments do not fit together") from error
        if place > len(data):
            raise damaged("its comments do not fit together")
        self.size, self.tail = place, data[place:]
        pairs = [comment.decode("utf-8", "replace").partition("=") for comment in self.all]
        self.fields = own_texts((name, text) for name, _, text in pairs)
        self.others = [raw for raw, pair in zip(self.all, pairs, strict=True) if own_name(pair[0]) is None]

    def rendered(self, fields: Fields) -> bytes:
        """Return the block with other fields of musimo's, without tail."""
        comments = self.others + [f"{name}={text}".encode() for name, text in fields.items()]
        listed = b"".join(LENGTH.pack(len(comment)) + comment for comment in comments)
        return self.vendor + LENGTH.pack(len(comments)) + listed

    def rest(self) -> Fingerprint:
        """Return everything but musimo's fields."""
        return [self.vendor, *self.others, self.tail]


def _flac(file: IO[bytes], size: int) -> OwnTag:
    start = ([0] + [end for _, end in id3_tag_spans(file)])[-1]
    found = [data for code, data in flac_blocks(file) if code == FLAC_COMMENTS]
    if len(found) > 1:
        raise TagsError("it has several comment blocks")
    comments = _Comments(found[0] if found else NO_COMMENTS)

    def save(copy: IO[bytes], fields: Fields) -> None:
        flac = RawFlac(copy)
        if not found:
            flac.metadata_blocks.append(MetadataBlock(b""))
            flac.metadata_blocks[-1].code = FLAC_COMMENTS
        [block] = [block for block in flac.metadata_blocks if block.code == FLAC_COMMENTS]
        block.data = comments.rendered(fields) + comments.tail
        copy.seek(0)
        flac.save(copy, padding=keep_padding)

    def rest() -> Fingerprint:
        return [*comments.rest(), *flac_rest(file, size, start)]

    return OwnTag(comments.fields, "", rest, in_place(file, save))


OGG_TAGS: Final[Mapping[bytes, tuple[Any, int]]] = {
    b"\x01vorbis": (OggVorbis, len(b"\x03vorbis")),
    b"OpusHead": (OggOpus, len(b"OpusTags")),
    b"Speex   ": (OggSpeex, 0),
    b"\x7fFLAC": (OggFLAC, 4),
}
"""How a stream begins: mutagen's class, and how many bytes stand before the comments in their packet."""


def _ogg(file: IO[bytes], size: int) -> OwnTag:
    first = file.read(4_096)  # of several streams, the first that is audio
    places = {begin: place for begin in OGG_TAGS if (place := first.find(begin)) >= 0}
    if not places:
        raise TagsError("musimo knows no comments in a stream of its kind")
    begin = min(places, key=places.__getitem__)
    kind, n_head = OGG_TAGS[begin]
    comments = _Comments(ogg_comments(file, begin)[n_head:])

    def save(copy: IO[bytes], fields: Fields) -> None:
        ogg = kind(copy)
        data = comments.rendered(fields)
        ogg.tags.write = lambda framing=True: data + b"\1" * framing
        growth = len(data) - comments.size
        copy.seek(0)
        ogg.save(copy, padding=lambda info: max(0, info.padding + growth))  # as much as there was

    def rest() -> Fingerprint:
        return [*comments.rest(), *ogg_rest(file, size)]

    return OwnTag(comments.fields, "", rest, in_place(file, save))


# ---- MP4 ----

MEAN: Final = "----:com.apple.iTunes:"  # the only family of names that most programs show


def _own_key(key: str) -> str | None:
    return own_name(key.removeprefix(MEAN)) if key.startswith(MEAN) else None


class _OwnItems(MP4Tags):
    """MP4 tags of musimo's alone; mutagen keeps the bytes of items that it cannot parse."""

    def __setitem__(self, key: str, value: Any) -> None:
        if _own_key(key) is None:
            raise MP4MetadataError(key)
        tags: Any = super()
        tags.__setitem__(key, value)


class _Mp4OwnItems(MP4):
    MP4Tags = _OwnItems


_Mp4: Any = _Mp4OwnItems


def _mp4(file: IO[bytes], size: int) -> OwnTag:
    file.seek(0)
    tags = _Mp4(file).tags  # may be empty, and None where there is no list
    items = (
        tuple((name, *found) for name, found in sorted(tags._failed_atoms.items()))
        if tags is not None
        else ()
    )

    def save(copy: IO[bytes], fields: Fields) -> None:
        mp4 = _Mp4(copy)
        if mp4.tags is None:
            mp4.add_tags()
        for key in list(mp4.tags.keys()):
            del mp4.tags[key]
        for name, text in fields.items():
            mp4.tags[MEAN + name] = [MP4FreeForm(text.encode(), AtomDataType.UTF8)]
        copy.seek(0)
        mp4.save(copy, padding=keep_padding)

    fields = {_own_key(key) or key: b"".join(tags[key]).decode("utf-8", "replace") for key in tags or ()}
    refusal = "it is an MP4 file in fragments" if is_fragmented(file) else ""
    return OwnTag(fields, refusal, lambda: [items, *mp4_rest(file)], in_place(file, save))


# ---- ASF ----


def _asf(file: IO[bytes], size: int) -> OwnTag:
    file.seek(0)
    tags: Any = ASF(file).tags

    def save(copy: IO[bytes], fields: Fields) -> None:
        asf: Any = ASF(copy)
        made = [(name, ASFUnicodeAttribute(text)) for name, text in fields.items()]
        asf.tags[:] = [item for item in asf.tags if not _is_own_attribute(*item)] + made
        copy.seek(0)
        asf.save(copy, padding=keep_padding)
        properties = asf._header.get_child(ASF_PROPERTIES)  # they state the size of the file
        data = bytearray(properties.data)
        data[ASF_FILE_SIZE] = struct.pack("<Q", copy.seek(0, os.SEEK_END))
        properties.data = bytes(data)
        copy.seek(0)
        asf.save(copy, padding=lambda info: info.padding)

    fields = own_texts(item for item in tags if _is_own_attribute(*item))
    return OwnTag(fields, "", lambda: asf_rest(file, size), in_place(file, save))


def _is_own_attribute(name: str, value: Any) -> bool:
    return own_name(name) is not None and isinstance(value, ASFUnicodeAttribute)


# ---- Recognizing a file ----

ASF_HEADER: Final = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
APE_FORMATS: Final = (b"MAC ", b"wvpk", b"MPCK", b"MP+", b"tBaK")
MPEG_CODECS: Final = frozenset({"mp1", "mp2", "mp3"})
HEAD: Final = 16  # bytes by which a format is recognized
MAX_ZEROS: Final = 65_536  # bytes before the audio of an mp3, from programs that counted their tags wrong


def read_own_tag(file: IO[bytes], size: int, codec: Callable[[], str]) -> OwnTag:
    """Return what a file says in musimo's fields, and how to change it.

    Parameters
    ----------
    codec : name of the audio's codec; asked for only where the bytes behind an ID3 tag leave it open

    Raises
    ------
    TagsError : musimo writes no tags into files of this kind, or cannot without loss into this one
    """
    kind = _kind(file, codec)
    file.seek(0)
    return kind(file, size)


def _kind(file: IO[bytes], codec: Callable[[], str]) -> Callable[[IO[bytes], int], OwnTag]:
    tags = id3_tag_spans(file)
    start = tags[-1][1] if tags else 0
    file.seek(start)
    data = file.read(MAX_ZEROS)
    head = data[:HEAD]
    if head.startswith(b"fLaC"):
        return _flac
    if head.startswith(b"TTA") or _is_mpeg(data.lstrip(b"\0")):
        return _id3_or_ape
    if tags:
        if codec() in MPEG_CODECS:  # an excerpt, which begins in the middle of a frame
            return id3_in_front
        raise TagsError("its audio has an ID3 tag before it, but is not of a kind that has one")
    kinds = (
        (head.startswith(b"OggS"), _ogg),
        (head[4:8] == b"ftyp", _mp4),
        (head.startswith(b"RIFF") and head[8:12] == b"WAVE", _wave),
        (head.startswith(b"FORM") and head[8:12] in (b"AIFF", b"AIFC"), _aiff),
        (head.startswith(ASF_HEADER), _asf),
        (head.startswith(APE_FORMATS), _ape),
    )
    for matches, kind in kinds:
        if matches:
            return kind
    raise TagsError("musimo writes no tags into files of this kind")


def _is_mpeg(head: bytes) -> bool:
    """Return whether a frame of mp1, mp2 or mp3 begins here; AAC does not count, for ID3 means mp3."""
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06 != 0


def _id3_or_ape(file: IO[bytes], size: int) -> OwnTag:
    start, end = _ape_span(file, size)
    return (_ape if start < end and not id3_tag_spans(file) else id3_in_front)(file, size)
