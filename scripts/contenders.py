"""What a scan of one track is measured against, each in a process of its own.

    python -m scripts.contenders NAME

reads a path a line and answers each with a line of JSON: CPU seconds by stage, or null where the file cannot
be heard. Its first line is the name and version, or null where it is not installed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from musimo import __version__
from musimo.audio.features import SAMPLE_RATE
from musimo.audio.windows import WINDOW_S, plan_windows

Stages = dict[str, float]
Hear = Callable[[str], Stages]


class Clock:
    """CPU seconds of this process, all threads together, put down to one stage after another."""

    def __init__(self) -> None:
        self.stages: Stages = {}
        self._since = time.process_time()

    def spend(self, stage: str) -> None:
        """What passed since the last call, or the beginning, was for ``stage``."""
        now = time.process_time()
        self.stages[stage] = self.stages.get(stage, 0.0) + now - self._since
        self._since = now


def musimo() -> tuple[str, Hear]:
    """The stages of a scan, but for walking and writing."""
    from musimo.audio.decode import open_audio
    from musimo.audio.features import compute_features
    from musimo.audio.statistics import clip_statistics
    from musimo.audio.tags import read_tags
    from musimo.emotion.predictor import Predictor
    from musimo.resources import weights_path

    predictor = Predictor.load(weights_path(), "cpu")

    def hear(path: str) -> Stages:
        clock = Clock()
        read_tags(path)
        clock.spend("tags")
        clips = []
        with open_audio(path) as sound:
            clock.spend("survey")
            for window in plan_windows(sound.duration_s, "windows"):
                samples = sound.samples(window)
                clock.spend("decode")
                clips.append(compute_features(samples))
                clip_statistics(clips[-1])
                clock.spend("features")
        predictor.predict([clips])
        clock.spend("network")
        return clock.stages

    return f"musimo {__version__}", hear


def decode() -> tuple[str, Hear]:
    """The same windows, sought, decoded, mixed and resampled as PyAV's documentation does it."""
    import av

    def hear(path: str) -> Stages:
        clock = Clock()
        with av.open(path, metadata_errors="ignore") as container:
            stream = container.streams.audio[0]
            stream.codec_context.thread_count = 1
            duration_s = float((container.duration or 0) / av.time_base)
            for window in plan_windows(duration_s, "windows"):
                container.seek(int(window.start_s / (stream.time_base or 1)), stream=stream)
                resampler = av.AudioResampler("flt", "mono", SAMPLE_RATE, 65_536)
                missing = round(WINDOW_S * SAMPLE_RATE)
                for frame in container.decode(stream):
                    missing -= sum(part.samples for part in resampler.resample(frame))
                    if missing <= 0:
                        break
        clock.spend("decode")
        return clock.stages

    return f"PyAV {av.__version__}", hear


def bliss() -> tuple[str, Hear]:
    """The Rust peer, which decodes whole files: pip install bliss-audio."""
    song: Any = import_module("bliss_audio").Song

    def hear(path: str) -> Stages:
        clock = Clock()
        song(path)
        clock.spend("whole file")
        return clock.stages

    return f"bliss-audio {version('bliss-audio')}", hear


def vibenet() -> tuple[str, Hear]:
    """The distilled EfficientNet, which decodes whole files: pip install vibenet."""
    model: Any = import_module("vibenet").load_model()

    def hear(path: str) -> Stages:
        clock = Clock()
        model.predict(path)
        clock.spend("whole file")
        return clock.stages

    return f"VibeNet {version('vibenet')}", hear


def librosa() -> tuple[str, Hear]:
    """The same 193 features of the same windows, by the calls that tutorials show."""
    import librosa as l

    def hear(path: str) -> Stages:
        clock = Clock()
        for window in plan_windows(l.get_duration(path=path), "windows"):
            y, sr = l.load(path, sr=SAMPLE_RATE, offset=window.start_s, duration=WINDOW_S)
            clock.spend("decode")
            l.power_to_db(l.feature.melspectrogram(y=y, sr=sr))
            l.feature.mfcc(y=y, sr=sr, n_mfcc=40)
            l.feature.chroma_stft(y=y, sr=sr)
            l.feature.spectral_contrast(y=y, sr=sr)
            l.feature.tonnetz(y=l.effects.harmonic(y), sr=sr)
            clock.spend("features")
        return clock.stages

    l.feature.tonnetz(y=np.zeros(SAMPLE_RATE, np.float32), sr=SAMPLE_RATE)  # numba compiles at the first call
    return f"librosa {version('librosa')}", hear


CONTENDERS: dict[str, Callable[[], tuple[str, Hear]]] = {
    "musimo": musimo,
    "decode": decode,
    "bliss": bliss,
    "vibenet": vibenet,
    "librosa": librosa,
}


def answers(name: str, paths: Iterator[str]) -> Iterator[object]:
    """What the process prints, line by line."""
    try:
        title, hear = CONTENDERS[name]()
    except ImportError:
        yield None
        return
    yield title
    for path in paths:
        try:
            yield hear(path)
        except Exception as error:  # a peer's own; the file is left out for all
            print(f"{name}: {path}: {error}", file=sys.stderr)
            yield None


if __name__ == "__main__":
    with threadpool_limits(1):  # as a scan's workers have it
        for answer in answers(sys.argv[1], (line.rstrip("\n") for line in sys.stdin)):
            print(json.dumps(answer), flush=True)
