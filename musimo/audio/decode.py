"""Decode audio files: from a path to samples. The only module that knows codecs.

FFmpeg, through PyAV, opens nearly everything; libsndfile plays some of what it refuses
(:mod:`musimo.audio.fallback`). A file is never held in memory as a whole, and no duration in a header is
trusted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import chain
from math import floor
from typing import Protocol

import av
from av import AudioFrame, AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from soundfile import SoundFileError

from musimo.audio.chain import ChainedDecoder, changing_links
from musimo.audio.completeness import lacks_end, present_share
from musimo.audio.content_hash import PADDED, stream_hash
from musimo.audio.fallback import MAGIC as SNDFILE_MAGIC
from musimo.audio.fallback import SndfileDecoder
from musimo.audio.features import SAMPLE_RATE
from musimo.audio.files import MusicFile
from musimo.audio.formats import DEMUXERS, describe_non_audio
from musimo.audio.frames import decoded_frames, mono_blocks, without_first
from musimo.audio.gaps import GapCounter
from musimo.audio.mixdown import DecodedWindow, anchor_before, check_finite, cut, resample
from musimo.audio.ogg_survey import survey_pages
from musimo.audio.paths import AnyPath
from musimo.audio.survey import Survey, mean_bitrate, packets, survey
from musimo.errors import AudioError
from musimo.records import FloatArray, Window

__all__ = ["SAMPLE_RATE", "AudioDecoder", "container_metadata", "open_audio"]

PREROLL_S = 0.5  # decoded before a window: mp3's bit reservoir, Opus's 80 ms, overlapping transforms
SHORTFALL_S = 0.1  # a window may be this much shorter at the end of a track, where encoders pad
READ_SIZE = 131_072  # bytes a read: each read calls Python
HEAD_SIZE = 4_096  # bytes from which a file that is not audio is identified

REWOUND = {"wav", "w64", "aiff", "au"}  # containers in which PCM starts anew wherever FFmpeg seeks
BROKEN_CLOCKS = {("ogg", "flac")}  # container and codec: FFmpeg's clock is off by 0.1 s or more after a seek
MATROSKA = "matroska,webm"  # states a duration, which FFmpeg does not guess

av.logging.set_level(av.logging.PANIC)  # damage is reported once, by AudioError; not by FFmpeg on stderr


class AudioDecoder(Protocol):
    """An open audio file.

    Parameters
    ----------
    content : hash of the encoded audio, 16 bytes; equal for files that differ only in tags or name
    duration_s : measured over the whole stream
    codec : lower case, as FFmpeg names it: mp3, flac, vorbis, ...
    sample_rate : of the file, Hz
    channels : of the file
    bitrate : mean over the stream, kbit/s
    skipped_s : time that the stream's clock jumps over, which ``duration_s`` excludes
    claimed_s : duration of the complete audio as its container states it; None where it does not
    lacks_end : whether the end of the audio is missing, however much that is
    packets_hash : hash of the bytes alone, which version 1 of the content hash was
    """

    content: bytes
    duration_s: float
    codec: str
    sample_rate: int
    channels: int
    bitrate: int
    skipped_s: float
    claimed_s: float | None
    lacks_end: bool
    packets_hash: bytes

    def decode(self, window: Window) -> DecodedWindow:
        """Decode a window, as far as that is possible.

        Raises
        ------
        AudioError
            Stage ``decode``: the samples contain NaN, infinity or absurd values.
        """

    def samples(self, window: Window) -> FloatArray:
        """Return the samples of `decode`: fewer than the window's where the audio ends or is damaged."""


@contextmanager
def open_audio(path: AnyPath) -> Iterator[AudioDecoder]:
    """Open an audio file for the duration of a ``with`` block.

    Raises
    ------
    AudioError
        Stage ``read``: the file cannot be read. Stage ``decode``: it contains no audio that can be decoded.
    """
    with MusicFile(path) as file, closing(_open_decoder(file)) as decoder:
        yield decoder


def container_metadata(path: AnyPath) -> dict[str, str]:
    """Return the tags that FFmpeg reads: fewer than mutagen, but from every container; {} if none.

    Bytes that are not UTF-8 are surrogates, see :pep:`383`.
    """
    try:
        with MusicFile(path, whole=True) as file, _open_container(file) as container:
            return {**container.metadata, **_first_audio_stream(container).metadata}
    except (AudioError, FFmpegError):
        return {}


def old_content(path: AnyPath, decoder: AudioDecoder) -> bytes | None:
    """Return the content hash of version 1, by which older libraries know a file; None if it has none."""
    with MusicFile(path) as file:
        if not file.is_cut and not isinstance(decoder, ChainedDecoder):
            return decoder.packets_hash
    with MusicFile(path, whole=True) as file:
        try:
            with _open_container(file) as container:
                return survey(container, _first_audio_stream(container)).content
        except FFmpegError:
            file.seek(0)
            with suppress(SoundFileError), closing(SndfileDecoder(file)) as decoder:
                return decoder.packets_hash
        except AudioError:
            pass
    return None


class FFmpegDecoder:
    """An `AudioDecoder` that uses FFmpeg."""

    def __init__(self, file: MusicFile, span: tuple[int, int] | None = None) -> None:
        self._path, self._span = file.path, span
        self.lacks_end, share = lacks_end(file), present_share(file)
        file.seek(0)
        self._container = _open_container(file)
        self._stream = _first_audio_stream(self._container)
        by_pages = self._survey_pages()
        surveyed = by_pages or survey(self._container, self._stream)
        self.may_be_chained = by_pages is None and self._container.format.name == "ogg" and span is None
        self.packets_hash = surveyed.content
        if self._container.format.name in PADDED:
            surveyed = surveyed.unpadded or surveyed
        codec = self._stream.codec_context
        self.content = stream_hash(surveyed.content, self._stream)
        self.duration_s = surveyed.duration_s or self._decoded_duration_s()
        self.skipped_s = surveyed.skipped_s
        self.codec = codec.codec.canonical_name
        self.sample_rate = codec.sample_rate
        self.channels = codec.channels
        self.bitrate = mean_bitrate(surveyed.n_bytes, self.duration_s)
        self.claimed_s = self.duration_s / share if share else self._matroska_duration_s()
        reliable = (self._container.format.name, self.codec) not in BROKEN_CLOCKS
        self._origin = self._first_pts() if surveyed.continuous and reliable else None

    def samples(self, window: Window) -> FloatArray:
        """See `AudioDecoder`."""
        return self.decode(window).samples

    def decode(self, window: Window) -> DecodedWindow:
        """See `AudioDecoder`."""
        start = round(window.start_s * SAMPLE_RATE)
        n = round(window.end_s * SAMPLE_RATE) - start
        gaps = self._gap_counter(window)
        try:
            samples = self._decode_by_seeking(start, n, gaps)
            if samples is None or len(samples) < n - SHORTFALL_S * SAMPLE_RATE:
                gaps_from_start = self._gap_counter(window)
                from_start = self._decode_from_start(start, n, gaps_from_start)
                if samples is None or len(from_start) > len(samples):
                    samples, gaps = from_start, gaps_from_start
        except (FFmpegError, ValueError) as error:  # absurd rates and layouts, which only damage produces
            raise AudioError("decode", "the audio is too damaged to be converted") from error
        # Gaps shift later audio forward: as many samples were taken from behind the window.
        samples = samples[: max(0, n - round(gaps.missing_s * SAMPLE_RATE))]
        return DecodedWindow(check_finite(samples), gaps.missing_s)

    def close(self) -> None:
        """Free the decoder; the caller closes the file."""
        self._container.close()

    def _survey_pages(self) -> Survey | None:
        """Survey the file without FFmpeg; None where only FFmpeg can."""
        kind = self._container.format.name, self._stream.codec_context.name
        time_base = self._stream.time_base
        if kind != ("ogg", "vorbis") or time_base is None:
            return None
        with MusicFile(self._path, span=self._span) as file:
            pages = survey_pages(file)
        if pages is None:
            return None
        with self._reopened() as container:
            first = next(packets(container, _first_audio_stream(container)), None)
        if first is None or first.pts is None:
            return None
        return Survey(
            pages.content, float((pages.end - first.pts) * time_base), pages.n_bytes, continuous=True
        )

    def _matroska_duration_s(self) -> float | None:
        if self._container.format.name != MATROSKA or self._container.streams.video:
            return None
        return self._container.duration / av.time_base if self._container.duration else None

    def _gap_counter(self, window: Window) -> GapCounter:
        return GapCounter(window, self._origin, self._stream.time_base)

    def _decode_by_seeking(self, start: int, n: int, gaps: GapCounter) -> FloatArray | None:
        """Decode ``n`` samples from ``start``, located by time stamps; None where these are unusable."""
        anchor, offset = anchor_before(start, self.sample_rate)
        time_base = self._stream.time_base
        if self._origin is None or time_base is None or anchor < PREROLL_S * self.sample_rate:
            return None
        target = self._origin + floor((anchor / self.sample_rate - PREROLL_S) / time_base)
        try:
            self._container.seek(target, stream=self._stream)
        except FFmpegError:
            return None
        frames = gaps.watch(decoded_frames(self._container, self._stream))
        for frame in frames:
            if frame.pts is None or frame.sample_rate != self.sample_rate:
                break
            position = round((frame.pts - self._origin) * time_base * self.sample_rate)
            if position > anchor:
                break
            if position + frame.samples > anchor:
                blocks = without_first(mono_blocks(chain([frame], frames)), anchor - position)
                return cut(resample(blocks), offset, n)
        return None

    def _decode_from_start(self, start: int, n: int, gaps: GapCounter) -> FloatArray:
        """Decode ``n`` samples from ``start``, counted from the beginning of the file."""
        with self._frames_from_start() as frames:
            return cut(resample(mono_blocks(gaps.watch(frames))), start, n)

    def _decoded_duration_s(self) -> float:
        """Return the duration of what can be decoded, where no packet has a time stamp."""
        with self._reopened() as container:
            frames = decoded_frames(container, _first_audio_stream(container))
            return float(sum(frame.samples / frame.sample_rate for frame in frames))

    def _first_pts(self) -> int | None:
        """Return the time stamp of the first decoded sample, which is rarely the first one encoded."""
        with self._frames_from_start() as frames:
            first = next(frames, None)
            return first.pts if first is not None else None

    @contextmanager
    def _frames_from_start(self) -> Iterator[Iterator[AudioFrame]]:
        """Yield the frames of the whole file; it is not opened once more where a seek is enough."""
        if self._container.format.name in REWOUND and self.codec.startswith("pcm_"):
            try:
                self._container.seek(0)
            except FFmpegError:
                pass
            else:
                yield decoded_frames(self._container, self._stream)
                return
        with self._reopened() as container:
            yield decoded_frames(container, _first_audio_stream(container))

    @contextmanager
    def _reopened(self) -> Iterator[InputContainer]:
        """Open the file once more: after a seek, decoders no longer drop the encoder's priming samples."""
        with MusicFile(self._path, span=self._span) as file, _open_container(file) as container:
            yield container


def _open_chain(file: MusicFile) -> ChainedDecoder | None:
    """Return a decoder of the links of an Ogg file whose format changes; None for any other file."""
    position = file.tell()
    spans = changing_links(file)
    links: list[FFmpegDecoder] = []
    parts: list[MusicFile] = []
    for span in spans:
        part = MusicFile(file.path, span=span)
        try:
            links.append(FFmpegDecoder(part, span))
            parts.append(part)
        except (AudioError, FFmpegError):
            part.close()
    file.seek(position)
    return ChainedDecoder(links, parts, complete=len(links) == len(spans)) if links else None


def _follow_chain(decoder: FFmpegDecoder, file: MusicFile) -> FFmpegDecoder | ChainedDecoder:
    """Return the decoder, or one of all links where it would stop at the first change of format."""
    chain = _open_chain(file) if decoder.may_be_chained else None
    if chain is None:
        return decoder
    decoder.close()
    return chain


def _open_decoder(file: MusicFile) -> FFmpegDecoder | SndfileDecoder | ChainedDecoder:
    """Return the first decoder that opens the file."""
    try:
        return _follow_chain(FFmpegDecoder(file), file)
    except FFmpegError as refusal:
        file.seek(0)
        head = file.read(HEAD_SIZE)
        file.seek(0)
        if head.startswith(SNDFILE_MAGIC):
            with suppress(SoundFileError):
                return SndfileDecoder(file)
        raise AudioError("decode", f"not an audio file: {describe_non_audio(head)}") from refusal


def _open_container(file: MusicFile) -> InputContainer:
    return av.open(
        file,
        "r",
        options={"format_whitelist": DEMUXERS},
        metadata_errors="surrogateescape",
        buffer_size=READ_SIZE,
    )


def _first_audio_stream(container: InputContainer) -> AudioStream:
    """Return the first audio stream; pictures and video beside it are ignored."""
    if not container.streams.audio:
        raise AudioError("decode", "no audio stream")
    stream = container.streams.audio[0]
    if stream.codec_context is None:
        raise AudioError("decode", "FFmpeg has no decoder for its audio")
    stream.codec_context.thread_count = 1  # files are decoded in parallel; threads within one only cost
    return stream
