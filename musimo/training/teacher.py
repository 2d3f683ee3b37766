"""MusiCNN, the teachers of the backbone: music taggers whose activations describe audio.

The network (Pons & Serra 2019, "musicnn: pre-trained convolutional neural networks for music audio tagging")
predicts 50 tags from 3 s of log-mel spectrogram. There are two: one was trained on the Million Song Dataset,
whose tags are genres, moods and decades, one on MagnaTagATune, whose tags are instruments and voices. Their
weights are under the ISC license, in the wheel ``musicnn`` on PyPI; required is one ``.npz`` each with the
variables of that TensorFlow checkpoint under their own names and in their own layout, and with its ``tags``.

    16 kHz -> STFT 512/256 -> 96 mel bands of power -> log10(1 + 10,000 x) -> 187 frames each -> 200 values
    -> ReLU -> batch normalization -> 50 tags
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import librosa
import numpy as np
import torch
import torch.nn.functional as F
from scipy.signal import firwin, resample_poly
from torch import Tensor, nn

from musimo.audio.windows import tile
from musimo.errors import UsageError
from musimo.records import FloatArray

RATE, N_FFT, HOP, N_MELS = 16_000, 512, 256, 96
N_FRAMES = 187  # per step: 2.99 s
UP, DOWN = 320, 441  # from 22,050 Hz
ZERO_CROSSINGS, ROLLOFF, BETA = (
    64,
    0.9475937167399596,
    14.769656459379492,
)  # of the resampler used in training:
SCALE = UP * 512 // DOWN / 512  # "kaiser_best" of resampy, with a table of 512 values a zero crossing
BN_EPSILON = 1e-3
N_FRONT, N_CONVOLUTIONS = 5, 8
N_ACTIVATIONS = 200
MIN_SAMPLES = 3 * 22_050  # slightly more than one step
DEAD_KERNEL_SUM = 1e-3  # sum of magnitudes below which a filter is constant


class Convolution(nn.Module):
    """Convolution, bias, ReLU and batch normalization as scale and shift; dead filters are constants."""

    alive: Tensor
    kernel: Tensor
    bias: Tensor
    scale: Tensor
    shift: Tensor
    sign: Tensor

    def __init__(self, weights: dict[str, Tensor], number: int) -> None:
        super().__init__()
        kernel = weights[_numbered("conv2d", number) + "/kernel"].permute(3, 2, 0, 1)
        alive = kernel.abs().sum((1, 2, 3)) > DEAD_KERNEL_SUM
        self.register_buffer("alive", alive.nonzero()[:, 0])
        self.register_buffer("kernel", kernel[alive].contiguous())
        self.register_buffer("bias", weights[_numbered("conv2d", number) + "/bias"])
        scale, shift = _batch_norm(weights, number + 1)
        self.register_buffer("sign", torch.where(scale[alive] > 0, 1.0, -1.0))
        self.register_buffer("scale", scale)
        self.register_buffer("shift", shift)

    def over_bands(self, x: Tensor) -> Tensor:
        """Convolve and take the maximum over bands, before ReLU: (B, T, bands) -> (B, T, n_filters).

        ReLU and batch normalization are monotone, so the maximum may come first; it is the minimum where they
        fall.
        """
        length = self.kernel.shape[2]
        padded = F.pad(x[:, None], (0, 0, (length - 1) // 2, length // 2))
        kernel, bias = self.kernel * self.sign[:, None, None, None], self.bias[self.alive] * self.sign
        best = self.bias.repeat(len(x), x.shape[1], 1)
        for row, step in enumerate(torch.split(padded, 1)):  # the result of one step fits the cache
            y = F.conv2d(step, kernel, bias)
            highest = F.max_pool2d(y, (1, y.shape[3]))[0, :, :, 0]
            best[row, :, self.alive] = (highest * self.sign[:, None]).T
        return best.relu() * self.scale + self.shift

    def over_time(self, x: Tensor) -> Tensor:
        """Convolve over time with kernels over all channels: (B, T, C) -> (B, T, n_filters)."""
        kernel = self.kernel[:, 0].transpose(1, 2)
        y = self.bias.repeat(len(x), x.shape[1], 1)
        y[..., self.alive] = F.conv1d(
            x.transpose(1, 2), kernel, self.bias[self.alive], padding=kernel.shape[2] // 2
        ).transpose(1, 2)
        return y.relu() * self.scale + self.shift


class MusicNN(nn.Module):
    """The network up to its penultimate layer, before that layer's ReLU.

    Parameters
    ----------
    path : the ``.npz``

    Attributes
    ----------
    tags : names, in the order of `tag_scores`

    Raises
    ------
    UsageError : the file is missing, or variables are missing from it
    """

    mel: Tensor
    hann: Tensor

    def __init__(self, path: Path) -> None:
        super().__init__()
        try:
            with np.load(path, allow_pickle=False) as file:
                weights = {
                    name: torch.from_numpy(file[name])
                    for name in file.files
                    if file[name].dtype == np.float32
                }
                self.tags = tuple(map(str, file["tags"]))
            self.input_scale, self.input_shift = _batch_norm(weights, 0)
            self.convolutions = [Convolution(weights, i) for i in range(N_CONVOLUTIONS)]
            self.pooled_scale, self.pooled_shift = _batch_norm(weights, N_CONVOLUTIONS + 1)
            self.kernel, self.bias = weights["dense/kernel"].T, weights["dense/bias"]
            self.tag_scale, self.tag_shift = _batch_norm(weights, N_CONVOLUTIONS + 2)
            self.tag_kernel, self.tag_bias = weights["dense_1/kernel"].T, weights["dense_1/bias"]
        except (OSError, ValueError, KeyError) as error:
            raise UsageError(f"{path} does not hold the weights of MusiCNN: {error}") from error
        bands = librosa.filters.mel(sr=RATE, n_fft=N_FFT, n_mels=N_MELS)
        self.register_buffer("mel", torch.from_numpy(bands.astype(np.float32)))
        self.register_buffer("hann", torch.hann_window(N_FFT))
        self.eval()

    @torch.inference_mode()
    def forward(self, log_mel: Tensor) -> Tensor:
        """(B, T, 96) -> (B, 200)."""
        x = log_mel * self.input_scale + self.input_shift
        front = torch.cat([layer.over_bands(x) for layer in self.convolutions[:N_FRONT]], dim=2)
        features = [front, self.convolutions[N_FRONT].over_time(front)]
        for layer in self.convolutions[N_FRONT + 1 :]:
            features.append(layer.over_time(features[-1]) + features[-1])
        every = torch.cat(features, dim=2)
        pooled = torch.stack([every.amax(1), every.mean(1)], dim=2).flatten(1)  # max, mean, max, mean, ...
        return F.linear(pooled * self.pooled_scale + self.pooled_shift, self.kernel, self.bias)

    @torch.inference_mode()
    def tag_scores(self, activations: FloatArray) -> FloatArray:
        """Return the probabilities of the tags: (..., 200) -> (..., 50)."""
        rows = torch.from_numpy(np.ascontiguousarray(activations))
        penultimate = rows.relu() * self.tag_scale + self.tag_shift
        return np.asarray(F.linear(penultimate, self.tag_kernel, self.tag_bias).sigmoid().numpy())

    @torch.inference_mode()
    def log_mel(self, samples: FloatArray) -> Tensor:
        """Return the input of each 2.99 s: mono at 22,050 Hz [shape=(n,)] -> (n_steps, 187, 96)."""
        audio = torch.from_numpy(to_16_khz(samples))
        spectrum = torch.stft(audio, N_FFT, HOP, window=self.hann, return_complex=True)
        log_mel = torch.log10(1 + 1e4 * (self.mel @ spectrum.abs().square())).T
        n_steps = len(log_mel) // N_FRAMES
        return log_mel[: n_steps * N_FRAMES].reshape(n_steps, N_FRAMES, N_MELS)


class Teachers:
    """Several networks that share their input.

    Parameters
    ----------
    paths : the ``.npz`` of each; errors as of `MusicNN`
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.networks = [MusicNN(path) for path in paths]

    def embed(self, samples: FloatArray) -> FloatArray:
        """Return the activations of each 2.99 s, side by side: (n,) -> (n_steps, 200 * n_teachers).

        Parameters
        ----------
        samples : mono at 22,050 Hz, at the level for the teachers; less than one step is repeated
        """
        log_mel = self.networks[0].log_mel(tile(samples, max(len(samples), MIN_SAMPLES)))
        return np.concatenate(
            [network(log_mel).numpy() for network in self.networks], axis=1, dtype=np.float32
        )

    def tag_scores(self, activations: FloatArray) -> FloatArray:
        """Return the probabilities of all tags, side by side: (..., 200 * n) -> (..., 50 * n)."""
        parts = np.split(activations, len(self.networks), axis=-1)
        scores = [network.tag_scores(part) for network, part in zip(self.networks, parts, strict=True)]
        return np.concatenate(scores, axis=-1)

    @property
    def tags(self) -> tuple[str, ...]:
        """Names of the tags, in the order of `tag_scores`."""
        return tuple(tag for network in self.networks for tag in network.tags)


def to_16_khz(samples: FloatArray) -> FloatArray:
    """Resample from 22,050 Hz by a Kaiser-windowed sinc; the highest bands depend on the resampler."""
    half = round(ZERO_CROSSINGS * UP / SCALE)
    kernel = firwin(2 * half + 1, ROLLOFF * SCALE / UP, window=("kaiser", BETA))
    return np.asarray(resample_poly(samples, UP, DOWN, window=kernel), dtype=np.float32)


def _numbered(name: str, number: int) -> str:
    """Return TensorFlow's variable names: conv2d, conv2d_1, conv2d_2, ..."""
    return f"{name}_{number}" if number else name


def _batch_norm(weights: dict[str, Tensor], number: int) -> tuple[Tensor, Tensor]:
    """Return scale and shift of a batch normalization in inference."""
    name = _numbered("batch_normalization", number)
    scale = weights[f"{name}/gamma"] / (weights[f"{name}/moving_variance"] + BN_EPSILON).sqrt()
    return scale, weights[f"{name}/beta"] - weights[f"{name}/moving_mean"] * scale
