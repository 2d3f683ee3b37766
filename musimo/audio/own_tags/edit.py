"""Which tag a file keeps musimo's fields in, told by its first bytes and never by its name.

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
"""

from __future__ import annotations

from musimo.audio.id3 import id3_tag_spans
from musimo.audio.own_tags.ape_tag import edit_at_end, ends_in_ape, id3v1_start
from musimo.audio.own_tags.asf import HEADER, edit_asf
from musimo.audio.own_tags.chunks import edit_aiff, edit_wave
from musimo.audio.own_tags.comments import edit_flac
from musimo.audio.own_tags.id3_tag import edit_in_front
from musimo.audio.own_tags.mp4 import edit_mp4
from musimo.audio.own_tags.ogg import edit_ogg
from musimo.audio.own_tags.pieces import Edit, Fields, Source
from musimo.errors import TagsError

APE_FORMATS = (b"MAC ", b"wvpk", b"MPCK", b"MP+", b"tBaK")
ID3_FORMATS = (b"TTA",)
HEAD = 16  # bytes that tell a format
MOST_PADDING = 65_536  # bytes of zeros before the sound of an mp3


def edit(file: Source, size: int, fields: Fields) -> Edit:
    """What the file says in musimo's fields, and the pieces of one that says ``fields`` in them.

    Raises
    ------
    TagsError : musimo writes nothing into files of this kind, or not into one put together like this
    """
    tags = id3_tag_spans(file)
    sound = tags[-1][1] if tags else 0
    file.seek(sound)
    head = file.read(HEAD)
    file.seek(sound)
    padded = file.read(MOST_PADDING).lstrip(b"\0")  # by programs that counted their tags wrong
    if head.startswith(b"fLaC"):
        return edit_flac(file, size, fields)
    if head.startswith(ID3_FORMATS) or _is_mpeg(padded):
        return _edit_id3_or_ape(file, size, fields, has_id3=bool(tags))
    if tags:
        raise TagsError("there is an ID3 tag before sound that is not of the kind to have one")
    if head.startswith(b"OggS"):
        return edit_ogg(file, size, fields)
    if head[4:8] == b"ftyp":
        return edit_mp4(file, size, fields)
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return edit_wave(file, size, fields)
    if head.startswith(b"FORM") and head[8:12] in (b"AIFF", b"AIFC"):
        return edit_aiff(file, size, fields)
    if head.startswith(HEADER):
        return edit_asf(file, size, fields)
    if head.startswith(APE_FORMATS):
        return edit_at_end(file, size, fields)
    raise TagsError("musimo writes no tags into files of this kind")


def _is_mpeg(head: bytes) -> bool:
    """Whether a frame of mp1, mp2 or mp3 begins here; of aac, where ID3 makes programs expect mp3, none."""
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06 != 0


def _edit_id3_or_ape(file: Source, size: int, fields: Fields, *, has_id3: bool) -> Edit:
    if not has_id3 and ends_in_ape(file, size):
        return edit_at_end(file, size, fields)
    if not has_id3 and fields and id3v1_start(file, size) < size:
        raise TagsError("it has an ID3v1 tag alone, which an ID3v2 tag would hide from other programs")
    return edit_in_front(file, size, fields)
