"""Write tests/golden/: features of synthetic signals, computed by librosa.

Run it when the definition of the features changes, or to compare with another librosa release:

    python scripts/make_golden.py [FOLDER]
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

from musimo.audio.features import FEATURE_ID, SAMPLE_RATE, reference_features
from musimo.records import FloatArray

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "golden"
SECONDS = 3.0


def golden_sounds() -> dict[str, FloatArray]:
    """Return the signals by name, float32 at 22,050 Hz [shape=(n,)]."""
    t = np.arange(round(SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    drawn = np.random.default_rng(193).standard_normal(len(t))
    click = np.zeros(len(t))
    click[len(t) // 2] = 1.0
    c_major = sum(np.sin(2 * np.pi * hz * t) for hz in (261.626, 329.628, 391.995))
    sounds = {
        "sine": 0.5 * np.sin(2 * np.pi * 440 * t) + 1e-3 * drawn,
        "chord": 0.2 * c_major + 1e-3 * drawn,
        "click": click,
        "noise": 0.1 * drawn,
        "silence": np.zeros(len(t)),
    }
    return {name: np.asarray(samples, np.float32) for name, samples in sounds.items()}


def main(folder: Path) -> None:
    """Write one file per signal: its features, their id, and the librosa release."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, samples in golden_sounds().items():
        np.savez_compressed(
            folder / f"{name}.npz",
            features=reference_features(samples),
            feature_id=FEATURE_ID,
            librosa=version("librosa"),
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else GOLDEN)
