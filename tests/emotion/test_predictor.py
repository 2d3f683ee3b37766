"""The predictor: the same result whatever the other tracks, on whatever device is left."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch

from musimo.emotion.backend import NetworkOutput
from musimo.emotion.mase_net import MaseNet, MaseNetConfig
from musimo.emotion.network import network_tensors
from musimo.emotion.onnx_backend import OnnxNetwork
from musimo.emotion.predictor import Predictor, may_have_gpu
from musimo.emotion.torch_backend import TorchNetwork
from musimo.emotion.weights import ModelCard, Weights
from musimo.errors import AudioError, DeviceError, WeightsError
from musimo.installation import installation
from musimo.records import FloatArray, WindowPrediction
from musimo.resources import weights_path
from tests.spaces import some_space

CONFIG = MaseNetConfig(
    n_features=5, n_filters=(16, 16), pools=(4, 4), lstm_units=(6, 4), dense_units=(12, 8), head_units=4
)


def weights(fused_width: int = CONFIG.fused_width) -> Weights:
    torch.manual_seed(1)
    return Weights(
        "mase_net-0.0-00000000",
        ModelCard("0.0", "some-features", CONFIG, "None."),
        network_tensors(MaseNet(CONFIG).eval()),
        np.full(5, 1, dtype=np.float32),
        np.full(5, 2, dtype=np.float32),
        some_space(fused_width, 15, 8),
    )


def on_cpu() -> Predictor:
    return Predictor(weights(), OnnxNetwork(weights()))


def clips(*lengths: int) -> list[FloatArray]:
    rng = np.random.default_rng(7)
    return [rng.normal(1, 2, (n, 5)).astype(np.float32) for n in lengths]


def each(predictor: Predictor, clips: Sequence[FloatArray]) -> list[WindowPrediction]:
    """Predict every window as a track of its own."""
    return [felt for [felt] in predictor.predict([[clip] for clip in clips])]


@pytest.fixture(scope="module")
def shipped() -> Predictor:
    return Predictor.load(weights_path(), "cpu")


def test_a_track_among_others_is_the_track_alone_bit_for_bit(shipped: Predictor) -> None:
    rng = np.random.default_rng(3)
    lengths = [(200, 200, 200), (200,), (37, 200), (311, 311), (16,)]
    tracks = [[rng.normal(-20, 20, (n, 193)).astype(np.float32) for n in track] for track in lengths]
    together = shipped.predict(tracks)
    alone = [shipped.predict([track])[0] for track in tracks]
    assert [len(clips) for clips in together] == [3, 1, 2, 2, 1]
    for one, other in zip(chain(*together), chain(*alone), strict=True):
        assert (one.valence, one.arousal) == (other.valence, other.arousal)
        assert one.embedding.tobytes() == other.embedding.tobytes()
        assert one.fused.tobytes() == other.fused.tobytes()


def test_windows_of_one_track_are_as_alone_except_for_rounding(shipped: Predictor) -> None:
    rng = np.random.default_rng(5)
    track = [rng.normal(-20, 20, (200, 193)).astype(np.float32) for _ in range(3)]
    for one, other in zip(shipped.predict([track])[0], each(shipped, track), strict=True):
        assert one.valence == pytest.approx(other.valence, abs=1e-5)
        assert one.arousal == pytest.approx(other.arousal, abs=1e-5)
        np.testing.assert_allclose(one.embedding, other.embedding, rtol=1e-4, atol=1e-3)


def test_predictions_are_on_the_scale_of_0_to_1(shipped: Predictor) -> None:
    rng = np.random.default_rng(4)
    for felt in each(shipped, [rng.normal(0, 300, (20, 193)).astype(np.float32) for _ in range(5)]):
        assert 0 <= felt.valence <= 1
        assert 0 <= felt.arousal <= 1
        assert felt.embedding.shape == (256,)
        assert felt.embedding.dtype == np.float32
        assert felt.fused.shape == (128,)


class Constant:
    """Predict given ratings, whatever the features, and their means as the rest."""

    device = "cpu"

    def __init__(self, valence: float, arousal: float) -> None:
        self.ratings = np.array([[valence, arousal]], dtype=np.float32)

    def predict(self, frames: Sequence[FloatArray], harmony: FloatArray | None) -> NetworkOutput:
        means = np.stack([clip.mean(axis=0) for clip in frames])
        return NetworkOutput(means, self.ratings.repeat(len(frames), axis=0), means, means[:, :2])


def constant(valence: float, arousal: float) -> Predictor:
    return Predictor(weights(fused_width=5), Constant(valence, arousal))


@pytest.mark.parametrize(
    ("ratings", "expected"),
    [((1.0, 9.0), (0.0, 1.0)), ((5.0, 3.0), (0.5, 0.25)), ((0.0, 12.0), (0.0, 1.0))],
)
def test_ratings_become_0_to_1(ratings: tuple[float, float], expected: tuple[float, float]) -> None:
    (felt,) = each(constant(*ratings), clips(20))
    assert (felt.valence, felt.arousal) == expected


def test_features_are_normalized_by_the_training_set() -> None:
    (felt,) = each(constant(5, 5), [np.full((16, 5), 4, dtype=np.float32)])
    assert felt.embedding.tolist() == [1.5] * 5  # (4 - 1) / 2


def test_fused_values_come_in_the_axes_of_the_space() -> None:
    given = weights(fused_width=5)
    (felt,) = each(Predictor(given, Constant(5, 5)), [np.full((16, 5), 4, dtype=np.float32)])
    expected = given.space.fused.transform(np.full((1, 5), 1.5, dtype=np.float32))
    assert felt.fused.dtype == np.float32
    np.testing.assert_allclose([felt.fused], expected, rtol=1e-4, atol=1e-5)


def test_tags_are_scored_and_named() -> None:
    (felt,) = each(constant(5, 5), [np.full((16, 5), 1.5, dtype=np.float32)])
    assert felt.tags.tolist() == [0.25] * 2
    assert constant(5, 5).tags == ()
    config = replace(CONFIG, n_tags=2)
    hearing = replace(
        weights(),
        card=ModelCard("0.0", "some-features", config, "None.", tags=("piano", "no vocals")),
        tensors=network_tensors(MaseNet(config).eval()),
    )
    for network in (OnnxNetwork(hearing), TorchNetwork(hearing, "cpu")):
        predictor = Predictor(hearing, network)
        assert predictor.tags == ("piano", "no vocals")
        (felt,) = each(predictor, clips(20))
        assert felt.tags.dtype == np.float32
        assert felt.tags.shape == (2,)
        assert ((felt.tags > 0) & (felt.tags < 1)).all()


def test_a_network_without_tags_hears_none() -> None:
    (felt,) = each(on_cpu(), clips(20))
    assert (felt.tags.shape, on_cpu().tags) == ((0,), ())


def test_a_window_that_is_too_short_is_repeated() -> None:
    predictor = on_cpu()
    (short,) = clips(5)
    long = np.tile(short, (4, 1))  # 20 frames, of which the network needs 16
    one, other = each(predictor, [short, long])
    assert one.embedding.tobytes() == other.embedding.tobytes()


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((0, 5), dtype=np.float32),
        np.zeros((20, 4), dtype=np.float32),
        np.zeros(5, dtype=np.float32),
        np.full((20, 5), np.nan, dtype=np.float32),
        np.full((20, 5), np.inf, dtype=np.float32),
    ],
)
def test_invalid_features_are_refused(bad: FloatArray) -> None:
    with pytest.raises(AudioError) as caught:
        each(on_cpu(), [*clips(20), bad])
    assert caught.value.stage == "analyze"


def test_a_prediction_that_is_not_finite_is_refused() -> None:
    with pytest.raises(AudioError, match="not finite"):
        each(constant(float("nan"), 5), clips(20))


def test_nothing_in_nothing_out() -> None:
    assert each(on_cpu(), []) == []


def test_read_only_features_pass_without_a_warning() -> None:
    (clip,) = clips(20)
    clip.flags.writeable = False
    assert len(each(on_cpu(), [clip])) == 1


class SmallGpu(TorchNetwork):
    """A fake GPU with memory for ``room`` windows."""

    def __init__(self, room: int, error: Exception) -> None:
        super().__init__(weights(), "cpu")
        self._network.fuse = self.fuse  # type: ignore[method-assign]
        self.fuse_any, self.room, self.error, self.sizes = MaseNet.fuse, room, error, list[int]()

    def predict(self, frames: Sequence[FloatArray], harmony: FloatArray | None) -> NetworkOutput:
        self.device = "cpu"
        try:
            return super().predict(frames, harmony)
        finally:
            self.device = "cuda"

    def fuse(self, features: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        self.sizes.append(len(features))
        if len(features) > self.room:
            raise self.error
        return self.fuse_any(self._network, features, lengths)


def on_small_gpu(room: int, notices: list[str], error: Exception | None = None) -> tuple[Predictor, SmallGpu]:
    gpu = SmallGpu(room, error or torch.OutOfMemoryError("full"))
    gpu.device = "cuda"
    return Predictor(weights(), gpu, 8, notices.append), gpu


def test_halves_its_batches_where_memory_is_short_and_says_so_once() -> None:
    notices: list[str] = []
    predictor, network = on_small_gpu(2, notices)
    felt = each(predictor, clips(*[20] * 5, 30, 40))
    assert len(felt) == 7
    assert network.sizes == [7, 4, 2, 2, 2, 1]
    assert predictor.batch_size == 2
    assert len(notices) == 1
    assert "too little memory for 8 windows" in notices[0]
    alone = each(on_cpu(), clips(*[20] * 5, 30, 40))
    for one, other in zip(felt, alone, strict=True):
        np.testing.assert_allclose(one.embedding, other.embedding, atol=1e-5)


def test_leaves_a_gpu_that_cannot_hold_one_window() -> None:
    notices: list[str] = []
    predictor, network = on_small_gpu(0, notices)
    assert len(each(predictor, clips(20, 20, 20))) == 3
    assert network.sizes == [3, 3, 2, 1]
    assert predictor.device == "cpu"
    assert len(notices) == 2
    assert "continuing on the CPU" in notices[1]
    each(predictor, clips(20))
    assert len(notices) == 2


def test_knows_out_of_memory_by_its_words_too() -> None:
    notices: list[str] = []
    predictor, _ = on_small_gpu(1, notices, RuntimeError("MPS backend out of memory (16 GB)"))
    assert len(each(predictor, clips(20, 20))) == 2
    assert len(notices) == 1


def test_a_device_that_fails_is_an_error_that_mends() -> None:
    predictor, _ = on_small_gpu(0, [], RuntimeError("unspecified launch failure"))
    with pytest.raises(DeviceError, match="unspecified launch failure") as caught:
        each(predictor, clips(20))
    assert "--device cpu" in caught.value.hint


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "meta", "", "xpu", "cpu:0"])
def test_a_device_musimo_does_not_know_is_an_error(name: str) -> None:
    with pytest.raises(DeviceError) as caught:
        Predictor.load(weights_path(), name)
    assert "cuda" in caught.value.hint


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a CUDA device")
def test_a_named_device_that_is_not_there_is_an_error_and_auto_is_not() -> None:
    with pytest.raises(DeviceError) as caught:
        Predictor.load(weights_path(), "cuda:3")
    assert "--device cpu" in caught.value.hint
    notices: list[str] = []
    predictor = Predictor.load(weights_path(), "auto", on_notice=notices.append)
    assert predictor.device in ("cpu", "mps")
    assert notices == []


def test_a_gpu_without_pytorch_is_an_error_that_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(DeviceError, match="the device cuda needs PyTorch") as caught:
        Predictor.load(weights_path(), "cuda")
    assert "--device cpu" in caught.value.hint
    assert installation().add() in caught.value.hint


def test_auto_takes_the_first_gpu_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("musimo.emotion.predictor.may_have_gpu", lambda: True)
    monkeypatch.setattr("musimo.emotion.torch_backend.available_gpus", lambda: ["cuda", "mps"])
    monkeypatch.setattr("musimo.emotion.torch_backend.TorchNetwork", only_mps)
    notices: list[str] = []
    predictor = Predictor.load(weights_path(), on_notice=notices.append)
    assert predictor.device == "mps"
    assert notices == ["no kernel image for this cuda; using the CPU instead"]


def only_mps(loaded: Weights, name: str) -> Constant:
    if name != "mps":
        raise DeviceError(f"no kernel image for this {name}")
    network = Constant(5, 5)
    network.device = name
    return network


@pytest.mark.parametrize(
    ("platform", "build", "driver", "expected"),
    [
        ("linux", "2.13.0+cpu", "/dev/null", False),
        ("linux", "2.13.0", "/no/such/driver", False),
        ("linux", "2.13.0", "/dev/null", True),
        ("linux", "2.13.0+cu130", "/dev/null", True),
        ("win32", "2.13.0+cu130", "/no/such/driver", True),
    ],
)
def test_a_gpu_is_looked_for_only_where_one_may_be(
    monkeypatch: pytest.MonkeyPatch, platform: str, build: str, driver: str, expected: bool
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr("musimo.emotion.predictor.version", lambda name: build)
    monkeypatch.setattr("musimo.emotion.predictor.DRIVERS", (driver,))
    assert may_have_gpu() is expected


def test_load_names_its_model_and_its_features(shipped: Predictor) -> None:
    assert shipped.model_id == weights_path().stem
    assert shipped.feature_id.startswith("librosa193-")


def test_load_refuses_what_is_no_weights_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsError):
        Predictor.load(tmp_path / "none.safetensors")


def test_on_the_cpu_it_needs_neither_torch_nor_anything_else_that_weighs() -> None:
    heavy = {
        "librosa",
        "numba",
        "scipy",
        "sklearn",
        "faiss",
        "pandas",
        "sqlalchemy",
        "torch",
        "sympy",
    }
    imports = "import sys; from musimo.emotion.predictor import Predictor"
    load = f"Predictor.load(__import__('pathlib').Path({str(weights_path())!r}), 'cpu')"
    script = f"{imports}; {load}; print({heavy} & {{*sys.modules}})"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"
