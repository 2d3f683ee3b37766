"""Contenders of the benchmark: analyzers that are compared with a scan, each in a process of its own.

    python -m scripts.contenders NAME

reads one path per line and answers each with a line of JSON: CPU seconds by stage, or null if the file cannot
be analyzed. Its first line is the name and version, or null if it is not installed.
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
Measure = Callable[[str], Stages]


class Clock:
    """CPU time of this process, all threads included, by stage."""

    def __init__(self) -> None:
        self.stages: Stages = {}
        self._since = time.process_time()

    def spend(self, stage: str) -> None:
        """Add the time since the last call, or the start, to ``stage``."""
        now = time.process_time()
        self.stages[stage] = self.stages.get(stage, 0.0) + now - self._since
        self._since = now


def musimo() -> tuple[str, Measure]:
    """Analyze as a scan does, without walking and writing."""
    from musimo.audio.decode import open_audio
    from musimo.audio.features import compute_features
    from musimo.audio.statistics import clip_statistics
    from musimo.audio.tags import read_tags
    from musimo.emotion.predictor import Predictor
    from musimo.resources import weights_path

    predictor = Predictor.load(weights_path(), "cpu")

    def measure(path: str) -> Stages:
        clock = Clock()
        read_tags(path)
        clock.spend("tags")
        clips = []
        with open_audio(path) as audio:
            clock.spend("survey")
            for window in plan_windows(audio.duration_s, "windows"):
                samples = audio.samples(window)
                clock.spend("decode")
                clips.append(compute_features(samples))
                clip_statistics(clips[-1])
                clock.spend("features")
        predictor.predict([clips])
        clock.spend("network")
        return clock.stages

    return f"musimo {__version__}", measure


def decode() -> tuple[str, Measure]:
    """Seek, decode, mix and resample the same windows as in PyAV's documentation."""
    import av

    def measure(path: str) -> Stages:
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

    return f"PyAV {av.__version__}", measure


def bliss() -> tuple[str, Measure]:
    """Analyze the whole file with bliss, written in Rust: pip install bliss-audio."""
    song: Any = import_module("bliss_audio").Song

    def measure(path: str) -> Stages:
        clock = Clock()
        song(path)
        clock.spend("whole file")
        return clock.stages

    return f"bliss-audio {version('bliss-audio')}", measure


def vibenet() -> tuple[str, Measure]:
    """Analyze the whole file with the distilled EfficientNet: pip install vibenet."""
    model: Any = import_module("vibenet").load_model()

    def measure(path: str) -> Stages:
        clock = Clock()
        model.predict(path)
        clock.spend("whole file")
        return clock.stages

    return f"VibeNet {version('vibenet')}", measure


def librosa() -> tuple[str, Measure]:
    """Compute the same 193 features of the same windows with the usual calls of librosa."""
    import librosa as l

    def measure(path: str) -> Stages:
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
    return f"librosa {version('librosa')}", measure


CONTENDERS: dict[str, Callable[[], tuple[str, Measure]]] = {
    "musimo": musimo,
    "decode": decode,
    "bliss": bliss,
    "vibenet": vibenet,
    "librosa": librosa,
}


def answers(name: str, paths: Iterator[str]) -> Iterator[object]:
    """Yield the output of the process, line by line."""
    try:
        title, measure = CONTENDERS[name]()
    except ImportError:
        yield None
        return
    yield title
    for path in paths:
        try:
            yield measure(path)
        except Exception as error:  # of the contender; the file is excluded for all
            print(f"{name}: {path}: {error}", file=sys.stderr)
            yield None


if __name__ == "__main__":
    with threadpool_limits(1):  # as in a scan's workers
        for answer in answers(sys.argv[1], (line.rstrip("\n") for line in sys.stdin)):
            print(json.dumps(answer), flush=True)
