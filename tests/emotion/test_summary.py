"""From windows to a track, on paper."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from musimo.emotion.summary import summarize
from musimo.records import Window, WindowEmotion, WindowPrediction


def clip_emotion(valence: float, arousal: float, *embedding: float) -> WindowPrediction:
    fused = np.array([10 * number for number in embedding], dtype=np.float32)
    tags = np.array([valence, 0, arousal], dtype=np.float32)
    return WindowPrediction(valence, arousal, np.array(embedding, dtype=np.float32), fused, tags)


def test_summary_on_paper() -> None:
    first, second, third = Window(0, 45), Window(100, 145), Window(200, 245)
    emotion = summarize(
        [
            (second, clip_emotion(0.4, 0.6, 1, 3)),
            (first, clip_emotion(0.2, 0.6, 2, 4)),
            (third, clip_emotion(0.9, 0.6, 6, 5)),
        ]
    )
    assert emotion.valence == pytest.approx(0.5)
    assert emotion.arousal == pytest.approx(0.6)
    assert emotion.valence_sd == pytest.approx((0.26 / 3) ** 0.5)  # (.09 + .01 + .16) / 3
    assert emotion.arousal_sd == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(emotion.embedding, np.array([3, 4]) / 5, rtol=1e-6)
    assert emotion.fused.tolist() == [30, 40], "the mean, of whatever length"
    np.testing.assert_allclose(emotion.tags, [0.5, 0, 0.6], rtol=1e-6)
    assert emotion.embedding.dtype == emotion.fused.dtype == emotion.tags.dtype == np.float32
    assert emotion.windows == (
        WindowEmotion(first, 0.2, 0.6),
        WindowEmotion(second, 0.4, 0.6),
        WindowEmotion(third, 0.9, 0.6),
    )


def test_summary_of_one_window_has_no_spread() -> None:
    emotion = summarize([(Window(0, 30), clip_emotion(0.3, 0.7, 0, -2))])
    assert (emotion.valence_sd, emotion.arousal_sd) == (0, 0)
    assert emotion.embedding.tolist() == [0, -1]


def test_summary_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="without a window"):
        summarize([])


def test_summing_up_needs_no_torch() -> None:
    script = "import sys, musimo.emotion.summary; print('torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
