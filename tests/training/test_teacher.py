"""The teacher network against a reference implementation, on a miniature with random weights."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from musimo.errors import UsageError
from musimo.training.teacher import MusicNN, to_16_khz

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


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Variables named and laid out as in the checkpoint, few filters each, one of them dead."""
    rng = np.random.default_rng(0)
    arrays = {}
    sizes = [1, *(kernel[3] for kernel in KERNELS), 46]
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
    path = tmp_path / "teacher.npz"
    single: dict[str, Any] = {name: array.astype(np.float32) for name, array in arrays.items()}
    np.savez(path, **single)
    return path


def normed(arrays: dict[str, np.ndarray], number: int, x: np.ndarray) -> np.ndarray:
    """Batch norm as its definition says."""
    name = f"batch_normalization_{number}" if number else "batch_normalization"
    z = (x - arrays[f"{name}/moving_mean"]) / np.sqrt(arrays[f"{name}/moving_variance"] + 1e-3)
    return np.asarray(z * arrays[f"{name}/gamma"] + arrays[f"{name}/beta"])


def test_network_equals_a_reference_implementation(weights: Path) -> None:
    with np.load(weights) as file:
        arrays = {name: file[name].astype(np.float64) for name in file.files}
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
    answer = normed(arrays, 9, pooled[None]) if "batch_normalization_9/gamma" in arrays else pooled[None]
    answer = answer @ arrays["dense/kernel"] + arrays["dense/bias"]
    ours = MusicNN(weights)(torch.from_numpy(log_mel[None]).float()).numpy()
    np.testing.assert_allclose(ours, answer, rtol=1e-3, atol=1e-3)


def test_one_row_per_three_seconds(weights: Path) -> None:
    sound = np.random.default_rng(2).normal(0, 0.1, 22_050 * 7).astype(np.float32)
    assert MusicNN(weights).embed(sound).shape == (2, 5)


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
