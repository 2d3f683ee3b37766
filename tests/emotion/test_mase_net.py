"""The network: its size, and that padding is as if it were not there."""

from __future__ import annotations

import pytest
import torch

from musimo.emotion.mase_net import (
    FrameNorm,
    MaseNet,
    MaseNetConfig,
    frame_mask,
    max_over_time,
    mean_over_time,
)

SMALL = MaseNetConfig(
    n_features=5,
    n_filters=(16, 16, 32, 32),
    lstm_units=(6, 4),
    n_heads=2,
    key_dim=3,
    dense_units=(12, 8),
    head_units=4,
)


def small(config: MaseNetConfig = SMALL) -> MaseNet:
    """A small network whose batch norms have seen something."""
    torch.manual_seed(1)
    network = MaseNet(config)
    network.train()
    for _ in range(3):
        network(torch.randn(6, 64, config.n_features) * 2 + 1)
    return network.eval()


def n_parameters(config: MaseNetConfig) -> int:
    return sum(p.numel() for p in MaseNet(config).parameters())


def test_has_as_many_parameters_as_the_paper_is_read_to_have() -> None:
    assert n_parameters(MaseNetConfig()) == 5_504_702


def test_widths_per_branch_make_it_four_times_as_large() -> None:
    assert n_parameters(MaseNetConfig(branch_filters="per_branch")) == 23_972_594


def test_without_projections_their_kernels_are_saved() -> None:
    kernels = 193 * 64 + 64 * 128 + 128 * 256 + 256 * 512
    for residual in ("se", "none"):
        assert n_parameters(MaseNetConfig(residual=residual)) == 5_504_702 - kernels


@pytest.mark.parametrize("residual", ["proj", "se", "none"])
@pytest.mark.parametrize("branch_filters", ["total", "per_branch"])
def test_every_reading_runs(residual: str, branch_filters: str) -> None:
    config = MaseNetConfig(
        n_features=5,
        n_filters=(16, 16),
        pools=(4, 2),
        lstm_units=(6, 4),
        dense_units=(12, 8),
        residual=residual,  # type: ignore[arg-type]
        branch_filters=branch_filters,  # type: ignore[arg-type]
    )
    ratings, embedding = MaseNet(config).eval()(torch.randn(2, config.min_frames, 5))
    assert config.min_frames == 8
    assert ratings.shape == (2, 2)
    assert embedding.shape == (2, 8)


def test_fuses_six_vectors_into_2048() -> None:
    with torch.inference_mode():
        assert MaseNet().eval().fuse(torch.randn(1, 40, 193)).shape == (1, 2048)


def test_untrained_predictions_are_near_the_initial_ratings() -> None:
    torch.manual_seed(0)
    ratings, _ = MaseNet(SMALL, (6.5, 3.0)).eval()(torch.randn(8, 64, 5))
    assert ratings.mean(dim=0).tolist() == pytest.approx([6.5, 3.0], abs=0.6)


@pytest.mark.parametrize("length", [16, 17, 31, 33, 61, 80])
def test_padding_changes_nothing(length: int) -> None:
    network = small()
    clip = torch.randn(1, length, 5)
    batch = torch.full((3, 80, 5), 7.0)  # padding of another value than zero must not show either
    batch[0, :length] = clip
    batch[1] = torch.randn(80, 5)
    lengths = torch.tensor([length, 80, 16])
    with torch.inference_mode():
        alone, together = network(clip), network(batch, lengths)
    torch.testing.assert_close(together[0][:1], alone[0], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(together[1][:1], alone[1], rtol=1e-5, atol=1e-5)


def test_lengths_that_fill_the_batch_change_nothing() -> None:
    network = small()
    batch = torch.randn(3, 48, 5)
    with torch.inference_mode():
        torch.testing.assert_close(network(batch, torch.full((3,), 48)), network(batch))


def test_padding_changes_nothing_in_training() -> None:
    clips = [torch.randn(length, 5) for length in (32, 48, 64)]
    statistics = []
    for fill in (0.0, 9.0):
        torch.manual_seed(3)
        network = MaseNet(SMALL).train()
        batch = torch.stack([torch.cat([c, torch.full((64 - len(c), 5), fill)]) for c in clips])
        network(batch, torch.tensor([32, 48, 64]))
        statistics.append([b.clone() for name, b in network.named_buffers() if "running" in name])
    for zeros, nines in zip(*statistics, strict=True):
        torch.testing.assert_close(zeros, nines)


def test_gradients_reach_every_parameter() -> None:
    network = MaseNet(SMALL).train()
    ratings, _ = network(torch.randn(8, 64, 5), torch.tensor([64, 64, 50, 40, 33, 30, 20, 16]))
    ratings.sum().backward()
    without = [name for name, p in network.named_parameters() if p.grad is None]
    assert without == []


def test_pooling_leaves_padding_out() -> None:
    x = torch.tensor([[[-1.0, -3.0, 5.0, 5.0]]])
    mask = frame_mask(torch.tensor([2]), 4)
    assert mask.tolist() == [[True, True, False, False]]
    assert mean_over_time(x, mask).tolist() == [[-2.0]]
    assert max_over_time(x, mask).tolist() == [[-1.0]]
    assert mean_over_time(x, None).tolist() == [[1.5]]
    assert max_over_time(x, None).tolist() == [[5.0]]


def test_frame_norm_counts_only_a_clips_own_frames() -> None:
    norm = FrameNorm(1, eps=1e-12).train()
    x = torch.tensor([[[1.0, 3.0, 100.0]]])
    out = norm(x, frame_mask(torch.tensor([2]), 3))
    assert out.flatten().tolist() == pytest.approx([-1.0, 1.0, 0.0])
    assert norm.running_mean is not None
    assert norm.running_mean.item() == pytest.approx(0.1 * 2.0)


def test_the_order_of_frames_matters() -> None:
    network = small()
    clip = torch.randn(1, 64, 5)
    with torch.inference_mode():
        forward, backward = network(clip)[1], network(clip.flip(1))[1]
    assert (forward - backward).abs().max() > 1e-3
