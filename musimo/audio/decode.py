"""From a path to samples: the only room that knows codecs.

FFmpeg, through PyAV, opens nearly everything; what it refuses and libsndfile plays is left to ``fallback``.
A file is never held in memory as a whole, and no header is trusted for its length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import chain
from math import floor
from typing import Protocol

import av
from av import AudioFifo, AudioFrame, AudioResampler, AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from soundfile import SoundFileError

from musimo.audio.fallback import MAGIC as SNDFILE_MAGIC
from musimo.audio.fallback import SndfileSound
from musimo.audio.features import SAMPLE_RATE
from musimo.audio.files import AnyPath, MusicFile
from musimo.audio.formats import DEMUXERS, described
from musimo.audio.holes import Holes
from musimo.audio.mixdown import (
    BLOCK,
    Block,
    Stretch,
    anchor_before,
    cut,
    mean_of_channels,
    plausible,
    resample,
)
from musimo.audio.ogg_survey import survey_pages
from musimo.audio.survey import Survey, mean_bitrate, packets, survey
from musimo.errors import AudioError
from musimo.records import FloatArray, Window

__all__ = ["SAMPLE_RATE", "Sound", "container_metadata", "open_sound"]

PREROLL_S = 0.5  # decoded before a window: mp3's bit reservoir, Opus's 80 ms, overlapping transforms
SHORTFALL_S = 0.1  # a window may lack this much at the end of a track, where encoders pad
READ_SIZE = 131_072  # bytes a read: Python is called for each
HEAD_SIZE = 4_096  # bytes from which a file that is no sound is told apart

BROKEN_CLOCKS = {("ogg", "flac")}  # container and codec: FFmpeg's clock is off by 0.1 s and more after a seek
MAX_PLANES = 8  # from so many separate channels on, PyAV's AudioFrame.planes reads past their end

av.logging.set_level(av.logging.PANIC)  # damage is reported by AudioError, once; not by FFmpeg on stderr


class Sound(Protocol):
    """The sound of an open file.

    Parameters
    ----------
    content : (16 bytes) hash of the encoded sound, equal for files that differ only in tags or name
    duration_s : measured over the whole stream
    codec : lower case, as FFmpeg calls it: mp3, flac, vorbis, ...
    sample_rate : of the file, Hz
    channels : of the file
    bitrate : mean over the stream, kbit/s
    skipped_s : time that the stream's clock jumps over, which ``duration_s`` leaves out
    """

    content: bytes
    duration_s: float
    codec: str
    sample_rate: int
    channels: int
    bitrate: int
    skipped_s: float

    def stretch(self, window: Window) -> Stretch:
        """What can be decoded of that window, and nothing beyond it.

        Raises
        ------
        AudioError
            ``decode``: the samples hold NaN, infinity or absurd values.
        """

    def samples(self, window: Window) -> FloatArray:
        """The samples of ``stretch``: fewer than the window's where the sound ends or is damaged."""


@contextmanager
def open_sound(path: AnyPath) -> Iterator[Sound]:
    """The sound of a file, open for as long as the block runs.

    Raises
    ------
    AudioError
        ``read``: not a file that can be read. ``decode``: no sound in it that can be decoded.
    """
    with MusicFile(path) as file, closing(_sound(file)) as sound:
        yield sound


def container_metadata(path: AnyPath) -> dict[str, str]:
    """What FFmpeg reads of tags: less than a library of tags does, but in every container; {} if nothing."""
    try:
        with MusicFile(path) as file, _open_container(file) as container:
            return {**container.metadata, **_first_sound(container).metadata}
    except (AudioError, FFmpegError):
        return {}


class FFmpegSound:
    """A ``Sound`` that FFmpeg decodes."""

    def __init__(self, file: MusicFile) -> None:
        self._path = file.path
        self._container = _open_container(file)
        self._stream = _first_sound(self._container)
        surveyed = self._survey_pages() or survey(self._container, self._stream)
        codec = self._stream.codec_context
        self.content = surveyed.content
        self.duration_s = surveyed.duration_s or self._counted_s()
        self.skipped_s = surveyed.skipped_s
        self.codec = codec.codec.canonical_name
        self.sample_rate = codec.sample_rate
        self.channels = codec.channels
        self.bitrate = mean_bitrate(surveyed.n_bytes, self.duration_s)
        known = (self._container.format.name, self.codec) not in BROKEN_CLOCKS
        self._origin = self._first_pts() if surveyed.continuous and known else None

    def samples(self, window: Window) -> FloatArray:
        """See ``Sound``."""
        return self.stretch(window).samples

    def stretch(self, window: Window) -> Stretch:
        """See ``Sound``."""
        start = round(window.start_s * SAMPLE_RATE)
        n = round(window.end_s * SAMPLE_RATE) - start
        holes = self._holes(window)
        try:
            samples = self._sought(start, n, holes)
            if samples is None or len(samples) < n - SHORTFALL_S * SAMPLE_RATE:
                counted_holes = self._holes(window)
                counted = self._counted(start, n, counted_holes)
                if samples is None or len(counted) > len(samples):
                    samples, holes = counted, counted_holes
        except (FFmpegError, ValueError) as error:  # absurd rates and layouts, which only damage makes
            raise AudioError("decode", "its sound is too damaged to be converted") from error
        # As many more samples than the holes left out were taken from behind the window.
        samples = samples[: max(0, n - round(holes.lacking_s * SAMPLE_RATE))]
        return Stretch(plausible(samples), holes.lacking_s)

    def close(self) -> None:
        """Free the decoder; the file is the caller's."""
        self._container.close()

    def _survey_pages(self) -> Survey | None:
        """The survey without FFmpeg; None where only FFmpeg can tell."""
        kind = self._container.format.name, self._stream.codec_context.name
        time_base = self._stream.time_base
        if kind != ("ogg", "vorbis") or time_base is None:
            return None
        with MusicFile(self._path) as file:
            told = survey_pages(file)
        if told is None:
            return None
        with self._afresh() as container:
            first = next(packets(container, _first_sound(container)), None)
        if first is None or first.pts is None:
            return None
        return Survey(told.content, float((told.end - first.pts) * time_base), told.n_bytes, continuous=True)

    def _holes(self, window: Window) -> Holes:
        return Holes(window, self._origin, self._stream.time_base)

    def _sought(self, start: int, n: int, holes: Holes) -> FloatArray | None:
        """Samples from ``start`` on, by the stream's clock; None where the clock or the seek is of no use."""
        anchor, offset = anchor_before(start, self.sample_rate)
        time_base = self._stream.time_base
        if self._origin is None or time_base is None or anchor < PREROLL_S * self.sample_rate:
            return None
        target = self._origin + floor((anchor / self.sample_rate - PREROLL_S) / time_base)
        try:
            self._container.seek(target, stream=self._stream)
        except FFmpegError:
            return None
        frames = holes.between(_frames(self._container, self._stream))
        for frame in frames:
            if frame.pts is None or frame.sample_rate != self.sample_rate:
                break
            position = round((frame.pts - self._origin) * time_base * self.sample_rate)
            if position > anchor:
                break
            if position + frame.samples > anchor:
                blocks = _after(_blocks(chain([frame], frames)), anchor - position)
                return cut(resample(blocks), offset, n)
        return None

    def _counted(self, start: int, n: int, holes: Holes) -> FloatArray:
        """Samples from ``start`` on, counted from the beginning of the file."""
        with self._afresh() as container:
            frames = holes.between(_frames(container, _first_sound(container)))
            return cut(resample(_blocks(frames)), start, n)

    def _counted_s(self) -> float:
        """The length of what can be decoded, where no packet tells its time."""
        with self._afresh() as container:
            frames = _frames(container, _first_sound(container))
            return float(sum(frame.samples / frame.sample_rate for frame in frames))

    def _first_pts(self) -> int | None:
        """What the stream's clock says at its first sample, which is rarely the first one encoded."""
        with self._afresh() as container:
            first = next(_frames(container, _first_sound(container)), None)
            return first.pts if first is not None else None

    @contextmanager
    def _afresh(self) -> Iterator[InputContainer]:
        """The file opened once more: after a seek, decoders no longer drop what the encoder put first."""
        with MusicFile(self._path) as file, _open_container(file) as container:
            yield container


def _sound(file: MusicFile) -> FFmpegSound | SndfileSound:
    """Whichever decoder opens the file."""
    try:
        return FFmpegSound(file)
    except FFmpegError as refusal:
        file.seek(0)
        head = file.read(HEAD_SIZE)
        file.seek(0)
        if head.startswith(SNDFILE_MAGIC):
            with suppress(SoundFileError):
                return SndfileSound(file)
        raise AudioError("decode", f"not a sound file: {described(head)}") from refusal


def _open_container(file: MusicFile) -> InputContainer:
    return av.open(
        file,
        "r",
        options={"format_whitelist": DEMUXERS},
        metadata_errors="ignore",
        buffer_size=READ_SIZE,
    )


def _first_sound(container: InputContainer) -> AudioStream:
    """The first audio stream; pictures and films beside it are left alone."""
    if not container.streams.audio:
        raise AudioError("decode", "no audio stream")
    stream = container.streams.audio[0]
    if stream.codec_context is None:
        raise AudioError("decode", "its sound is encoded in a way that FFmpeg cannot decode")
    stream.codec_context.thread_count = 1  # files are decoded side by side; threads in one only cost
    return stream


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """Decoded frames; a packet that cannot be decoded is passed over."""
    decode = stream.codec_context.decode
    for packet in packets(container, stream):
        try:
            frames = decode(packet)
        except FFmpegError:
            continue
        yield from frames


def _blocks(frames: Iterable[AudioFrame]) -> Iterator[Block]:
    """Frames gathered to blocks and mixed to mono; rate, channels and format may change on the way."""
    fifo, n_channels = AudioFifo(), 0
    for frame in frames:
        if frame.layout.nb_channels != n_channels:
            yield from _drained(fifo, 1)
            fifo, n_channels = AudioFifo(), frame.layout.nb_channels
        frame.pts = None  # the queue would insist on an unbroken clock
        try:
            fifo.write(frame)
        except ValueError:  # another rate or format, which the queue tells sooner than we could ask
            yield from _drained(fifo, 1)
            fifo = AudioFifo()
            fifo.write(frame)
        if fifo.samples >= BLOCK:
            yield from _drained(fifo, BLOCK)
    yield from _drained(fifo, 1)


def _drained(fifo: AudioFifo, least: int) -> Iterator[Block]:
    """Blocks out of the queue while it holds at least so many samples."""
    while fifo.samples >= least:
        frame = fifo.read(BLOCK, partial=True)
        assert frame is not None
        n_channels = frame.layout.nb_channels
        if frame.format.is_planar and n_channels < MAX_PLANES:
            yield frame.sample_rate, mean_of_channels(frame.to_ndarray())
        else:
            for packed in _packed(frame):
                yield packed.sample_rate, mean_of_channels(packed.to_ndarray().reshape(-1, n_channels).T)


def _packed(frame: AudioFrame) -> list[AudioFrame]:
    """The frame with its channels interleaved."""
    if not frame.format.is_planar:
        return [frame]
    packer = AudioResampler(format="flt", layout=frame.layout, rate=frame.sample_rate)
    return packer.resample(frame) + packer.resample(None)


def _after(blocks: Iterable[Block], n: int) -> Iterator[Block]:
    """The blocks without their first ``n`` samples."""
    for rate, samples in blocks:
        if n < len(samples):
            yield rate, samples[n:]
        n = max(0, n - len(samples))
