"""The teacher network against a reference implementation, on a miniature with random weights."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from musimo.errors import UsageError
from musimo.training.teacher import MusicNN, Teachers, to_16_khz

KERNELS = [
    (7, 38, 1, 4),
    (7, 67, 1, 4),
    (16, 1, 1, 2),
    (8, 1, 1, 2),
    (4, 1, 1, 2),
    (7, 14, 1, 3),
    (7, 3, 1, 3),
]
KERNELS.append((7, 3, 1, 3))


def write_weights(path: Path, seed: int, tags: tuple[str, ...]) -> Path:
    """Variables named and laid out as in the checkpoint, few filters each, one of them dead."""
    rng = np.random.default_rng(seed)
    arrays = {}
    sizes = [1, *(kernel[3] for kernel in KERNELS), 46, 5]
    for number, kernel in enumerate(KERNELS):
        name = f"conv2d_{number}" if number else "conv2d"
        arrays[f"{name}/kernel"] = rng.normal(0, 0.1, kernel)
        arrays[f"{name}/bias"] = rng.normal(0, 0.1, kernel[3])
    arrays["conv2d/kernel"][..., 1] = 0
    for number, size in enumerate(sizes):
        name = f"batch_normalization_{number}" if number else "batch_normalization"
        for part in ("gamma", "beta", "moving_mean"):
            arrays[f"{name}/{part}"] = rng.normal(0, 1, size)
        arrays[f"{name}/moving_variance"] = rng.uniform(0.5, 2, size)
    arrays["dense/kernel"], arrays["dense/bias"] = rng.normal(0, 0.1, (46, 5)), rng.normal(0, 0.1, 5)
    arrays["dense_1/kernel"], arrays["dense_1/bias"] = rng.normal(0, 1, (5, 3)), rng.normal(0, 1, 3)
    single: dict[str, Any] = {name: array.astype(np.float32) for name, array in arrays.items()}
    np.savez(path, **single, tags=np.array(tags))
    return path


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return write_weights(tmp_path / "teacher.npz", 0, ("rock", "jazz", "60s"))


def variables(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as file:
        return {name: file[name].astype(np.float64) for name in file.files if name != "tags"}


def normed(arrays: dict[str, np.ndarray], number: int, x: np.ndarray) -> np.ndarray:
    """Batch norm as its definition says."""
    name = f"batch_normalization_{number}" if number else "batch_normalization"
    z = (x - arrays[f"{name}/moving_mean"]) / np.sqrt(arrays[f"{name}/moving_variance"] + 1e-3)
    return np.asarray(z * arrays[f"{name}/gamma"] + arrays[f"{name}/beta"])


def test_network_equals_a_reference_implementation(weights: Path) -> None:
    arrays = variables(weights)
    log_mel = np.random.default_rng(1).normal(1, 1, (12, 96))
    x = normed(arrays, 0, log_mel[..., None])[..., 0]
    layers: list[np.ndarray] = []
    for number in range(8):
        name = f"conv2d_{number}" if number else "conv2d"
        kernel, bias = arrays[f"{name}/kernel"], arrays[f"{name}/bias"]
        length, height = kernel.shape[:2]
        sound = x if number < 5 else np.concatenate(layers, 1) if number == 5 else layers[-1]
        padded = np.pad(sound, (((length - 1) // 2, length // 2), (0, 0)))
        activations = np.array(
            [
                [
                    np.einsum("tf,tfc->c", padded[t : t + length, f : f + height], kernel[:, :, 0])
                    for f in range(padded.shape[1] - height + 1)
                ]
                for t in range(len(sound))
            ]
        )
        activations = normed(arrays, number + 1, np.maximum(activations + bias, 0)).max(axis=1)
        if number == 5:
            layers = [np.concatenate(layers, 1), activations]
        else:
            layers.append(activations + layers[-1] if number > 5 else activations)
    every = np.concatenate(layers, axis=1)
    pooled = np.stack([every.max(0), every.mean(0)], axis=1).ravel()
    answer = normed(arrays, 9, pooled[None]) @ arrays["dense/kernel"] + arrays["dense/bias"]
    ours = MusicNN(weights)(torch.from_numpy(log_mel[None]).float()).numpy()
    np.testing.assert_allclose(ours, answer, rtol=1e-3, atol=1e-3)


def test_one_row_per_three_seconds(weights: Path) -> None:
    sound = np.random.default_rng(2).normal(0, 0.1, 22_050 * 7).astype(np.float32)
    assert Teachers([weights]).embed(sound).shape == (2, 5)


def test_tag_scores_on_paper(weights: Path) -> None:
    """ReLU, batch normalization, a linear map and a sigmoid."""
    arrays, network = variables(weights), MusicNN(weights)
    assert network.tags == ("rock", "jazz", "60s")
    activations = np.random.default_rng(3).normal(0, 1, (2, 4, 5)).astype(np.float32)
    logits = (
        normed(arrays, 10, np.maximum(activations, 0)) @ arrays["dense_1/kernel"] + arrays["dense_1/bias"]
    )
    np.testing.assert_allclose(network.tag_scores(activations), 1 / (1 + np.exp(-logits)), atol=1e-5)


def test_two_teachers_side_by_side(weights: Path, tmp_path: Path) -> None:
    other = write_weights(tmp_path / "other.npz", 1, ("flute", "rock", "harp"))
    sound = np.random.default_rng(2).normal(0, 0.1, 22_050 * 7).astype(np.float32)
    both = Teachers([weights, other])
    assert both.tags == ("rock", "jazz", "60s", "flute", "rock", "harp")
    activations = both.embed(sound)
    assert activations.shape == (2, 10)
    assert activations.dtype == np.float32
    scores = both.tag_scores(activations.mean(axis=0))
    assert scores.shape == (6,)
    for number, path in enumerate((weights, other)):
        alone = Teachers([path])
        np.testing.assert_allclose(alone.embed(sound), activations[:, 5 * number :][:, :5], atol=1e-5)
        expected = alone.tag_scores(activations.mean(axis=0)[5 * number :][:5])
        np.testing.assert_allclose(expected, scores[3 * number :][:3], atol=1e-6)


def test_resampling_passes_tones_below_7_khz_and_removes_those_above_8() -> None:
    t = np.arange(22_050) / 22_050
    low, high = (to_16_khz(np.sin(2 * np.pi * f * t).astype(np.float32))[2000:-2000] for f in (6500, 9000))
    assert np.sqrt(np.mean(low**2)) == pytest.approx(np.sqrt(0.5), rel=1e-3)
    assert np.sqrt(np.mean(high**2)) < 1e-4


def test_file_without_the_teacher_s_variables_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    np.savez(path, a=np.zeros(3, np.float32))
    with pytest.raises(UsageError, match="MusiCNN"):
        MusicNN(path)


@pytest.mark.parametrize("missing", ["tags", "dense_1/kernel", "batch_normalization_10/gamma"])
def test_file_without_the_layer_of_tags_is_refused(weights: Path, missing: str) -> None:
    with np.load(weights) as file:
        kept: dict[str, Any] = {name: file[name] for name in file.files if name != missing}
    np.savez(weights, **kept)
    with pytest.raises(UsageError, match=missing):
        MusicNN(weights)
