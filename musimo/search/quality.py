"""Which of several files of one recording is the best, as far as their headers tell."""

from __future__ import annotations

from typing import Final

from musimo.records import Track

_LOSSLESS: Final = frozenset(
    {"flac", "alac", "wavpack", "ape", "tta", "tak", "shorten", "mlp", "truehd", "wmalossless", "als"}
)
EFFICIENCY: Final = {"opus": 1.4, "aac": 1.4, "vorbis": 1.4}
"""How much of MP3's bitrate one of these is worth: listeners found their 96 kbit/s no worse than its 136."""


def lossless(track: Track) -> bool:
    """Whether the file's codec keeps all of what it was given, which may have been lossy before."""
    codec = track.tags.codec or ""
    return codec in _LOSSLESS or codec.startswith(("pcm", "dsd"))


def rank(track: Track) -> tuple[float, ...]:
    """Sorts the best first: whole before partial, lossless before lossy, then resolution, then bitrate."""
    tags = track.tags
    worth = (tags.bitrate or 0) * EFFICIENCY.get(tags.codec or "", 1.0)
    if lossless(track):
        return (1 - (track.partial or 1.0), 0, -(tags.sample_rate or 0), -(tags.channels or 0))
    return (1 - (track.partial or 1.0), 1, -worth)


def described(track: Track) -> str:
    """What :func:`rank` goes by, in words."""
    tags = track.tags
    parts = [tags.codec or "unknown codec"]
    if lossless(track):
        parts.append("lossless" + (f" {tags.sample_rate / 1000:g} kHz" if tags.sample_rate else ""))
    elif tags.bitrate:
        parts.append(f"{tags.bitrate} kbit/s")
    if track.partial is not None:
        parts.append(f"only {track.partial:.0%} plays")
    return ", ".join(parts)
