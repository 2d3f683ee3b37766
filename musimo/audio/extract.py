"""One track in: from a path to the features of its windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from musimo.audio.decode import SAMPLE_RATE, Sound, open_sound
from musimo.audio.features import extract
from musimo.audio.files import AnyPath
from musimo.audio.mixdown import Stretch
from musimo.audio.statistics import clip_statistics
from musimo.audio.tags import read_tags
from musimo.audio.whole import promised_s
from musimo.audio.windows import MAX_WINDOWS, WINDOW_S, plan_windows, tile
from musimo.errors import AudioError
from musimo.records import ExtractedWindow, FileOpened, Sliding, Tags, Window, WindowPlan

MIN_SOUND_S = 0.1  # less is a click; and a frame of the spectrum alone is 0.093 s long
MAX_SOUND_S = 7 * 86_400.0  # a week; longer ones are damaged clocks, and files made to keep one busy
STRETCH_S = 300.0  # 26 MB of samples: what overlapping windows are cut from


def hear(
    path: AnyPath, plan: WindowPlan, wanted: Callable[[bytes], bool]
) -> Iterator[FileOpened | ExtractedWindow]:
    """Open a file, say what it is, and hear its windows one after the other.

    Parameters
    ----------
    path : of the file
    plan : what of it is heard
    wanted : asked once with the content hash; False ends the hearing before anything is decoded

    Yields
    ------
    ``FileOpened`` first, then an ``ExtractedWindow`` for each window that holds sound. Features are
    finite; those of 45 s are (1938, 193): a shorter stretch is repeated to that length.

    Raises
    ------
    AudioError
        ``read`` or ``decode``, at any step.
    """
    with open_sound(path) as sound:
        if sound.duration_s < MIN_SOUND_S:
            raise AudioError("decode", f"it holds only {sound.duration_s:.2f} s of sound")
        if sound.duration_s > MAX_SOUND_S:
            raise AudioError("decode", f"it claims to hold {sound.duration_s / 86_400:.0f} days of sound")
        windows = plan_windows(sound.duration_s, plan)
        if len(windows) > MAX_WINDOWS:
            raise AudioError("read", f"it would take {len(windows)} windows; at most {MAX_WINDOWS} are heard")
        tags = read_tags(path)
        promised = promised_s(tags.duration_s, sound.codec, sound.bitrate, sound.duration_s, sound.skipped_s)
        yield FileOpened(_completed(tags, sound), sound.content, sound.duration_s, windows, promised)
        if not wanted(sound.content):
            return
        heard = False
        groups = _overlapping(windows) if isinstance(plan, Sliding) else [[window] for window in windows]
        for window, stretch in _stretches(sound, groups):
            clip = _hear_window(window, stretch)
            if clip is not None:
                heard = True
                yield clip
        if not heard:
            raise AudioError("decode", "no sound could be decoded")


def _overlapping(windows: Sequence[Window]) -> list[list[Window]]:
    """Windows in groups: what a group spans is decoded once, and is short enough to be held."""
    groups: list[list[Window]] = []
    for window in windows:
        if groups and window.end_s - groups[-1][0].start_s <= STRETCH_S:
            groups[-1].append(window)
        else:
            groups.append([window])
    return groups


def _stretches(sound: Sound, groups: Sequence[Sequence[Window]]) -> Iterator[tuple[Window, Stretch]]:
    """What could be decoded of each window; where a group lacks some, its windows are decoded one by one."""
    for group in groups:
        first = round(group[0].start_s * SAMPLE_RATE)
        shared = sound.stretch(Window(group[0].start_s, group[-1].end_s))
        for window in group:
            start, end = round(window.start_s * SAMPLE_RATE), round(window.end_s * SAMPLE_RATE)
            samples = shared.samples[start - first : end - first]
            if len(group) == 1:
                yield window, shared
            elif shared.lacking_s or len(samples) < end - start:
                yield window, sound.stretch(window)
            else:
                yield window, Stretch(samples)


def _hear_window(window: Window, stretch: Stretch) -> ExtractedWindow | None:
    """The features of one window, or None where nothing could be decoded."""
    heard_s = len(stretch.samples) / SAMPLE_RATE
    if heard_s < MIN_SOUND_S:
        return None
    features = extract(tile(stretch.samples, round(WINDOW_S * SAMPLE_RATE)))
    if not np.isfinite(features).all():
        raise AudioError("decode", "its samples are too large to be sound")
    end_s = min(window.end_s, window.start_s + heard_s + stretch.lacking_s)
    return ExtractedWindow(
        Window(window.start_s, end_s), features, clip_statistics(features), stretch.lacking_s
    )


def _completed(tags: Tags, sound: Sound) -> Tags:
    """The tags with what the decoder measured in place of what the header claims."""
    return replace(
        tags,
        codec=sound.codec,
        sample_rate=sound.sample_rate,
        channels=sound.channels,
        bitrate=sound.bitrate,
        duration_s=tags.duration_s or sound.duration_s,
    )
