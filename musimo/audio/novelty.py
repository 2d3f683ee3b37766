"""Find where the music of a track changes: times of high novelty, and digital silence.

The novelty of a time is the distance between the mean of the audio in the seconds before it and in those
after it: the kernel of Foote ("Automatic audio segmentation using a measure of audio novelty", 2000) along
the diagonal of a matrix of squared distances, which equals the squared distance of the two means. At a cut
from one even part to another it has its maximum exactly there.

Blocks of 0.1 s are described by level and by flux in 32 bands of the log-mel spectrum. Of a long file only
the last seconds of blocks are kept, and three numbers a block.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from musimo.audio.features import PARAMETERS
from musimo.audio.silence import silent_frames
from musimo.records import DoubleArray, ExtractedWindow, SlidingPlan, Window

SURVEY_PLAN: Final = SlidingPlan(45.0, 44.5)
"""Windows to find changes in: all of the audio once, with an overlap that hides their edges."""

BLOCK_S = 0.1
FRAMES_PER_S = PARAMETERS.sample_rate / PARAMETERS.hop_length
EDGE_FRAMES = 2  # frames that reach beyond the edge of a window, where it is padded with zeros
BANDS = 32  # of four mel bands each
FLOOR_DB = (
    -40.0
)  # 80 dB below the loudest there can be: no window cuts off more, so windows join without steps
FLUX_WEIGHT = 4.0  # a decibel of flux a frame is a much greater change than one of level

KERNEL_S = 10.0  # on either side: some bars, so that the beats within them cancel
MIN_KERNEL_S = 3.0  # at the ends of a track, where there is less
PLACING_KERNEL_S = (
    5.0  # added to place a change: a long kernel is as high some seconds before a short section
)
SHORT_KERNEL_S = 1.5  # what a sudden change fills at once, and a fade does not
MIN_NOVELTY_DB = 6.0  # root mean square over the bands; noise and loops reach 1, chords that alternate 4.5
MIN_SHARPNESS = 0.5  # share of the change that happens within the short kernel
MIN_SECTION_S = 5.0  # the shortest window that is analyzed


@dataclass(frozen=True, slots=True)
class Changes:
    """What a track consists of.

    Parameters
    ----------
    times_s : where the music may change, in order, at least ``MIN_SECTION_S`` apart
    silences : parts of digital silence of at least that length, in order
    """

    times_s: tuple[float, ...]
    silences: tuple[Window, ...]


class ChangeFinder:
    """Find the changes of one track, from its windows by ``SURVEY_PLAN``, in order of time.

    Parameters
    ----------
    duration_s : of the track
    """

    def __init__(self, duration_s: float) -> None:
        self._duration_s = duration_s
        self._kernel = round(KERNEL_S / BLOCK_S)
        self._blocks: DoubleArray = np.empty((0, 2 * BANDS))  # the last ones
        self._first = 0  # number of the first of them
        self._silent: list[NDArray[np.bool_]] = []
        self._novelty: list[DoubleArray] = []  # at the start of each block
        self._placing: list[DoubleArray] = []
        self._sharp: list[DoubleArray] = []
        self._n_done = 0  # blocks whose novelty is known

    def add(self, window: ExtractedWindow) -> None:
        """Add the next window."""
        start_s, end_s = window.window.start_s, window.window.end_s
        n = min(len(window.features), max(1, round((end_s - start_s - window.missing_s) * FRAMES_PER_S)))
        features = window.features[:n]
        log_mel = np.maximum(features[:, : PARAMETERS.n_mels], FLOOR_DB)
        level = log_mel.reshape(n, BANDS, -1).mean(axis=2)
        flux = np.abs(np.diff(level, axis=0, prepend=level[:1]))
        values = np.concatenate([level, FLUX_WEIGHT * flux], axis=1)
        numbers = ((start_s + np.arange(n) / FRAMES_PER_S) / BLOCK_S).astype(np.int64)
        first, last = self._n_blocks, int(numbers[-1])
        if end_s < self._duration_s - BLOCK_S:
            last = int(numbers[max(0, n - 1 - EDGE_FRAMES)]) - 1  # the next window has all of the block after
        kept = (numbers >= first) & (numbers <= last)
        if not kept.any():
            return
        self._append(numbers[kept] - first, values[kept], silent_frames(features)[kept])
        self._measure(self._n_blocks - self._kernel)

    def finish(self) -> Changes:
        """Return the changes, once all windows are added."""
        self._measure(self._n_blocks)
        if not self._n_blocks:
            return Changes((), ())
        silences = self._silences(np.concatenate(self._silent))
        novelty, sharp = np.concatenate(self._novelty), np.concatenate(self._sharp)
        placing = novelty + np.concatenate(self._placing)
        around = round(MIN_SECTION_S / BLOCK_S)
        times_s = []
        for place in np.flatnonzero(novelty >= MIN_NOVELTY_DB):
            near = placing[max(0, place - around) : place + around + 1]
            is_first = int(np.argmax(near)) == min(place, around)
            time_s = float(place * BLOCK_S)
            if not is_first or sharp[place] < MIN_SHARPNESS * novelty[place]:
                continue
            if min(time_s, self._duration_s - time_s) < MIN_SECTION_S:
                continue
            if all(not one.start_s - MIN_SECTION_S < time_s < one.end_s + MIN_SECTION_S for one in silences):
                times_s.append(time_s)
        return Changes(tuple(times_s), silences)

    @property
    def _n_blocks(self) -> int:
        return self._first + len(self._blocks)

    def _append(self, numbers: NDArray[np.int64], values: DoubleArray, silent: NDArray[np.bool_]) -> None:
        """Append blocks, the means of their frames; a block without a frame is as the one before it."""
        n = int(numbers[-1]) + 1
        counts = np.bincount(numbers, minlength=n)
        sums = np.zeros((n, values.shape[1]))
        np.add.at(sums, numbers, values)
        present = np.flatnonzero(counts)
        source = present[np.maximum(np.searchsorted(present, np.arange(n), side="right") - 1, 0)]
        self._blocks = np.concatenate([self._blocks, (sums[source].T / counts[source]).T])
        self._silent.append((np.bincount(numbers, silent, n) / np.maximum(counts, 1))[source] == 1)

    def _measure(self, end: int) -> None:
        """Measure the novelty before blocks up to ``end``, and drop those that are no longer needed."""
        numbers = np.arange(self._n_done, max(self._n_done, end))
        totals = np.concatenate([np.zeros((1, 2 * BANDS)), np.cumsum(self._blocks, axis=0)])
        self._novelty.append(self._distance(totals, numbers, self._kernel))
        self._placing.append(self._distance(totals, numbers, round(PLACING_KERNEL_S / BLOCK_S)))
        self._sharp.append(self._distance(totals, numbers, round(SHORT_KERNEL_S / BLOCK_S)))
        self._n_done += len(numbers)
        outdated = max(0, self._n_done - self._kernel - self._first)
        self._blocks, self._first = self._blocks[outdated:], self._first + outdated

    def _distance(self, totals: DoubleArray, numbers: NDArray[np.int64], kernel: int) -> DoubleArray:
        """Return the distances between the means of the blocks before and after each of ``numbers``."""
        width = np.minimum(np.minimum(kernel, numbers), self._n_blocks - numbers)
        measured = width >= min(kernel, round(MIN_KERNEL_S / BLOCK_S))
        at, width = (numbers - self._first)[measured], width[measured]
        change = (totals[at + width] - 2 * totals[at] + totals[at - width]) / width[:, None]
        distances = np.zeros(len(numbers))
        distances[measured] = np.sqrt((change**2).sum(axis=1) / BANDS)
        return distances

    def _silences(self, silent: NDArray[np.bool_]) -> tuple[Window, ...]:
        """Return the long runs of silent blocks."""
        edges = np.flatnonzero(np.diff(np.concatenate([[False], silent, [False]]).astype(np.int8)))
        n_min = round(MIN_SECTION_S / BLOCK_S)
        return tuple(
            Window(start * BLOCK_S, self._duration_s if end == len(silent) else end * BLOCK_S)
            for start, end in edges.reshape(-1, 2).tolist()
            if end - start >= n_min
        )
