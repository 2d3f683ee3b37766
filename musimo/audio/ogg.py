"""Pages of Ogg, RFC 3533: what all who read or write them share."""

from __future__ import annotations

import struct
from typing import Final
from zlib import crc32

PAGE: Final = struct.Struct("<4sBBqIIIB")
"""Capture pattern, version, flags, granule, serial number, page number, checksum, number of segments."""

CHECKSUM_PLACE: Final = 22  # in the head of a page, 4 bytes
CAPTURE: Final = b"OggS"
CONTINUED, FIRST, LAST = 1, 2, 4  # flags
NOTHING_ENDS: Final = -1  # granule of a page that no packet ends on
SEGMENT: Final = 255  # bytes of a segment that its packet goes on after
MOST_SEGMENTS: Final = 255  # of a page
MOST_BYTES: Final = PAGE.size + MOST_SEGMENTS + MOST_SEGMENTS * SEGMENT

_MIRRORED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_ONES: Final = 0xFFFFFFFF


def checksum(data: bytes) -> int:
    """CRC of 32 bits with the polynomial of RFC 3533, section 6: neither reflected nor inverted.

    zlib's has the same polynomial and is both, so it is fed mirrored bytes, and its answer is mirrored back.
    Being linear, the checksum of two pages' difference is the difference of theirs.
    """
    mirrored = crc32(data.translate(_MIRRORED), _ONES) ^ _ONES
    return int(f"{mirrored:032b}"[::-1], 2)
