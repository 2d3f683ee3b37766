"""Decoded fraction: how much of a track's audio could be decoded, where some of it is missing."""

from __future__ import annotations

from collections.abc import Iterable

from musimo.records import FileOpened, Window

SLACK_S = 1.0  # encoders pad, players trim, and clocks round: less is no loss
SLACK_SHARE = 0.02  # of the whole: some containers count time in coarse ticks
AGREEMENT_S = 0.1  # two clocks of one file may differ by what encoders pad
WINDOW_SLACK_S = 0.5  # a window may end earlier, where damage took the last packets
# Recorders that cannot seek back leave such lengths in a header they never finish.
MAX_PCM_BYTES = 2**31 - 2**16


def expected_duration_s(
    claim_s: float | None, codec: str, bitrate: int, duration_s: float, skipped_s: float = 0.0
) -> float | None:
    """Return the duration of the complete audio by its header, s.

    None where nothing is missing, or where the header's value is not a measured one.

    Parameters
    ----------
    claim_s : duration in the header
    codec, bitrate (kbit/s), duration_s : as measured
    skipped_s : time that the stream's clock jumps over. It is a gap, however short, where the header counts
        it in; otherwise another stream is chained on.
    """
    if claim_s is not None and skipped_s and abs(claim_s - duration_s - skipped_s) < AGREEMENT_S:
        return claim_s
    if claim_s is None or claim_s <= duration_s + max(SLACK_S, SLACK_SHARE * claim_s):
        return None
    if codec.startswith("pcm") and claim_s * bitrate * 125 > MAX_PCM_BYTES:
        return None
    return claim_s


def present_fraction(opened: FileOpened) -> float | None:
    """Return the fraction of the expected duration that a file has, 0..1; None where nothing is missing."""
    return None if opened.expected_duration_s is None else opened.duration_s / opened.expected_duration_s


def decoded_fraction(opened: FileOpened, decoded: Iterable[Window], missing_s: float = 0.0) -> float | None:
    """Return the fraction of the audio that could be decoded, 0..1; None where nothing is missing.

    The decoded fraction of the planned windows, times the fraction of the expected duration that is present.

    Parameters
    ----------
    opened : what was planned
    decoded : the windows that were extracted
    missing_s : total of the gaps within them
    """
    planned_s = sum(window.end_s - window.start_s for window in opened.windows)
    decoded_s = max(0.0, sum(window.end_s - window.start_s for window in decoded) - missing_s)
    share = decoded_s / planned_s if planned_s - decoded_s > WINDOW_SLACK_S else None
    present = present_fraction(opened)
    return share if present is None else present if share is None else share * present
