"""Chained Ogg files, RFC 3533, section 4: several streams, one after the other.

FFmpeg follows a chain as long as sample rate and channels stay; behind a change it decodes nothing, or in the
wrong rate. So the links of a chain that changes are decoded as files of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, Protocol

import numpy as np

from musimo.audio.content_hash import content_hash
from musimo.audio.id3 import Readable
from musimo.audio.mixdown import DecodedWindow
from musimo.audio.ogg import CAPTURE, FIRST, MAX_PAGE_BYTES, PAGE
from musimo.records import FloatArray, Window

READ_SIZE = 1_048_576  # bytes a read
MAX_LINKS = 1_000  # radio recorders leave one a song
FORMATS = {
    b"\x01vorbis": slice(7, 16),
    b"OpusHead": slice(9, 10),
    b"\x7fFLAC": slice(27, 31),
    b"Speex   ": slice(36, 52),
}
"""Start of a stream's first packet, and where its sample rate and channels are."""


class Link(Protocol):
    """An `AudioDecoder` of one link."""

    content: bytes
    packets_hash: bytes
    duration_s: float
    codec: str
    sample_rate: int
    channels: int
    bitrate: int
    lacks_end: bool

    def decode(self, window: Window) -> DecodedWindow: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


def changing_links(file: Readable | IO[bytes]) -> list[tuple[int, int]]:
    """Return start and end of each link of a chain whose format changes; [] for any other file.

    The file position is unspecified afterwards.
    """
    starts: list[int] = []
    formats: set[bytes] = set()
    position, in_headers = 0, False
    file.seek(0)
    data, offset = file.read(READ_SIZE) or b"", 0  # the bytes from ``offset`` on
    while True:
        if position + MAX_PAGE_BYTES > offset + len(data):
            file.seek(position)
            data, offset = file.read(READ_SIZE) or b"", position
        at = data.find(CAPTURE, position - offset)
        if at < 0 or len(data) - at < PAGE.size:
            break
        _, _, flags, _, _, _, _, n_segments = PAGE.unpack_from(data, at)
        body = at + PAGE.size + n_segments
        if flags & FIRST:
            if not in_headers:
                starts.append(offset + at)
            head = data[body : body + 64]
            formats |= {magic + head[where] for magic, where in FORMATS.items() if head.startswith(magic)}
        in_headers = bool(flags & FIRST)
        position = offset + body + sum(data[at + PAGE.size : body])
    if len(formats) < 2 or not 1 < len(starts) <= MAX_LINKS:
        return []
    return [*zip(starts, [*starts[1:], position], strict=True)]


class ChainedDecoder:
    """An `AudioDecoder` of several links.

    Parameters
    ----------
    links : in their order; at least one
    files : of the links, which `close` closes
    complete : whether these are all links of the file
    """

    def __init__(self, links: Sequence[Link], files: Sequence[IO[bytes]], *, complete: bool) -> None:
        first = links[0]
        self._files = files
        self._links = links
        self.content = content_hash(b"".join(link.content for link in links), "chain")
        self.packets_hash = first.packets_hash
        self.duration_s = sum(link.duration_s for link in links)
        self.codec, self.sample_rate, self.channels = first.codec, first.sample_rate, first.channels
        self.bitrate = round(sum(link.bitrate * link.duration_s for link in links) / (self.duration_s or 1))
        self.skipped_s = 0.0
        self.claimed_s: float | None = None
        self.lacks_end = not complete or any(link.lacks_end for link in links)

    def samples(self, window: Window) -> FloatArray:
        """See `AudioDecoder`."""
        return self.decode(window).samples

    def decode(self, window: Window) -> DecodedWindow:
        """See `AudioDecoder`."""
        parts: list[DecodedWindow] = []
        begin_s = 0.0
        for link in self._links:
            start_s, end_s = window.start_s - begin_s, window.end_s - begin_s
            if start_s < link.duration_s and end_s > 0:
                parts.append(link.decode(Window(max(0.0, start_s), min(link.duration_s, end_s))))
            begin_s += link.duration_s
        samples = [part.samples for part in parts] or [np.empty(0, np.float32)]
        return DecodedWindow(np.concatenate(samples), sum(part.missing_s for part in parts))

    def close(self) -> None:
        """Free the decoders and close the files of the links."""
        for link in self._links:
            link.close()
        for file in self._files:
            file.close()
