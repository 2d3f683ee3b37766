"""Digital silence: audio below the level of any music, which has no mood."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from musimo.audio.features import PARAMETERS
from musimo.records import FloatArray

SILENCE_DB = -60.0
"""Of the loudest mel band of a frame: white noise at -78 dBFS, a sine at -100 dBFS.

The dither of 16 bits lies at -75 dB, silence that a lossy encoder has been through lower; the noise of tape,
vinyl and microphones, and the softest music over it, at -50 dB and above.
"""

MAX_SILENT_FRACTION = 0.25  # of a window that counts: more of it moves the mean of the features, and the mood


def silent_frames(features: FloatArray) -> NDArray[np.bool_]:
    """Return which frames are silent [shape=(n_frames,)].

    Values of a frame stop falling 80 dB below the loudest of its window, so a frame that lies there in every
    band is silent, too.

    Parameters
    ----------
    features : [shape=(n_frames, 193)], as of :func:`musimo.audio.features.compute_features`
    """
    log_mel = features[:, : PARAMETERS.n_mels]
    quiet = max(SILENCE_DB, float(log_mel.min()))
    return np.asarray(log_mel.max(axis=1) <= quiet)


def silent_fraction(features: FloatArray) -> float:
    """Return the fraction of the frames of a window that are silent, 0..1."""
    return float(silent_frames(features).mean())
