"""Tempo and key of a track, estimated from its windows together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from musimo.audio import key, tempo
from musimo.audio.features import FEATURE_ID
from musimo.records import ExtractedWindow, TempoKey


def tempo_key_id() -> str:
    """Return an id of all parameters that tempo and key depend on."""
    parameters = [FEATURE_ID, asdict(tempo.PARAMETERS), asdict(key.PARAMETERS)]
    return f"tempokey-{blake2b(json.dumps(parameters, sort_keys=True).encode(), digest_size=4).hexdigest()}"


TEMPO_KEY_ID = tempo_key_id()
"""Stored with every estimate of these parameters."""


@dataclass(frozen=True, slots=True)
class TempoKeyFeatures:
    """What is kept of a window until all windows of its track are extracted.

    Parameters
    ----------
    n_frames : decoded frames, the weight of the window
    onset_autocorrelation : see :func:`musimo.audio.tempo.onset_autocorrelation`
    mean_chroma : see :func:`musimo.audio.key.mean_chroma`
    """

    n_frames: int
    onset_autocorrelation: NDArray[np.float64]
    mean_chroma: NDArray[np.float64]


def tempo_key_features(window: ExtractedWindow) -> TempoKeyFeatures:
    """Compute the tempo and key features of one window.

    Of a window shorter than 45 s, which is repeated to that length, only the first repetition is used.
    """
    decoded_s = window.window.end_s - window.window.start_s - window.missing_s
    n_frames = min(len(window.features), max(1, round(decoded_s * tempo.FRAMES_PER_S)))
    features = window.features[:n_frames]
    return TempoKeyFeatures(n_frames, tempo.onset_autocorrelation(features), key.mean_chroma(features))


def estimate_tempo_key(windows: Sequence[TempoKeyFeatures]) -> TempoKey:
    """Estimate tempo and key of a track from its windows, at least one, weighted by their decoded frames."""
    weights = [window.n_frames for window in windows]
    autocorrelation = np.average([w.onset_autocorrelation for w in windows], axis=0, weights=weights)
    chroma = np.average([w.mean_chroma for w in windows], axis=0, weights=weights)
    return TempoKey(*tempo.estimate_tempo(autocorrelation), *key.estimate_key(chroma))
