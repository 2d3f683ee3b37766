"""Bandwidth of clips: whether it alone predicts labels, which it should not.

Files of one data set often have different sampling rates or codecs. If these depend on the labels, a network
may learn them in place of the music.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musimo.audio.features import PARAMETERS
from musimo.records import FloatArray
from musimo.training.metrics import Column

DEPTH_DB = 65.0  # below the strongest band; low-pass filters go deeper, music of full bandwidth rarely does
PERCENTILE = 95  # of the levels over time: not the click at the start of an excerpt, not the pauses


def bandwidth(features: FloatArray) -> int:
    """Return the number of mel bands up to the highest one with energy.

    A band has energy if its level, exceeded in 5 % of the frames, is at most `DEPTH_DB` below that of the
    strongest band.

    Parameters
    ----------
    features : of a clip; the first columns are log-mel [shape=(n_frames, 193)]
    """
    levels = np.percentile(features[:, : PARAMETERS.n_mels], PERCENTILE, axis=0)
    return int(np.flatnonzero(levels >= levels.max() - DEPTH_DB)[-1]) + 1


def bandwidths(features: Sequence[FloatArray]) -> Column:
    """Return the bandwidth of each clip [shape=(n,)]."""
    return np.array([bandwidth(clip) for clip in features], dtype=np.float64)
