"""Extract: from the path of a track to the features of its windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from musimo.audio.completeness import UNKNOWN_SHARE
from musimo.audio.decode import SAMPLE_RATE, AudioDecoder, old_content, open_audio
from musimo.audio.decoded_fraction import expected_duration_s
from musimo.audio.features import compute_features, repeated_features
from musimo.audio.mixdown import DecodedWindow
from musimo.audio.paths import AnyPath
from musimo.audio.silence import MAX_SILENT_FRACTION, silent_fraction
from musimo.audio.statistics import clip_statistics
from musimo.audio.tags import read_tags
from musimo.audio.windows import MAX_WINDOWS, WINDOW_S, plan_windows
from musimo.errors import AudioError
from musimo.records import ExtractedWindow, FileOpened, SlidingPlan, Tags, Window, WindowPlan

MIN_AUDIO_S = 0.1  # less is a click; one frame of the spectrum alone is 0.093 s long
MAX_AUDIO_S = 7 * 86_400.0  # a week; longer ones are damaged clocks, and files made to keep a decoder busy
MAX_SEARCHED = 160  # windows searched for music, two hours; of more silence, every second, third, ... one
SEGMENT_S = 300.0  # 26 MB of samples: overlapping windows are cut from segments of this length


def extract_windows(
    path: AnyPath, plan: WindowPlan, wanted: Callable[[bytes], bool], *, with_old_hash: bool = False
) -> Iterator[FileOpened | ExtractedWindow]:
    """Open a file, describe it, and extract its windows one after the other.

    Parameters
    ----------
    path : of the file
    plan : which windows to extract
    wanted : called once with the content hash; if it returns False, nothing is decoded
    with_old_hash : also compute the content hash of the version before

    Yields
    ------
    `FileOpened` first, then an `ExtractedWindow` for each window that contains audio. Features are finite and
    always cover 45 s [shape=(1938, 193)]: shorter audio is repeated to that length. Where all three windows
    of the plan ``windows`` are silent, as of a song before minutes of silence and a hidden one, windows with
    music take their place, as far as there are any.

    Raises
    ------
    AudioError
        Stage ``read`` or ``decode``, at any step.
    """
    with open_audio(path) as decoder:
        if decoder.duration_s < MIN_AUDIO_S:
            raise AudioError("decode", f"it contains only {decoder.duration_s:.2f} s of audio")
        if decoder.duration_s > MAX_AUDIO_S:
            raise AudioError(
                "decode", f"it claims to contain {decoder.duration_s / 86_400:.0f} days of audio"
            )
        windows = plan_windows(decoder.duration_s, plan)
        if len(windows) > MAX_WINDOWS:
            raise AudioError(
                "read", f"it would take {len(windows)} windows; at most {MAX_WINDOWS} are analyzed"
            )
        tags = read_tags(path)
        claims_s = [claim_s for claim_s in (tags.duration_s, decoder.claimed_s) if claim_s is not None]
        expected_s = expected_duration_s(
            max(claims_s, default=None), decoder.codec, decoder.bitrate, decoder.duration_s, decoder.skipped_s
        )
        if expected_s is None and decoder.lacks_end:
            expected_s = decoder.duration_s / UNKNOWN_SHARE
        old = old_content(path, decoder) if with_old_hash else None
        yield FileOpened(
            _completed(tags, decoder), decoder.content, decoder.duration_s, windows, expected_s, old
        )
        if not wanted(decoder.content):
            return
        found_audio = False
        silent: list[ExtractedWindow] = []
        groups = (
            _overlapping(windows)
            if isinstance(plan, SlidingPlan | tuple)
            else [[window] for window in windows]
        )
        for window, decoded in _decode_groups(decoder, groups):
            extracted = _extract_window(window, decoded)
            if extracted is None:
                continue
            found_audio = True
            if plan == "windows" and _is_silent(extracted):
                silent.append(extracted)
            else:
                yield extracted
        yield from _replaced(decoder, silent) if len(silent) == len(windows) else silent
        if not found_audio:
            raise AudioError("decode", "no audio could be decoded")


def _overlapping(windows: Sequence[Window]) -> list[list[Window]]:
    """Group windows so that each group spans at most ``SEGMENT_S``, which is decoded once."""
    groups: list[list[Window]] = []
    for window in windows:
        if groups and window.end_s - groups[-1][0].start_s <= SEGMENT_S:
            groups[-1].append(window)
        else:
            groups.append([window])
    return groups


def _decode_groups(
    decoder: AudioDecoder, groups: Sequence[Sequence[Window]]
) -> Iterator[tuple[Window, DecodedWindow]]:
    """Decode each group as one segment; decode its windows one by one where the segment has gaps."""
    for group in groups:
        first = round(group[0].start_s * SAMPLE_RATE)
        segment = decoder.decode(Window(group[0].start_s, group[-1].end_s))
        for window in group:
            start, end = round(window.start_s * SAMPLE_RATE), round(window.end_s * SAMPLE_RATE)
            samples = segment.samples[start - first : end - first]
            if len(group) == 1:
                yield window, segment
            elif segment.missing_s or len(samples) < end - start:
                yield window, decoder.decode(window)
            else:
                yield window, DecodedWindow(samples)


def _extract_window(window: Window, decoded: DecodedWindow) -> ExtractedWindow | None:
    """Compute the features of a window; None where nothing could be decoded."""
    decoded_s = len(decoded.samples) / SAMPLE_RATE
    if decoded_s < MIN_AUDIO_S:
        return None
    n = round(WINDOW_S * SAMPLE_RATE)
    whole = len(decoded.samples) >= n
    features = compute_features(decoded.samples[:n]) if whole else repeated_features(decoded.samples, n)
    if not np.isfinite(features).all():
        raise AudioError("decode", "its samples are too large to be audio")
    end_s = min(window.end_s, window.start_s + decoded_s + decoded.missing_s)
    return ExtractedWindow(
        Window(window.start_s, end_s), features, clip_statistics(features), decoded.missing_s
    )


def _is_silent(window: ExtractedWindow) -> bool:
    return silent_fraction(window.features) > MAX_SILENT_FRACTION


def _replaced(decoder: AudioDecoder, silent: Sequence[ExtractedWindow]) -> Iterator[ExtractedWindow]:
    """Yield as many windows as are silent: the first ones that have music, as far as there are any."""
    n_left = len(silent)
    searched = plan_windows(decoder.duration_s, "full")
    for window in searched[:: 1 + len(searched) // MAX_SEARCHED]:
        if not n_left:
            break
        decoded = decoder.decode(window)
        if np.abs(decoded.samples).max(initial=0) > 0:
            extracted = _extract_window(window, decoded)
            if extracted is not None and not _is_silent(extracted):
                n_left -= 1
                yield extracted
    yield from silent[:n_left]


def _completed(tags: Tags, decoder: AudioDecoder) -> Tags:
    """Replace what the header claims by what the decoder measured."""
    return replace(
        tags,
        codec=decoder.codec,
        sample_rate=decoder.sample_rate,
        channels=decoder.channels,
        bitrate=decoder.bitrate,
        duration_s=tags.duration_s or decoder.duration_s,
    )
