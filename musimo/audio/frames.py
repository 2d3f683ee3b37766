"""Decoded frames of FFmpeg, as blocks of mono samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from av import AudioFifo, AudioFrame, AudioResampler, AudioStream
from av.container import InputContainer
from av.error import FFmpegError

from musimo.audio.mixdown import BLOCK_SIZE, AudioBlock, mean_of_channels
from musimo.audio.survey import packets

MAX_PLANES = 8  # with this many planar channels or more, PyAV's AudioFrame.planes reads out of bounds


def decoded_frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """Yield decoded frames; skip packets that cannot be decoded."""
    decode = stream.codec_context.decode
    for packet in packets(container, stream):
        try:
            frames = decode(packet)
        except FFmpegError:
            continue
        yield from frames


def mono_blocks(frames: Iterable[AudioFrame]) -> Iterator[AudioBlock]:
    """Gather frames into blocks and mix them to mono; rate, channels and format may change in between."""
    fifo, n_channels = AudioFifo(), 0
    for frame in frames:
        if frame.layout.nb_channels != n_channels:
            yield from _drain(fifo, 1)
            fifo, n_channels = AudioFifo(), frame.layout.nb_channels
        frame.pts = None  # the FIFO requires gapless time stamps, or none
        try:
            fifo.write(frame)
        except ValueError:  # another rate or format: cheaper to catch than to compare for each frame
            yield from _drain(fifo, 1)
            fifo = AudioFifo()
            fifo.write(frame)
        if fifo.samples >= BLOCK_SIZE:
            yield from _drain(fifo, BLOCK_SIZE)
    yield from _drain(fifo, 1)


def _drain(fifo: AudioFifo, min_samples: int) -> Iterator[AudioBlock]:
    """Yield blocks from the FIFO while it holds at least ``min_samples`` samples."""
    while fifo.samples >= min_samples:
        frame = fifo.read(BLOCK_SIZE, partial=True)
        assert frame is not None
        n_channels = frame.layout.nb_channels
        if frame.format.is_planar and n_channels < MAX_PLANES:
            yield frame.sample_rate, mean_of_channels(frame.to_ndarray())
        else:
            for packed in _interleave(frame):
                yield packed.sample_rate, mean_of_channels(packed.to_ndarray().reshape(-1, n_channels).T)


def _interleave(frame: AudioFrame) -> list[AudioFrame]:
    """Return the frame with its channels interleaved."""
    if not frame.format.is_planar:
        return [frame]
    packer = AudioResampler(format="flt", layout=frame.layout, rate=frame.sample_rate)
    return packer.resample(frame) + packer.resample(None)


def without_first(blocks: Iterable[AudioBlock], n: int) -> Iterator[AudioBlock]:
    """Yield the blocks without their first ``n`` samples."""
    for rate, samples in blocks:
        if n < len(samples):
            yield rate, samples[n:]
        n = max(0, n - len(samples))
