"""One pass over the encoded sound of a file, without decoding it: how long it is, and which sound it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

from av import AudioStream, Packet
from av.container import InputContainer
from av.error import FFmpegError

CONTENT_BYTES = 16  # 128 bits: two different sounds share a hash once in some 10^19 tracks
MAX_ERRORS = 100  # in a row without a packet between: nothing more can be read
MAX_STEP_S = 1.0  # a longer jump of the clock between packets is damage or another stream chained on


@dataclass(frozen=True, slots=True)
class Survey:
    """What the packets of a stream tell.

    Parameters
    ----------
    content : hash of the encoded sound, which tags, covers and the container around it do not change
    duration_s : time that the packets cover
    n_bytes : size of the encoded sound
    continuous : the clock runs on without a jump, so that it says where in the sound one is
    """

    content: bytes
    duration_s: float
    n_bytes: int
    continuous: bool


def survey(container: InputContainer, stream: AudioStream) -> Survey:
    """Read every packet of the stream once."""
    digest = blake2b(digest_size=CONTENT_BYTES)
    max_step = int(MAX_STEP_S / (stream.time_base or 1))
    n_bytes = covered = spanned = 0
    begin = end = None
    continuous = True
    for packet in packets(container, stream):
        size, pts, duration = packet.size, packet.pts, packet.duration or 0
        if not size:
            continue
        digest.update(packet)
        n_bytes += size
        covered += duration
        if pts is None:
            continue
        if begin is None or end is None:
            begin = end = pts
        elif abs(pts - end) > max_step:
            spanned += end - begin
            begin = end = pts
            continuous = False
        end = max(end, pts + duration)
    if begin is None or end is None:
        continuous = False
    else:
        spanned += end - begin
    # Vorbis packets claim less than they hold, and packets without a time add nothing to the span
    duration_s = float(max(covered, spanned) * (stream.time_base or 0))
    return Survey(digest.digest(), duration_s, n_bytes, continuous)


def packets(container: InputContainer, stream: AudioStream) -> Iterator[Packet[AudioStream]]:
    """All packets of the stream, then the empty one that flushes the decoder; damage is passed over."""
    errors = 0
    while errors < MAX_ERRORS:
        try:
            for packet in container.demux(stream):
                errors = 0
                yield packet
        except FFmpegError:
            errors += 1
        else:
            return


def mean_bitrate(n_bytes: int, duration_s: float) -> int:
    """kbit/s; 0 for no time at all."""
    return round(n_bytes * 8 / 1000 / duration_s) if duration_s else 0
