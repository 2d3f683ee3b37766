"""Layout and checksum of Ogg pages, RFC 3533."""

from __future__ import annotations

import struct
from typing import Final
from zlib import crc32

PAGE: Final = struct.Struct("<4sBBqIIIB")
"""Capture pattern, version, flags, granule, serial number, page number, checksum, number of segments."""

CHECKSUM_OFFSET: Final = 22  # in the header of a page, 4 bytes
CAPTURE: Final = b"OggS"
CONTINUED, FIRST, LAST = 1, 2, 4  # flags
SEGMENT: Final = 255  # bytes of a segment after which its packet continues
MAX_SEGMENTS: Final = 255  # per page
MAX_PAGE_BYTES: Final = PAGE.size + MAX_SEGMENTS + MAX_SEGMENTS * SEGMENT

_MIRRORED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_ONES: Final = 0xFFFFFFFF


def checksum(data: bytes) -> int:
    """Return the CRC-32 of RFC 3533, section 6: neither reflected nor inverted.

    zlib's CRC has the same polynomial and is both, so it is given mirrored bytes and its result is mirrored
    back. The checksum is linear: that of the XOR of two pages is the XOR of theirs.
    """
    mirrored = crc32(data.translate(_MIRRORED), _ONES) ^ _ONES
    return int(f"{mirrored:032b}"[::-1], 2)
