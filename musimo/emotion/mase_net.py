"""MASE-Net, the multi-scale attention squeeze-excitation network of the Musimo paper (section 3).

Input: features [shape=(B, T, 193)]. Output: valence and arousal on the 1-9 rating scale [shape=(B, 2)], and
the embedding [shape=(B, 256)], the last layer that both heads share::

    features -> 4 x MultiScaleBlock -> 2 x BiLSTM -> SelfAttention
             -> mean and max pooling -> [harmony] -> 2 x SharedDense -> 2 x Head
                                               |-> [TagHead]

5,504,702 parameters with the default configuration. B = batch, C = channels, T = time steps.

Where the paper is ambiguous, this implementation chooses (a field of `MaseNetConfig` where another choice is
easy):

- "Filter counts (64, 128, 256, 512)" are the widths of whole blocks, a quarter for each kernel size
  (``branch_filters``): per branch the network would have 24 million parameters.
- Kernel sizes {1, 3, 5, 7} are four parallel branches in every block, not one size per block.
- Inside a block: convolution without bias ("same" padding), batch norm, ReLU; then squeeze-excitation, the
  residual, max pooling, dropout.
- The residual is a 1x1 projection of the block's input, since the widths differ (``residual``: ``proj``, or
  ``se`` for SE(y) + y, or ``none``).
- Max pooling halves the time in every block; an odd last step is dropped (``pools``).
- BiLSTM units (256, 128) are per direction, so the sequences are 512, then 256 wide.
- Key dim 128 is per head: queries, keys and values are 1,024 wide for a sequence of 256. Attention is
  post-norm, ``LN(x + MHA(x))``, without positional encoding: the BiLSTMs encode the order.
- Harmony features may be appended to the pooled vectors (``n_harmony``). This is not in the paper: there are
  too few ratings to learn them.
- Tags (genres, instruments, voices, ...) may be heard by a head of their own (``n_tags``), on what the first
  dense layer takes. This is not in the paper either.
- The six pooled vectors: average and maximum of the last block, the second BiLSTM (after its layer norm)
  and the attention: 2 x (512 + 256 + 256) = 2,048 values.
- The dense layers are linear, ReLU, batch norm, dropout. The embedding is the second one's output, 256
  wide, before its dropout.
- Batch norm has eps 1e-3 and momentum 0.1, layer norm eps 1e-5; weights are initialized by torch's defaults.
- Clips of different lengths can share a batch: frames past a clip's length are excluded from convolutions,
  statistics, pooling, recurrence and attention.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from musimo.emotion.config import BATCH_NORM_EPS, LAYER_NORM_EPS, MAX_SDS, MaseNetConfig

__all__ = ["MaseNet", "MaseNetConfig"]


def frame_mask(lengths: Tensor, n_frames: int) -> Tensor:
    """Return a mask, true where a frame belongs to its clip: (B,) -> (B, n_frames) bool."""
    return torch.arange(n_frames, device=lengths.device) < lengths[:, None]


def mean_over_time(x: Tensor, mask: Tensor | None) -> Tensor:
    """Average each channel over its clip's frames (section 3.F): (B, C, T) -> (B, C)."""
    if mask is None:
        return x.mean(dim=2)
    return (x * mask[:, None]).sum(dim=2) / mask.sum(dim=1, keepdim=True)


def max_over_time(x: Tensor, mask: Tensor | None) -> Tensor:
    """Take the maximum of each channel over its clip's frames (section 3.F): (B, C, T) -> (B, C)."""
    if mask is not None:
        x = x.masked_fill(~mask[:, None], -torch.inf)
    return x.amax(dim=2)


class FrameNorm(nn.BatchNorm1d):
    """Batch norm whose statistics exclude frames past the ends of clips: (B, C, T) -> (B, C, T)."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Normalize; in evaluation mode every frame is treated alike, so the mask is ignored."""
        if mask is None or not self.training:
            return super().forward(x)
        frames = x.transpose(1, 2)
        normed = torch.zeros_like(frames)
        normed[mask] = super().forward(frames[mask]).to(normed.dtype)
        return normed.transpose(1, 2)


class SqueezeExcitation(nn.Module):
    """Weight the channels by the content of the whole clip (section 3.C)."""

    def __init__(self, n_channels: int, ratio: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(n_channels, n_channels // ratio)
        self.excite = nn.Linear(n_channels // ratio, n_channels)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Scale each channel by a weight in 0..1: (B, C, T) -> (B, C, T)."""
        weights = self.excite(F.relu(self.squeeze(mean_over_time(x, mask)))).sigmoid()
        weighted: Tensor = x * weights[:, :, None]
        return weighted


class MultiScaleBlock(nn.Module):
    """Parallel convolutions, squeeze-excitation, residual, max pooling, dropout (sections 3.B, 3.C)."""

    def __init__(self, n_in: int, width: int, pool: int, config: MaseNetConfig) -> None:
        super().__init__()
        per_branch = width // len(config.kernel_sizes)
        self.branches = nn.ModuleList(
            nn.Conv1d(n_in, per_branch, size, padding=size // 2, bias=False) for size in config.kernel_sizes
        )
        self.norm = FrameNorm(width, eps=BATCH_NORM_EPS)
        self.se = SqueezeExcitation(width, config.se_ratio)
        self.residual = config.residual
        if self.residual == "proj":
            self.shortcut = nn.Conv1d(n_in, width, 1, bias=False)
        self.pool = pool
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """(B, n_in, T) -> (B, width, T // pool); frames past the end of a clip must be zero."""
        y = torch.cat([branch(x) for branch in self.branches], dim=1)
        y = F.relu(self.norm(y, mask))
        out: Tensor = self.se(y, mask)
        if self.residual == "proj":
            out = out + self.shortcut(x)
        elif self.residual == "se":
            out = out + y
        pooled: Tensor = self.dropout(F.max_pool1d(out, self.pool))
        return pooled


class BiLSTM(nn.Module):
    """Bidirectional LSTM and layer norm (section 3.D); the backward direction starts at each clip's end."""

    def __init__(self, n_in: int, n_units: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(n_in, n_units, batch_first=True, bidirectional=True)
        self.norm = nn.LayerNorm(2 * n_units, eps=LAYER_NORM_EPS)

    def forward(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """(B, T, n_in) -> (B, T, 2 n_units)."""
        if lengths is None:
            y = self.lstm(x)[0]
        else:
            packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
            y, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=x.shape[1])
        normed: Tensor = self.norm(y)
        return normed


class SelfAttention(nn.Module):
    """Multi-head self-attention, residual, layer norm (section 3.E).

    Not ``torch.nn.MultiheadAttention``, which ties the key size to the width of the sequence.
    """

    def __init__(self, n_in: int, n_heads: int, key_dim: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.query, self.key, self.value = (nn.Linear(n_in, n_heads * key_dim) for _ in range(3))
        self.out = nn.Linear(n_heads * key_dim, n_in)
        self.norm = nn.LayerNorm(n_in, eps=LAYER_NORM_EPS)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """(B, T, n_in) -> (B, T, n_in)."""
        query, key, value = (
            project(x).unflatten(2, (self.n_heads, -1)).transpose(1, 2)
            for project in (self.query, self.key, self.value)
        )
        attn_mask = None if mask is None else mask[:, None, None, :]
        y = F.scaled_dot_product_attention(query, key, value, attn_mask=attn_mask)
        normed: Tensor = self.norm(x + self.out(y.transpose(1, 2).flatten(2)))
        return normed


class SharedDense(nn.Module):
    """Linear, ReLU, batch norm (section 3.G); its dropout is applied in `MaseNet.rate`."""

    def __init__(self, n_in: int, n_units: int) -> None:
        super().__init__()
        self.linear = nn.Linear(n_in, n_units)
        self.norm = nn.BatchNorm1d(n_units, eps=BATCH_NORM_EPS)

    def forward(self, x: Tensor) -> Tensor:
        """(B, n_in) -> (B, n_units)."""
        y: Tensor = self.norm(F.relu(self.linear(x)))
        return y


class Head(nn.Module):
    """Predict one rating from the embedding: linear, ReLU, dropout, linear (section 3.G)."""

    def __init__(self, n_in: int, n_units: int, dropout: float, initial_rating: float) -> None:
        super().__init__()
        self.hidden = nn.Linear(n_in, n_units)
        self.dropout = nn.Dropout(dropout)
        self.rating = nn.Linear(n_units, 1)
        nn.init.constant_(self.rating.bias, initial_rating)

    def forward(self, x: Tensor) -> Tensor:
        """(B, n_in) -> (B, 1)."""
        y: Tensor = self.rating(self.dropout(F.relu(self.hidden(x))))
        return y


class TagHead(nn.Module):
    """Score tags: linear, ReLU, dropout, linear; the scores are logits."""

    def __init__(self, n_in: int, n_units: int, n_tags: int, dropout: float) -> None:
        super().__init__()
        self.hidden = nn.Linear(n_in, n_units)
        self.dropout = nn.Dropout(dropout)
        self.tags = nn.Linear(n_units, n_tags)

    def forward(self, x: Tensor) -> Tensor:
        """(B, n_in) -> (B, n_tags)."""
        y: Tensor = self.tags(self.dropout(F.relu(self.hidden(x))))
        return y


class MaseNet(nn.Module):
    """The whole network.

    Parameters
    ----------
    config : sizes and variants; None for the paper's
    initial_ratings : initial bias of the two heads, on the 1-9 scale; use the mean ratings of the training
        set, otherwise the first epochs learn only these
    """

    def __init__(
        self, config: MaseNetConfig | None = None, initial_ratings: tuple[float, float] = (5.0, 5.0)
    ) -> None:
        super().__init__()
        self.config = config = config or MaseNetConfig()
        self.harmony_mean: Tensor
        self.harmony_sd: Tensor
        widths = (config.n_features, *config.widths)
        self.blocks = nn.ModuleList(
            MultiScaleBlock(n_in, width, pool, config)
            for n_in, width, pool in zip(widths, config.widths, config.pools, strict=False)
        )
        first, second = config.lstm_units
        self.lstm1 = BiLSTM(widths[-1], first)
        self.lstm2 = BiLSTM(2 * first, second)
        self.attention = SelfAttention(2 * second, config.n_heads, config.key_dim)
        has_harmony = config.n_harmony > 0
        self.register_buffer("harmony_mean", torch.zeros(config.n_harmony), persistent=has_harmony)
        self.register_buffer("harmony_sd", torch.ones(config.n_harmony), persistent=has_harmony)
        self.dense1 = SharedDense(config.fused_width + config.n_harmony, config.dense_units[0])
        self.dense2 = SharedDense(config.dense_units[0], config.dense_units[1])
        self.dropout = nn.Dropout(config.dense_dropout)
        self.heads = nn.ModuleList(
            Head(config.dense_units[1], config.head_units, config.dropout, rating)
            for rating in initial_ratings
        )
        if config.n_tags:
            n_in = config.fused_width + config.n_harmony
            self.tag_head = TagHead(n_in, config.tag_units, config.n_tags, config.dropout)

    def fuse(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the six pooled vectors (section 3.F): (B, T, n_features) -> (B, 2048). See `forward`."""
        mask = None if lengths is None else frame_mask(lengths, features.shape[1])
        x = features.transpose(1, 2).contiguous()  # a strided input doubles the time of convolutions
        if mask is not None:
            x = x * mask[:, None]
        for block, pool in zip(self.blocks, self.config.pools, strict=True):
            x = block(x, mask)
            if lengths is not None:
                lengths = lengths // pool
                mask = frame_mask(lengths, x.shape[2])
                x = x * mask[:, None]
        recurrent = self.lstm2(self.lstm1(x.transpose(1, 2), lengths), lengths)
        attended = self.attention(recurrent, mask)
        sequences = (x, recurrent.transpose(1, 2), attended.transpose(1, 2))
        summaries = (mean_over_time, max_over_time)
        return torch.cat([summary(s, mask) for s in sequences for summary in summaries], dim=1)

    def forward(
        self, features: Tensor, lengths: Tensor | None = None, harmony: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Predict emotion and embeddings for a batch.

        Parameters
        ----------
        features : [shape=(B, T, n_features)], normalized by the statistics of the training set
        lengths : [shape=(B,)], frames of each clip, at least ``config.min_frames``; None if all have T
        harmony : [shape=(B, n_harmony)], see :func:`musimo.audio.harmony.harmony_features`; None if
            ``n_harmony`` is 0

        Returns
        -------
        ratings : [shape=(B, 2)], valence and arousal on the 1-9 scale, not clipped
        embedding : [shape=(B, 256)]
        """
        return self.rate(self.fuse(features, lengths), harmony)

    def rate(self, fused: Tensor, harmony: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return what `forward` does, from the result of `fuse` (section 3.G)."""
        embedding = self.dense2(self.dropout(self.dense1(self._with_harmony(fused, harmony))))
        x = self.dropout(embedding)
        return torch.cat([head(x) for head in self.heads], dim=1), embedding

    def tag_logits(self, fused: Tensor, harmony: Tensor | None = None) -> Tensor:
        """Return logits of the tags, from the result of `fuse`: [shape=(B, n_tags)].

        Their sigmoid is the score. The calibration is in the last layer: above 0 a tag is set.
        """
        if not self.config.n_tags:
            return fused.new_zeros(len(fused), 0)
        logits: Tensor = self.tag_head(self._with_harmony(fused, harmony))
        return logits

    def _with_harmony(self, fused: Tensor, harmony: Tensor | None) -> Tensor:
        """Append the scaled harmony features, if there are any: (B, 2048) -> (B, 2048 + n_harmony)."""
        if harmony is None:
            return fused
        scaled = ((harmony - self.harmony_mean) / self.harmony_sd).clamp(-MAX_SDS, MAX_SDS)
        return torch.cat([fused, scaled], dim=1)
