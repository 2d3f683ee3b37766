"""Sizes and readings of MASE-Net, for whatever builds it; `musimo.emotion.mase_net` gives the reasons."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

BATCH_NORM_EPS, LAYER_NORM_EPS = 1e-3, 1e-5
MOST_SDS = 4.0  # skewness and the like have long tails, which must not carry a rating away


@dataclass(frozen=True, slots=True)
class MaseNetConfig:
    """Sizes and readings of the network; the defaults are the paper's, section 3.

    Parameters
    ----------
    n_features : rows of a frame
    n_filters : width of each block
    kernel_sizes : one parallel branch each, in every block
    branch_filters : whether ``n_filters`` is the ``total`` of a block or counts ``per_branch``
    residual : how a block's input is added: ``proj``, ``se`` or ``none``
    pools : max pooling over time after each block
    se_ratio : reduction of squeeze-excitation
    lstm_units : units per direction of each BiLSTM
    n_heads, key_dim : of the self-attention; ``key_dim`` is per head
    dense_units : the shared layers; the last is the embedding
    head_units : hidden layer of each head
    dropout, dense_dropout : in blocks and heads; in the shared layers
    n_harmony : numbers on a clip's harmony and rhythm that join the fused vector; 0 is the paper's form

    Raises
    ------
    ValueError : no network has such sizes
    """

    n_features: int = 193
    n_filters: tuple[int, ...] = (64, 128, 256, 512)
    kernel_sizes: tuple[int, ...] = (1, 3, 5, 7)
    branch_filters: Literal["total", "per_branch"] = "total"
    residual: Literal["proj", "se", "none"] = "proj"
    pools: tuple[int, ...] = (2, 2, 2, 2)
    se_ratio: int = 16
    lstm_units: tuple[int, int] = (256, 128)
    n_heads: int = 8
    key_dim: int = 128
    dense_units: tuple[int, int] = (512, 256)
    head_units: int = 128
    dropout: float = 0.2
    dense_dropout: float = 0.4
    n_harmony: int = 0

    def __post_init__(self) -> None:
        for each in fields(self):
            if not _fits(getattr(self, each.name), each.default):
                raise ValueError(f"{each.name} cannot be {getattr(self, each.name)!r}")
        if len(self.lstm_units) != 2 or len(self.dense_units) != 2:
            raise ValueError("lstm_units and dense_units are two layers each")

    @property
    def min_frames(self) -> int:
        """Frames that leave one step after all pooling; a shorter clip cannot be heard."""
        frames = 1
        for pool in self.pools:
            frames *= pool
        return frames

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of each block: as many filters of every kernel size."""
        n_branches = len(self.kernel_sizes)
        if self.branch_filters == "per_branch":
            return tuple(n * n_branches for n in self.n_filters)
        return tuple(n // n_branches * n_branches for n in self.n_filters)

    @property
    def fused_width(self) -> int:
        """Mean and maximum of the last block, of the second BiLSTM and of the attention."""
        return 2 * (self.widths[-1] + 2 * 2 * self.lstm_units[1])


def _fits(value: Any, default: Any) -> bool:
    """Whether a size or reading is of the kind of its default, and of a range that makes sense."""
    match default:
        case tuple():
            return isinstance(value, tuple) and bool(value) and all(_fits(one, default[0]) for one in value)
        case int():
            return type(value) is int and value >= min(default, 1)
        case float():
            return type(value) in (int, float) and 0 <= value < 1
        case _:
            return isinstance(value, str)
