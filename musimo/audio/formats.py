"""Which files are taken for music, by name, and which containers the decoder may open.

Imports nothing heavy: walking a folder needs this table, but no decoder.
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
"""Suffixes of music files, lower case, without the dot."""

_SUFFIXES = frozenset(suffix.encode() for suffix in MUSIC_SUFFIXES)

_VIDEO_CONTAINERS = ("avi", "mxf", "flv")
"""Containers of video with audio: opened where a user names the file, but not collected from folders."""

DEMUXERS = ",".join((*_BY_CONTAINER, *_VIDEO_CONTAINERS))
"""FFmpeg's containers that may be opened, in the syntax of its ``format_whitelist``.

No other may be opened: pictures, subtitles, and above all playlists, which would make FFmpeg open further
files or addresses.
"""


def is_music(name: bytes) -> bool:
    """Return whether a file of this name (without its folder) is taken for music.

    ``._song.mp3`` is not: macOS leaves such AppleDouble files, which contain no audio, on other file systems.
    """
    stem, dot, suffix = name.rpartition(b".")
    if not dot or not stem or name.startswith(b"._"):
        return False
    return suffix.lower() in _SUFFIXES


SHEET_SUFFIX = b".cue"


def is_sheet(name: bytes) -> bool:
    """Return whether a file of this name is a cue sheet."""
    return name.lower().endswith(SHEET_SUFFIX) and not name.startswith(b"._")


PICTURES = {b"\xff\xd8\xff": "JPEG", b"\x89PNG": "PNG", b"GIF8": "GIF", b"II*\0": "TIFF", b"MM\0*": "TIFF"}
OTHERS = {
    b"PK\3\4": "a ZIP archive",
    b"Rar!": "a RAR archive",
    b"%PDF": "a PDF document",
    b"\x7fELF": "a program",
}


def describe_non_audio(head: bytes) -> str:
    """Describe a file that is not audio, from its first kilobytes."""
    for magic, kind in PICTURES.items():
        if head.startswith(magic):
            return f"it contains a picture ({kind})"
    for magic, kind in OTHERS.items():
        if head.startswith(magic):
            return f"it contains {kind}"
    if not head.strip(b"\0"):
        return "it contains zero bytes only"
    if _is_text(head):
        return "it contains text"
    return "it is damaged, or of a format that neither FFmpeg nor libsndfile knows"


def _is_text(head: bytes) -> bool:
    """Return whether it is UTF-8 without control characters, except for a truncated last character."""
    text = head.decode("utf-8", "replace").rstrip("\ufffd")
    return all(c.isprintable() or c in "\t\n\r\f\ufeff" for c in text) and "\ufffd" not in text
