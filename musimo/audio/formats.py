"""Which files are music, by name, and which containers the decoder may open.

Nothing heavy is imported here: walking a folder needs this table and no decoder.
"""

from __future__ import annotations

_BY_CONTAINER = {
    "mp3": "mp3 mp2 mp1 mpa mpga",
    "flac": "flac fla",
    "ogg": "ogg oga opus spx",
    "mov,mp4,m4a": "m4a m4b m4p m4r mp4 alac",
    "aac,loas": "aac adts",
    "asf,xwma": "wma asf xwma",
    "wav,w64": "wav wave bwf rf64 w64",
    "aiff": "aif aiff aifc afc",
    "au": "au snd",
    "caf": "caf",
    "wv": "wv",
    "ape": "ape",
    "mpc,mpc8": "mpc mp+ mpp",
    "tta": "tta",
    "tak": "tak",
    "shn": "shn",
    "matroska,webm": "mka webm weba",
    "ac3,eac3": "ac3 eac3 ec3",
    "dts,dtshd": "dts dtshd",
    "mlp,truehd": "mlp thd",
    "dsf,iff": "dsf dff",
    "rm": "ra",
    "qoa": "qoa",
}

MUSIC_SUFFIXES = frozenset(suffix for suffixes in _BY_CONTAINER.values() for suffix in suffixes.split())
"""Endings of music files, lower case, without the dot."""

_ENDINGS = frozenset(suffix.encode() for suffix in MUSIC_SUFFIXES)

DEMUXERS = ",".join(_BY_CONTAINER)
"""FFmpeg's containers of sound, as its ``format_whitelist`` reads them.

All else stays shut: pictures, subtitles, and above all playlists, which would open further files or
addresses that a stranger wrote into them.
"""


def is_music(name: bytes) -> bool:
    """Whether a file of this name (no folder) is taken for music.

    ``._song.mp3`` is not: macOS leaves such AppleDouble files, which hold no sound, on foreign disks.
    """
    stem, dot, suffix = name.rpartition(b".")
    if not dot or not stem or name.startswith(b"._"):
        return False
    return suffix.lower() in _ENDINGS


PICTURES = {b"\xff\xd8\xff": "JPEG", b"\x89PNG": "PNG", b"GIF8": "GIF", b"II*\0": "TIFF", b"MM\0*": "TIFF"}
OTHERS = {
    b"PK\3\4": "a ZIP archive",
    b"Rar!": "a RAR archive",
    b"%PDF": "a PDF document",
    b"\x7fELF": "a program",
}


def described(head: bytes) -> str:
    """What a file that is no sound holds instead, from its first kilobytes."""
    for magic, kind in PICTURES.items():
        if head.startswith(magic):
            return f"it holds a picture ({kind})"
    for magic, kind in OTHERS.items():
        if head.startswith(magic):
            return f"it holds {kind}"
    if not head.strip(b"\0"):
        return "it holds zero bytes only"
    if _is_text(head):
        return "it holds text"
    return "it is damaged, or of a kind that neither FFmpeg nor libsndfile knows"


def _is_text(head: bytes) -> bool:
    """Whether all of it is UTF-8 without control characters, but for a last character cut in two."""
    text = head.decode("utf-8", "replace").rstrip("\ufffd")
    return all(c.isprintable() or c in "\t\n\r\f\ufeff" for c in text) and "\ufffd" not in text
