"""Freeze the predictions of the weights that ship: run after replacing them, and check what changes.

python tests/emotion/make_golden.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from musimo.audio.features import FEATURE_ID, SAMPLE_RATE, compute_features
from musimo.emotion.predictor import Predictor
from musimo.records import FloatArray
from musimo.resources import weights_path

GOLDEN = Path(__file__).with_name("golden.npz")


def sounds() -> list[FloatArray]:
    """Return a loud major chord with a pulse, and a soft minor one that fades."""
    t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    major, minor = (
        sum(np.sin(2 * np.pi * 220 * 2 ** (n / 12) * t) for n in chord) for chord in ((0, 4, 7), (0, 3, 7))
    )
    pulse = 0.3 * major * (np.sin(2 * np.pi * 8 * t) > 0)
    fade = 0.02 * minor * np.exp(-3 * t)
    return [np.asarray(sound, dtype=np.float32) for sound in (pulse, fade)]


def main() -> None:
    """Write features and predictions."""
    features = np.stack([compute_features(sound) for sound in sounds()])
    predictor = Predictor.load(weights_path(), "cpu")
    felt = [clip for [clip] in predictor.predict([[clip] for clip in features])]
    np.savez_compressed(
        GOLDEN,
        model_id=predictor.model_id,
        feature_id=FEATURE_ID,
        features=features,
        ratings=[(clip.valence, clip.arousal) for clip in felt],
        embeddings=[clip.embedding for clip in felt],
        fused=[clip.fused for clip in felt],
    )


if __name__ == "__main__":
    main()
