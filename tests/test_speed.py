"""A guard of speed: what one stage costs beside another, in CPU time, so that it holds on any machine.

Features are compared with the NumPy operations that they consist of: with AVX-512 or AVX2, NumPy sorts ten
times as fast as without, and FFmpeg decodes no faster. The bounds leave room for twice what was measured;
``scripts/bench`` tells the costs themselves.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from musimo.audio.decode import open_audio
from musimo.audio.extract import extract_windows
from musimo.audio.features import N_FEATURES, PARAMETERS, compute_features
from musimo.audio.windows import plan_windows
from musimo.emotion.predictor import Predictor
from musimo.resources import weights_path
from tests.catalog import Catalog, Entry, direction
from tests.sounds import encode, melody

COLD_REPEATS = 5  # alternating
REPEATS = 3  # the fastest counts: other programs only ever slow one down
SECONDS = 150  # of Vorbis: three windows
MOST_FEATURES = 1.9  # times `numpy_alone`; 0.6 to 0.9 were measured, without AVX, with AVX2 and with AVX-512
MOST_NETWORK = 2.2  # times the features; 0.2 to 1.0
MOST_COLD = 1.8  # a cold answer: times the import of its libraries; 1.3 to 1.6
MOST_WHOLE = 8.0  # survey, tags, decoding, features, network: times the features; 1.7 to 4.2


def cpu_s(work: Callable[[], object]) -> float:
    """CPU seconds of the fastest run."""
    spent = []
    for _ in range(REPEATS):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return min(spent)


def numpy_alone(n_frames: int) -> Callable[[], None]:
    """Return the FFT, the matrix product and the sort that features of ``n_frames`` consist of."""
    rng = np.random.default_rng(0)
    frames = rng.standard_normal((n_frames, PARAMETERS.n_fft), np.float32)
    magnitude = rng.random((n_frames, PARAMETERS.n_fft // 2 + 1), np.float32)
    bank = rng.random((magnitude.shape[1], N_FEATURES), np.float32)

    def work() -> None:
        np.fft.rfft(frames)
        magnitude @ bank
        np.sort(magnitude)

    return work


@pytest.fixture(scope="module")
def track(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode(tmp_path_factory.mktemp("speed") / "track.ogg", melody(SECONDS, 44_100), 44_100)


def test_no_stage_has_become_slow_beside_the_others(track: Path) -> None:
    predictor = Predictor.load(weights_path(), "cpu")
    with open_audio(track) as sound, threadpool_limits(1):
        windows = plan_windows(sound.duration_s, "windows")
        samples = [sound.samples(window) for window in windows]
        features = [compute_features(part) for part in samples]
        predictor.predict([features])  # the first is slower: memory is got, kernels are chosen
        numpy_s = cpu_s(numpy_alone(sum(map(len, features))))
        features_s = cpu_s(lambda: [compute_features(part) for part in samples])
        network_s = cpu_s(lambda: predictor.predict([features]))

    def whole() -> None:
        _, *clips = extract_windows(track, "windows", lambda _: True)
        predictor.predict([[clip.features for clip in clips]])  # type: ignore[union-attr]  # all but the first

    with threadpool_limits(1):
        whole_s = cpu_s(whole)
    told = f"NumPy {numpy_s:.3f}, features {features_s:.3f}, network {network_s:.3f}, all {whole_s:.3f}"
    assert features_s / numpy_s < MOST_FEATURES, told
    assert network_s / features_s < MOST_NETWORK, told
    assert whole_s / features_s < MOST_WHOLE, told


def child_cpu_s(*arguments: str) -> float:
    """CPU seconds of a run of Python."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_a_cold_answer_costs_little_more_than_its_libraries(home: Path) -> None:
    catalog = Catalog(home / "library.db", home, weights_path().stem)
    catalog.add(*(Entry(f"{n}.ogg", direction(1, n)) for n in range(20)))
    libraries = ("-c", "import numpy, faiss, sqlalchemy, click")
    musimo = ("-c", "from musimo.cli.main import main; main()", "similar", "1", "--json")
    child_cpu_s(*musimo)  # makes the index
    pairs = [(child_cpu_s(*libraries), child_cpu_s(*musimo)) for _ in range(COLD_REPEATS)]
    libraries_s, answer_s = map(min, zip(*pairs, strict=True))
    assert answer_s / libraries_s < MOST_COLD, f"libraries {libraries_s:.3f}, similar {answer_s:.3f}"
