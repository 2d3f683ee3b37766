"""Whether a sound is all there: what its header counts against what came, and what of that was heard."""

from __future__ import annotations

from collections.abc import Iterable

from musimo.records import FileOpened, Window

SLACK_S = 1.0  # encoders pad, players trim, and clocks round: less is no loss
SLACK_SHARE = 0.02  # of the whole: some containers keep time in coarse ticks
AGREEMENT_S = 0.1  # two clocks of one file may differ by what encoders pad
WINDOW_SLACK_S = 0.5  # a window may end earlier, where damage took the last packets of a sound
MAX_PCM_BYTES = (
    2**31 - 2**16
)  # recorders that cannot go back leave such lengths in a header they never finish


def promised_s(
    claim_s: float | None, codec: str, bitrate: int, duration_s: float, skipped_s: float = 0.0
) -> float | None:
    """Length of the whole sound by its header, s; None where nothing is lacking, or the claim is no count.

    Parameters
    ----------
    claim_s : what the header says
    codec, bitrate (kbit/s), duration_s : what was measured
    skipped_s : time that the stream's clock jumped over; where the claim counts it in, it is a hole however
        short it is, and else another stream chained on
    """
    if claim_s is not None and skipped_s and abs(claim_s - duration_s - skipped_s) < AGREEMENT_S:
        return claim_s
    if claim_s is None or claim_s <= duration_s + max(SLACK_S, SLACK_SHARE * claim_s):
        return None
    if codec.startswith("pcm") and claim_s * bitrate * 125 > MAX_PCM_BYTES:
        return None
    return claim_s


def partial_share(opened: FileOpened, heard: Iterable[Window], lacking_s: float = 0.0) -> float | None:
    """Share of a sound that could be heard, 0..1; None for a whole one.

    The share of the planned windows that could be decoded, of the share of the sound that is there.

    Parameters
    ----------
    opened : what was planned
    heard : the windows that were heard
    lacking_s : holes in them, together
    """
    planned_s = sum(window.end_s - window.start_s for window in opened.windows)
    heard_s = max(0.0, sum(window.end_s - window.start_s for window in heard) - lacking_s)
    lacking = planned_s - heard_s > WINDOW_SLACK_S
    if not lacking and opened.promised_s is None:
        return None
    share = heard_s / planned_s if lacking else 1.0
    return share if opened.promised_s is None else share * opened.duration_s / opened.promised_s
