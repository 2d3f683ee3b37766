"""Tags and padding as programs leave them before and behind audio."""

from __future__ import annotations

import random
import struct

from musimo.audio.id3 import synchsafe


def id3v1(genre: int = 0) -> bytes:
    return (
        b"TAG"
        + b"Title".ljust(30, b"\0")
        + b"Me".ljust(30, b"\0")
        + bytes(30)
        + b"2001"
        + bytes(30)
        + bytes([genre])
    )


def id3v2(*, footer: bool = False, cover: int = 0) -> bytes:
    body = b"TIT2" + synchsafe(6) + b"\0\0\x03hello"
    if cover:
        body += b"APIC" + synchsafe(cover) + b"\0\0" + random.Random(1).randbytes(cover)
    body += b"" if footer else bytes(50)
    size = synchsafe(len(body))
    tag = b"ID3\4\0" + (b"\x10" if footer else b"\0") + size + body
    return tag + b"3DI\4\0\x10" + size if footer else tag


def ape(*, header: bool = True) -> bytes:
    item = struct.pack("<II", 5, 0) + b"Title\0hello"

    def end(flags: int) -> bytes:
        return b"APETAGEX" + struct.pack("<IIII", 2000, len(item) + 32, 1, flags) + bytes(8)

    return end(0xA000_0000) + item + end(0x8000_0000) if header else item + end(0)


def lyrics3() -> bytes:
    body = b"LYRICSBEGIN" + b"IND00002" + b"10" + b"LYR00030" + b"[00:01]some lyrics here ok 123"
    return body + b"%06d" % len(body) + b"LYRICS200"


TAILS = {
    "ID3v1": id3v1(17),
    "ID3v1 that ends in zeros": id3v1(),
    "ID3v1 twice": id3v1(17) + id3v1(17),
    "enhanced ID3v1": b"TAG+" + bytes(223) + id3v1(3),
    "Lyrics3v2 and ID3v1": lyrics3() + id3v1(),
    "Lyrics3v2": lyrics3(),
    "Lyrics3v1": b"LYRICSBEGIN" + b"some lyrics\r\n" * 20 + b"LYRICSEND" + id3v1(17),
    "APEv2": ape(),
    "APEv2 without header": ape(header=False),
    "APEv2 and ID3v1": ape() + id3v1(),
    "ID3v2 with footer": id3v2(footer=True),
    "ID3v2": id3v2(),
    "ID3v2 with a cover": id3v2(cover=300_000),
    "a zero": b"\0",
    "zeros": bytes(5_000),
    "many zeros": bytes(100_000),
    "ID3v1 and zeros": id3v1() + bytes(1_000),
    "zeros and APEv2": bytes(3_000) + ape(),
    "APEv2 and zeros": ape() + bytes(100),
    "all of them": id3v2() + lyrics3() + ape() + id3v1(),
}
HEADS = {
    "ID3v2": id3v2(),
    "ID3v2 twice": id3v2() + id3v2(),
    "ID3v2 with a cover": id3v2(cover=300_000),
    "APEv2": ape(),
    "ID3v2 and APEv2": id3v2() + ape(),
    "zeros": bytes(300),
    "ID3v2 and zeros": id3v2() + bytes(500),
}
