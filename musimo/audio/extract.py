"""Extract: from the path of a track to the features of its windows."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace

import numpy as np

from musimo.audio.completeness import UNKNOWN_SHARE
from musimo.audio.cue_sheet import with_sheet
from musimo.audio.decode import SAMPLE_RATE, AudioDecoder, old_content, open_audio
from musimo.audio.decoded_fraction import expected_duration_s
from musimo.audio.features import compute_features, repeated_features
from musimo.audio.loudness import loudness, network_input
from musimo.audio.mixdown import DecodedWindow
from musimo.audio.paths import AnyPath
from musimo.audio.sheet_tracks import SheetTrackDecoder, sheet_tracks
from musimo.audio.silence import MAX_SILENT_FRACTION, silent_fraction
from musimo.audio.statistics import clip_statistics
from musimo.audio.tags import read_file_tags
from musimo.audio.windows import MAX_WINDOWS, WINDOW_S, plan_windows
from musimo.errors import AudioError
from musimo.records import CueSheet, ExtractedWindow, FileOpened, SlidingPlan, Tags, Window, WindowPlan

MIN_AUDIO_S = 0.1  # less is a click; one frame of the spectrum alone is 0.093 s long
MAX_AUDIO_S = 7 * 86_400.0  # a week; longer ones are damaged clocks, and files made to keep a decoder busy
MAX_SEARCHED = 160  # windows searched for music, two hours; of more silence, every second, third, ... one
SEGMENT_S = 300.0  # 26 MB of samples: overlapping windows are cut from segments of this length


def extract_windows(
    path: AnyPath,
    plan: WindowPlan,
    wanted: Callable[[bytes], bool],
    *,
    with_old_hash: bool = False,
    sheet: CueSheet | None = (),
) -> Iterator[FileOpened | ExtractedWindow]:
    """Open a file, describe it, and extract its windows one after the other.

    Parameters
    ----------
    path : of the file
    plan : which windows to extract
    wanted : called once with each content hash; if it returns False, nothing is decoded
    with_old_hash : also compute the content hash of the version before
    sheet : tracks to extract in place of the whole file; empty for those of the sheet inside the file, if
        there is one; None for the whole file

    Yields
    ------
    `FileOpened` first, then an `ExtractedWindow` for each window that contains audio; the same again for each
    further track of a sheet, which has no window where nothing could be decoded. Features are finite and
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
        found = read_file_tags(path)
        tracks = [] if sheet is None else sheet_tracks(decoder, sheet or found.sheet, MIN_AUDIO_S)
        if not tracks:
            old = old_content(path, decoder) if with_old_hash else None
            n_windows = yield from _extract(decoder, plan, wanted, found.tags, old)
            if n_windows == 0:
                raise AudioError("decode", "no audio could be decoded")
        for track in tracks:
            track.expect(_claimed_s(found.tags, decoder))
            yield from _extract(track, plan, wanted, with_sheet(found.tags, track.track))


def _extract(
    decoder: AudioDecoder,
    plan: WindowPlan,
    wanted: Callable[[bytes], bool],
    tags: Tags,
    old: bytes | None = None,
) -> Generator[FileOpened | ExtractedWindow, None, int | None]:
    """Extract a file or a track in it; return how many windows contain audio, None where none is wanted."""
    windows = plan_windows(decoder.duration_s, plan)
    if len(windows) > MAX_WINDOWS:
        raise AudioError("read", f"it would take {len(windows)} windows; at most {MAX_WINDOWS} are analyzed")
    expected_s = expected_duration_s(
        _claimed_s(tags, decoder), decoder.codec, decoder.bitrate, decoder.duration_s, decoder.skipped_s
    )
    if expected_s is None and decoder.lacks_end:
        expected_s = decoder.duration_s / UNKNOWN_SHARE
    opened = FileOpened(
        _completed(tags, decoder), decoder.content, decoder.duration_s, windows, expected_s, old
    )
    if isinstance(decoder, SheetTrackDecoder):
        opened = replace(opened, start_s=decoder.start_s, end_s=decoder.end_s, whole=decoder.whole)
    yield opened
    if not wanted(decoder.content):
        return None
    if plan == "windows":
        extracted = _extract_spread(decoder, windows)
        track_lufs = loudness([window.features for window in extracted])
        yield from (_relative(window, track_lufs) for window in extracted)
        return len(extracted)
    spread = _extract_spread(decoder, plan_windows(decoder.duration_s, "windows"))
    track_lufs, n_found = loudness([window.features for window in spread]), 0
    groups = (
        _overlapping(windows) if isinstance(plan, SlidingPlan | tuple) else [[window] for window in windows]
    )
    for window, decoded in _decode_groups(decoder, groups):
        found = _extract_window(window, decoded)
        if found is not None:
            n_found += 1
            yield _relative(found, track_lufs)
    return n_found


def _extract_spread(decoder: AudioDecoder, windows: Sequence[Window]) -> list[ExtractedWindow]:
    """Extract the windows of the plan ``windows``; silent ones last, or replaced if all of them are silent.

    They also define the loudness of the track, whatever windows are asked for.
    """
    decoded = _decode_groups(decoder, [[window] for window in windows])
    extracted = [found for found in (_extract_window(*each) for each in decoded) if found is not None]
    silent = [window for window in extracted if _is_silent(window)]
    if len(silent) == len(windows):
        return list(_replaced(decoder, silent))
    return [window for window in extracted if not _is_silent(window)] + silent


def _relative(window: ExtractedWindow, track_lufs: float) -> ExtractedWindow:
    """Return the window with the loudness of its track, and statistics relative to it."""
    relative = replace(window, track_lufs=track_lufs)
    return replace(relative, statistics=clip_statistics(network_input(relative)))


def _claimed_s(tags: Tags, decoder: AudioDecoder) -> float | None:
    """Return the duration of the complete audio as headers state it, s; None where they do not."""
    return max((one for one in (tags.duration_s, decoder.claimed_s) if one is not None), default=None)


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
    """Compute the features of a window, not yet relative; None where nothing could be decoded."""
    decoded_s = len(decoded.samples) / SAMPLE_RATE
    if decoded_s < MIN_AUDIO_S:
        return None
    n = round(WINDOW_S * SAMPLE_RATE)
    whole = len(decoded.samples) >= n
    features = compute_features(decoded.samples[:n]) if whole else repeated_features(decoded.samples, n)
    if not np.isfinite(features).all():
        raise AudioError("decode", "its samples are too large to be audio")
    end_s = min(window.end_s, window.start_s + decoded_s + decoded.missing_s)
    no_statistics = np.empty(0, np.float32)  # they depend on the loudness of the track
    return ExtractedWindow(Window(window.start_s, end_s), features, no_statistics, -np.inf, decoded.missing_s)


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
