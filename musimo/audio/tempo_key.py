"""Tempo and key of a sound, told by its clips together."""

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


def maker_id() -> str:
    """A name for all the numbers that tempo and key depend on."""
    definitions = [FEATURE_ID, asdict(tempo.DEFINITION), asdict(key.DEFINITION)]
    return f"tempokey-{blake2b(json.dumps(definitions, sort_keys=True).encode(), digest_size=4).hexdigest()}"


MAKER = maker_id()
"""Stored with whatever is told by these numbers."""


@dataclass(frozen=True, slots=True)
class ClipPulse:
    """What is kept of a clip until all are heard.

    Parameters
    ----------
    n_frames : that were heard, how much the clip weighs
    pulse : see :func:`musimo.audio.tempo.pulse`
    pitch_classes : see :func:`musimo.audio.key.pitch_classes`
    """

    n_frames: int
    pulse: NDArray[np.float64]
    pitch_classes: NDArray[np.float64]


def listen(clip: ExtractedWindow) -> ClipPulse:
    """What one clip tells; a short one, which is repeated to 45 s, only by what was really heard."""
    heard_s = clip.window.end_s - clip.window.start_s - clip.lacking_s
    n_frames = min(len(clip.features), max(1, round(heard_s * tempo.FRAMES_PER_S)))
    features = clip.features[:n_frames]
    return ClipPulse(n_frames, tempo.pulse(features), key.pitch_classes(features))


def tell(clips: Sequence[ClipPulse]) -> TempoKey:
    """Tempo and key of a sound by its clips, of which there is at least one."""
    weights = [clip.n_frames for clip in clips]
    beat = tempo.tell_tempo(np.average([clip.pulse for clip in clips], axis=0, weights=weights))
    tonality = key.tell_key(np.average([clip.pitch_classes for clip in clips], axis=0, weights=weights))
    return TempoKey(*beat, *tonality)
