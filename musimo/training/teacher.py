"""MSD-MusiCNN, the teacher of the backbone: a music tagger whose activations describe audio.

The network (Pons & Serra 2019, "musicnn: pre-trained convolutional neural networks for music audio tagging")
predicts 50 tags of the Million Song Dataset from 3 s of log-mel spectrogram; here only its penultimate layer
is used. Its weights are under the ISC license, in the wheel ``musicnn`` on PyPI; required is one ``.npz``
with the variables of that TensorFlow checkpoint under their own names and in their own layout.

    16 kHz -> STFT 512/256 -> 96 mel bands of power -> log10(1 + 10,000 x) -> 187 frames each -> 200 values
"""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import torch
import torch.nn.functional as F
from scipy.signal import firwin, resample_poly
from torch import Tensor, nn

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
DEAD_KERNEL_SUM = 1e-3  # sum of magnitudes below which a filter is constant


class Convolution(nn.Module):
    """Convolution, bias, ReLU and batch normalization as scale and shift; dead filters are constants."""

    alive: Tensor
    kernel: Tensor
    bias: Tensor
    scale: Tensor
    shift: Tensor

    def __init__(self, weights: dict[str, Tensor], number: int) -> None:
        super().__init__()
        kernel = weights[_numbered("conv2d", number) + "/kernel"].permute(3, 2, 0, 1)
        alive = kernel.abs().sum((1, 2, 3)) > DEAD_KERNEL_SUM
        self.register_buffer("alive", alive.nonzero()[:, 0])
        self.register_buffer("kernel", kernel[alive].contiguous())
        self.register_buffer("bias", weights[_numbered("conv2d", number) + "/bias"])
        scale, shift = _batch_norm(weights, number + 1)
        self.register_buffer("scale", scale)
        self.register_buffer("shift", shift)

    def over_bands(self, x: Tensor) -> Tensor:
        """Convolve and take the maximum over bands, before ReLU: (B, T, bands) -> (B, T, n_filters)."""
        length = self.kernel.shape[2]
        padded = F.pad(x[:, None], (0, 0, (length - 1) // 2, length // 2))
        low, high = torch.aminmax(F.conv2d(padded, self.kernel, self.bias[self.alive]), dim=3)
        best = self.bias.repeat(len(x), x.shape[1], 1)
        best[..., self.alive] = torch.where(self.scale[self.alive, None] > 0, high, low).transpose(1, 2)
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
    """The network up to its last dense layer, before that layer's ReLU.

    Parameters
    ----------
    path : the ``.npz``

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
            self.input_scale, self.input_shift = _batch_norm(weights, 0)
            self.convolutions = [Convolution(weights, i) for i in range(N_CONVOLUTIONS)]
            self.pooled_scale, self.pooled_shift = _batch_norm(weights, N_CONVOLUTIONS + 1)
            self.kernel, self.bias = weights["dense/kernel"].T, weights["dense/bias"]
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
    def embed(self, samples: FloatArray) -> FloatArray:
        """Return the activations of each 2.99 s: mono at 22,050 Hz [shape=(n,)] -> (n_steps, 200).

        The level must be that of the source. Audio shorter than one step gives no row.
        """
        audio = torch.from_numpy(to_16_khz(samples))
        spectrum = torch.stft(audio, N_FFT, HOP, window=self.hann, return_complex=True)
        log_mel = torch.log10(1 + 1e4 * (self.mel @ spectrum.abs().square())).T
        n_steps = len(log_mel) // N_FRAMES
        steps = log_mel[: n_steps * N_FRAMES].reshape(n_steps, N_FRAMES, N_MELS)
        return np.asarray(self(steps).numpy(), dtype=np.float32)


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
