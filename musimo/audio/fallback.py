"""The second decoder: libsndfile, for files that FFmpeg refuses but libsndfile plays."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from io import FileIO

import soundfile

from musimo.audio.content_hash import content_hash
from musimo.audio.features import SAMPLE_RATE
from musimo.audio.mixdown import (
    BLOCK_SIZE,
    AudioBlock,
    DecodedWindow,
    anchor_before,
    check_finite,
    cut,
    mean_of_channels,
    resample,
)
from musimo.audio.survey import mean_bitrate
from musimo.errors import AudioError
from musimo.records import CONTENT_BYTES, FloatArray, Window

MAGIC = (b"OggS", b"fLaC", b"RIFF", b"RIFX", b"RF64", b"riff", b"FORM", b"caff", b".snd")
"""First bytes of files worth a try; all else goes to libsndfile's mp3 decoder, which writes to stderr."""


class SndfileDecoder:
    """An `AudioDecoder` that uses libsndfile.

    libsndfile exposes no packets, so the whole file is decoded once, block by block, to hash and to measure
    it. The hash is over 16-bit samples, because floats may be rounded differently on another machine.

    Raises
    ------
    soundfile.SoundFileError
        libsndfile refuses the file too.
    """

    def __init__(self, file: FileIO) -> None:
        self._file = soundfile.SoundFile(file)
        digest = blake2b(digest_size=CONTENT_BYTES)
        n = 0
        # not SoundFile.blocks, which continues for as long as a damaged header claims
        while len(block := self._file.read(BLOCK_SIZE, dtype="int16", always_2d=True)):
            digest.update(block.tobytes())
            n += len(block)
        self.packets_hash = digest.digest()
        self.sample_rate: int = self._file.samplerate
        self.channels: int = self._file.channels
        self.duration_s = n / self.sample_rate
        self.codec = self._file.subtype.lower()
        self.content = content_hash(
            self.packets_hash, "libsndfile", self.codec, self.sample_rate, self.channels
        )
        self.skipped_s = 0.0
        self.claimed_s: float | None = None
        self.lacks_end = False
        self.bitrate = mean_bitrate(file.seek(0, 2), self.duration_s)

    def samples(self, window: Window) -> FloatArray:
        """See `AudioDecoder`."""
        return self.decode(window).samples

    def decode(self, window: Window) -> DecodedWindow:
        """See `AudioDecoder`; libsndfile reports no gaps."""
        start = round(window.start_s * SAMPLE_RATE)
        n = round(window.end_s * SAMPLE_RATE) - start
        anchor, offset = anchor_before(start, self.sample_rate)
        try:
            self._file.seek(anchor)
            samples = cut(resample(self._blocks()), offset, n)
        except soundfile.SoundFileError as error:
            raise AudioError("decode", "the audio is too damaged to be decoded") from error
        return DecodedWindow(check_finite(samples))

    def close(self) -> None:
        """Free the decoder; the caller closes the file."""
        self._file.close()

    def _blocks(self) -> Iterator[AudioBlock]:
        """Yield mono blocks from the current position to the end."""
        while len(block := self._file.read(BLOCK_SIZE, dtype="float32", always_2d=True)):
            yield self.sample_rate, mean_of_channels(block.T)
