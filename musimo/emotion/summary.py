"""From the windows of a track to the track. Apart from the analyzer, so that summing up needs no torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musimo.records import Emotion, FloatArray, Window, WindowEmotion, WindowPrediction


def summarize(windows: Sequence[tuple[Window, WindowPrediction]]) -> Emotion:
    """Emotion of a track from that of its windows: means, population SDs, mean embedding at unit length,
    mean fused values.

    Raises
    ------
    ValueError : no window
    """
    if not windows:
        raise ValueError("a track without a window has no emotion")
    windows = sorted(windows, key=lambda pair: pair[0].start_s)
    ratings = np.array([(clip.valence, clip.arousal) for _, clip in windows])
    (valence, arousal), (valence_sd, arousal_sd) = ratings.mean(axis=0), ratings.std(axis=0)
    embedding = np.mean([clip.embedding for _, clip in windows], axis=0, dtype=np.float64)
    length = float(np.linalg.norm(embedding)) or 1.0  # all zero stays all zero
    fused = np.mean([clip.fused for _, clip in windows], axis=0, dtype=np.float64)
    return Emotion(
        float(valence),
        float(arousal),
        float(valence_sd),
        float(arousal_sd),
        np.asarray(embedding / length, dtype=np.float32),
        np.asarray(fused, dtype=np.float32),
        tuple(WindowEmotion(window, clip.valence, clip.arousal) for window, clip in windows),
    )


def mean_statistics(windows: Sequence[FloatArray]) -> FloatArray:
    """Statistics of a track from those of its windows, (579,): their mean."""
    return np.asarray(np.mean(windows, axis=0, dtype=np.float64), np.float32)
