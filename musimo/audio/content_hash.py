"""The content hash: what identifies audio as it is decoded.

It covers the bytes of the packets, and what their decoder is told beside them: codec, sample rate, channels,
and of the header what changes the samples. Tags never count, nor does the container.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from av import AudioStream

from musimo.records import CONTENT_BYTES

VERSION: Final = 2
"""Of the way content is hashed. Version 1 covered the bytes alone, tags behind some audio included."""

SELF_DESCRIBED = frozenset({"mp1", "mp2", "mp3", "ac3", "eac3", "dts", "truehd", "mlp"})
"""Codecs whose packets alone tell a decoder all it needs, whatever header a container adds."""

PADDED = frozenset({"mp3", "flac", "aac", "ac3", "eac3", "dts", "dtshd", "truehd", "mlp", "loas"})
"""Containers without any length, in which zero bytes behind the last packet count as a part of it."""

OPUS_HEAD = b"OpusHead"
MIN_OPUS_HEAD = 19  # bytes
MIN_STREAMINFO = 14  # bytes, as far as the sample format
MUSEPACK_GAINS = slice(4, 12)  # in the header of version 7: ReplayGain, which FFmpeg does not apply


def content_hash(packets: bytes, *format_: object) -> bytes:
    """Return the hash of audio.

    Parameters
    ----------
    packets : hash of their bytes
    format_ : all that decides how these are decoded
    """
    digest = blake2b(digest_size=CONTENT_BYTES)
    for part in (VERSION, *format_, packets):
        data = part if isinstance(part, bytes) else str(part).encode()
        digest.update(len(data).to_bytes(4, "little") + data)
    return digest.digest()


def stream_hash(packets: bytes, stream: AudioStream) -> bytes:
    """Return the content hash of a stream whose packets have the hash ``packets``."""
    codec = stream.codec_context
    name = codec.codec.canonical_name
    setup = decoder_setup(name, codec.extradata or b"")
    return content_hash(packets, name, codec.sample_rate, codec.channels, setup)


def decoder_setup(codec: str, header: bytes) -> bytes:
    """Return what of a stream's header changes how its packets are decoded.

    Parameters
    ----------
    codec : as FFmpeg names it
    header : as FFmpeg's demuxers return it (``extradata``)
    """
    if codec in SELF_DESCRIBED or codec.startswith(("pcm_", "dsd_")):
        return b""
    if codec == "flac":  # RFC 9639, section 8.2: only the sample size, to which frames may refer
        return bytes([header[12] & 1, header[13] >> 4]) if len(header) >= MIN_STREAMINFO else b""
    if codec == "opus" and header.startswith(OPUS_HEAD) and len(header) >= MIN_OPUS_HEAD:
        return header[9:12] + header[16:]  # RFC 7845, section 5.1: not version, and rate before encoding
    if codec == "vorbis":
        return _without_comments(header)
    if codec == "musepack7":
        return header[: MUSEPACK_GAINS.start] + header[MUSEPACK_GAINS.stop :]
    return header


def _without_comments(header: bytes) -> bytes:
    """Return the identification and the setup packet of Vorbis, of three packets in Xiph lacing."""
    if not header.startswith(b"\x02"):
        return header
    sizes, position = [], 1
    for _ in range(2):
        size = 0
        while position < len(header) and header[position] == 0xFF:
            size, position = size + 0xFF, position + 1
        size += header[position] if position < len(header) else 0
        sizes.append(size)
        position += 1
    comments = position + sizes[0]
    return header[position:comments] + header[comments + sizes[1] :]
