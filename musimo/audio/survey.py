"""Survey a file: one pass over its packets, without decoding, for its duration and content hash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from av import AudioStream, Packet
from av.container import InputContainer
from av.error import FFmpegError

from musimo.records import CONTENT_BYTES

RUN_ON = frozenset({"ape"})  # codecs whose last packet, as FFmpeg delimits it, includes the tags behind it
RUN_ON_BYTES = 1_024  # at the beginning of such a packet, which are audio
WRAPS = frozenset(
    {"vorbis"}
)  # codecs whose last packet may have a negative duration, which FFmpeg returns modulo 2**32
WRAP = 2**32
MAX_ERRORS = 100  # in a row, without a packet between them: nothing more can be read
MAX_STEP_S = 1.0  # a longer jump of the clock between packets is damage, or another chained stream


@dataclass(frozen=True, slots=True)
class Survey:
    """What the packets of a stream contain.

    Parameters
    ----------
    content : hash of the packets, 16 bytes; independent of covers and container
    duration_s : time that the packets cover
    n_bytes : size of the encoded audio
    continuous : whether the clock has no jumps, so that time stamps give positions
    skipped_s : time that the clock jumped forward, which ``duration_s`` excludes
    unpadded : the same without zero bytes at the end; None where there are none
    """

    content: bytes
    duration_s: float
    n_bytes: int
    continuous: bool
    skipped_s: float = 0.0
    unpadded: Survey | None = field(default=None, compare=False)


def survey(container: InputContainer, stream: AudioStream) -> Survey:
    """Read every packet of the stream once; ``duration_s`` is 0 where no packet has a time."""
    digest = blake2b(digest_size=CONTENT_BYTES)
    time_base = stream.time_base or 0
    clock = _Clock(int(MAX_STEP_S / (time_base or 1)))
    wraps = stream.codec_context.name in WRAPS
    n_bytes = 0
    held: Packet[AudioStream] | None = None
    unpadded: Survey | None = None

    def found(content: bytes, padded: Survey | None = None) -> Survey:
        elapsed_s, skipped_s = float(clock.elapsed * time_base), float(clock.skipped * time_base)
        return Survey(content, elapsed_s, n_bytes, clock.continuous, skipped_s, padded)

    for packet in packets(container, stream):
        if not packet.size:
            continue
        if memoryview(packet)[0] or bytes(packet).strip(b"\0"):
            unpadded = None
        elif held is not None and unpadded is None:
            unpadded = found(_digest_of(digest, bytes(held).rstrip(b"\0")))
        if held is not None:
            digest.update(held)
        held = packet
        n_bytes += packet.size
        duration = packet.duration or 0
        clock.advance(packet.pts, duration - WRAP if wraps and duration > WRAP // 2 else duration)
    last = bytes(held) if held is not None else b""
    if stream.codec_context.name in RUN_ON:
        last = last[:RUN_ON_BYTES]
    if unpadded is None and last.endswith(b"\0"):
        unpadded = found(_digest_of(digest, last.rstrip(b"\0")))
    return found(_digest_of(digest, last), unpadded)


def _digest_of(begun: blake2b, last: bytes) -> bytes:
    """Return the hash of all packets, of which the last one is to be added."""
    digest = begun.copy()
    digest.update(last)
    return digest.digest()


class _Clock:
    """Add up the time of packets, by their claimed durations and by the span of their time stamps.

    Either may fall short, so the longer one counts: Vorbis packets claim too little, those of Monkey's Audio
    claim nothing, and some formats have no time stamps. All values are in ticks of the stream's clock.
    """

    def __init__(self, max_step: int) -> None:
        self._max_step = max_step
        self._claimed = 0
        self._begin: int | None = None  # first time stamp since the last jump
        self._end = 0  # of the previous packet, or its beginning if it claimed no duration
        self._open = False  # whether the previous packet claimed no duration
        self._step = 0  # duration of the last packet that claimed none, from the next time stamp
        self._spanned = 0  # before the last jump
        self._jumped = False
        self.skipped = 0  # by jumps forward

    def advance(self, pts: int | None, duration: int) -> None:
        """Add a packet; its ``duration`` is 0 if it claims none."""
        self._claimed += duration
        if pts is None:
            return
        if self._begin is None:
            self._begin = pts
        elif pts < self._end - self._max_step or (pts > self._end + self._max_step and not self._open):
            self._spanned = self._span
            self._begin = pts
            self._jumped = True
            self.skipped += max(0, pts - self._end)
        elif self._open:
            self._step = max(0, pts - self._end)
        self._end, self._open = pts + duration, not duration

    @property
    def elapsed(self) -> int:
        """Time of all packets so far; a last one without a duration counts as long as the one before."""
        return max(self._claimed, self._span)

    @property
    def continuous(self) -> bool:
        """Whether there are time stamps without a jump."""
        return self._begin is not None and not self._jumped

    @property
    def _span(self) -> int:
        if self._begin is None:
            return 0
        return self._spanned + self._end - self._begin + (self._step if self._open else 0)


def packets(container: InputContainer, stream: AudioStream) -> Iterator[Packet[AudioStream]]:
    """Yield all packets of the stream, then the empty one that flushes the decoder; skip damage."""
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
    """Return the mean bit rate, kbit/s; 0 if the duration is 0."""
    return round(n_bytes * 8 / 1000 / duration_s) if duration_s else 0
