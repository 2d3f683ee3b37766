"""The second decoder: libsndfile, for files that FFmpeg refuses and it plays."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from io import FileIO

import soundfile

from musimo.audio.features import SAMPLE_RATE
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
from musimo.audio.survey import mean_bitrate
from musimo.errors import AudioError
from musimo.records import CONTENT_BYTES, FloatArray, Window

MAGIC = (b"OggS", b"fLaC", b"RIFF", b"RIFX", b"RF64", b"riff", b"FORM", b"caff", b".snd")
"""How the files begin that are worth a try. Anything else goes to its mp3 decoder, which writes on stderr."""


class SndfileSound:
    """A ``Sound`` that libsndfile decodes.

    libsndfile shows no packets, so the whole file is decoded once, block by block, to hash and to measure
    it. The hash is over 16-bit samples: the rounding of one machine's floats is not another's.

    Raises
    ------
    soundfile.SoundFileError
        libsndfile refuses the file too.
    """

    def __init__(self, file: FileIO) -> None:
        self._file = soundfile.SoundFile(file)
        digest = blake2b(digest_size=CONTENT_BYTES)
        n = 0
        # not SoundFile.blocks, which goes on for as long as a damaged header claims
        while len(block := self._file.read(BLOCK, dtype="int16", always_2d=True)):
            digest.update(block.tobytes())
            n += len(block)
        self.content = digest.digest()
        self.sample_rate: int = self._file.samplerate
        self.channels: int = self._file.channels
        self.duration_s = n / self.sample_rate
        self.codec = self._file.subtype.lower()
        self.skipped_s = 0.0
        self.bitrate = mean_bitrate(file.seek(0, 2), self.duration_s)

    def samples(self, window: Window) -> FloatArray:
        """See ``Sound``."""
        return self.stretch(window).samples

    def stretch(self, window: Window) -> Stretch:
        """See ``Sound``; libsndfile tells of no holes."""
        start = round(window.start_s * SAMPLE_RATE)
        n = round(window.end_s * SAMPLE_RATE) - start
        anchor, offset = anchor_before(start, self.sample_rate)
        try:
            self._file.seek(anchor)
            samples = cut(resample(self._blocks()), offset, n)
        except soundfile.SoundFileError as error:
            raise AudioError("decode", "its sound is too damaged to be decoded") from error
        return Stretch(plausible(samples))

    def close(self) -> None:
        """Free the decoder; the file is the caller's."""
        self._file.close()

    def _blocks(self) -> Iterator[Block]:
        """Blocks in mono from where the file stands to its end."""
        while len(block := self._file.read(BLOCK, dtype="float32", always_2d=True)):
            yield self.sample_rate, mean_of_channels(block.T)
