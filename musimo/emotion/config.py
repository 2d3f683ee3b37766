"""Configuration of MASE-Net; :mod:`musimo.emotion.mase_net` gives the reasons."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

BATCH_NORM_EPS, LAYER_NORM_EPS = 1e-3, 1e-5
MAX_SDS = 4.0  # harmony features are clipped there: moments have long tails


@dataclass(frozen=True, slots=True)
class MaseNetConfig:
    """Sizes and variants of the network; the defaults are the paper's, section 3.

    Parameters
    ----------
    n_features : values per frame
    n_filters : width of each block
    kernel_sizes : of the parallel branches in every block
    branch_filters : whether ``n_filters`` is the ``total`` of a block or counts ``per_branch``
    residual : how a block's input is added: ``proj``, ``se`` or ``none``
    pools : max pooling over time after each block
    se_ratio : reduction of squeeze-excitation
    lstm_units : units per direction of each BiLSTM
    n_heads, key_dim : of the self-attention; ``key_dim`` is per head
    dense_units : sizes of the shared layers; the second is the embedding
    head_units : size of the hidden layer of each head
    dropout, dense_dropout : rate in blocks and heads; in the shared layers
    n_harmony : number of harmony features appended to the fused vector; 0 in the paper
    n_tags : number of tags that the network hears; 0 in the paper
    tag_units : size of the hidden layer of the tag head

    Raises
    ------
    ValueError : a value is out of range
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
    n_tags: int = 0
    tag_units: int = 256

    def __post_init__(self) -> None:
        for each in fields(self):
            if not _is_valid(getattr(self, each.name), each.default):
                raise ValueError(f"{each.name} cannot be {getattr(self, each.name)!r}")
        if len(self.lstm_units) != 2 or len(self.dense_units) != 2:
            raise ValueError("lstm_units and dense_units are two layers each")

    @property
    def min_frames(self) -> int:
        """Frames that leave one step after all pooling: the shortest input."""
        frames = 1
        for pool in self.pools:
            frames *= pool
        return frames

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of each block: the same number for every kernel size."""
        n_branches = len(self.kernel_sizes)
        if self.branch_filters == "per_branch":
            return tuple(n * n_branches for n in self.n_filters)
        return tuple(n // n_branches * n_branches for n in self.n_filters)

    @property
    def fused_width(self) -> int:
        """Length of the fused vector: mean and maximum of last block, second BiLSTM and attention."""
        return 2 * (self.widths[-1] + 2 * 2 * self.lstm_units[1])


def _is_valid(value: Any, default: Any) -> bool:
    """Return whether a value has the type of its default and a sensible range."""
    match default:
        case tuple():
            return (
                isinstance(value, tuple) and bool(value) and all(_is_valid(one, default[0]) for one in value)
            )
        case int():
            return type(value) is int and value >= min(default, 1)
        case float():
            return type(value) in (int, float) and 0 <= value < 1
        case _:
            return isinstance(value, str)
