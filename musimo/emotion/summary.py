"""Summarize the windows of a track."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musimo.records import Emotion, FloatArray, Window, WindowEmotion, WindowPrediction


def summarize(windows: Sequence[tuple[Window, WindowPrediction]]) -> Emotion:
    """Return the emotion of a track: means and population SDs over its windows; see `Emotion`.

    Raises
    ------
    ValueError : there is no window
    """
    if not windows:
        raise ValueError("a track without a window has no emotion")
    windows = sorted(windows, key=lambda pair: pair[0].start_s)
    ratings = np.array([(prediction.valence, prediction.arousal) for _, prediction in windows])
    (valence, arousal), (valence_sd, arousal_sd) = ratings.mean(axis=0), ratings.std(axis=0)
    embedding = np.mean([prediction.embedding for _, prediction in windows], axis=0, dtype=np.float64)
    length = float(np.linalg.norm(embedding)) or 1.0  # zeros stay zeros
    fused = np.mean([prediction.fused for _, prediction in windows], axis=0, dtype=np.float64)
    tags = np.mean([prediction.tags for _, prediction in windows], axis=0, dtype=np.float64)
    return Emotion(
        float(valence),
        float(arousal),
        float(valence_sd),
        float(arousal_sd),
        np.asarray(embedding / length, dtype=np.float32),
        np.asarray(fused, dtype=np.float32),
        tuple(
            WindowEmotion(window, prediction.valence, prediction.arousal) for window, prediction in windows
        ),
        np.asarray(tags, dtype=np.float32),
    )


def mean_statistics(windows: Sequence[FloatArray]) -> FloatArray:
    """Return the mean over windows of `clip_statistics` [shape=(579,)]."""
    return np.asarray(np.mean(windows, axis=0, dtype=np.float64), np.float32)
