"""The network for the CPU is the network: the same numbers as in torch, in every reading."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from musimo.audio.features import FEATURE_ID
from musimo.emotion.mase_net import MaseNet, MaseNetConfig
from musimo.emotion.network import build_network, network_tensors
from musimo.emotion.onnx_backend import OnnxNetwork
from musimo.emotion.weights import ModelCard, NetworkWeights, load_weights
from musimo.resources import weights_path

SMALL = MaseNetConfig(
    n_features=5,
    n_filters=(16, 32),
    pools=(2, 3),
    lstm_units=(6, 4),
    n_heads=2,
    key_dim=3,
    dense_units=(12, 8),
    head_units=4,
)
READINGS = {
    "as the paper has it": SMALL,
    "filters counted per branch": replace(SMALL, branch_filters="per_branch", n_filters=(4, 8), se_ratio=4),
    "the residual of squeeze-excitation": replace(SMALL, residual="se"),
    "no residual": replace(SMALL, residual="none"),
    "three kernel sizes": replace(SMALL, kernel_sizes=(1, 3, 9), n_filters=(18, 33)),
    "harmony": replace(SMALL, n_harmony=3),
    "tags": replace(SMALL, n_tags=4, tag_units=7),
    "tags and harmony": replace(SMALL, n_harmony=3, n_tags=2),
}


def drawn(config: MaseNetConfig) -> MaseNet:
    """A network all of whose tensors were drawn at random, running statistics and all."""
    torch.manual_seed(3)
    network = MaseNet(config).eval()
    for name, tensor in network.state_dict().items():
        if name.endswith(("running_var", "norm.weight", "harmony_sd")):
            tensor.copy_(torch.rand(tensor.shape) + 0.5)
        elif tensor.dtype == torch.float32:
            tensor.copy_(torch.randn(tensor.shape) / 4)
    return network


def on_cpu(network: MaseNet) -> OnnxNetwork:
    means, sds = np.zeros(5, np.float32), np.ones(5, np.float32)
    card = ModelCard("0", "features", network.config, "")
    return OnnxNetwork(NetworkWeights("some", card, network_tensors(network), means, sds))


@pytest.mark.parametrize("config", READINGS.values(), ids=READINGS)
@pytest.mark.parametrize("n_frames", [6, 31])
def test_it_says_what_torch_says(config: MaseNetConfig, n_frames: int) -> None:
    network, rng = drawn(config), np.random.default_rng(5)
    frames = rng.normal(0, 1, (3, n_frames, 5)).astype(np.float32)
    harmony = rng.normal(0, 4, (3, 3)).astype(np.float32) if config.n_harmony else None
    ours = on_cpu(network).predict(list(frames), harmony)
    with torch.inference_mode():
        fused = network.fuse(torch.from_numpy(frames))
        shared = fused, None if harmony is None else torch.from_numpy(harmony)
        ratings, embedding = network.rate(*shared)
        tags = network.tag_logits(*shared).sigmoid()
    assert tags.shape == (3, config.n_tags)
    for one, other in zip(ours, (fused, ratings, embedding, tags), strict=True):
        np.testing.assert_allclose(one, other.numpy(), rtol=1e-4, atol=1e-5)


def test_the_network_that_ships_says_what_it_says_in_torch() -> None:
    weights = load_weights(weights_path(), FEATURE_ID)
    rng = np.random.default_rng(6)
    frames = rng.normal(0, 1, (2, 400, 193)).astype(np.float32)
    harmony = rng.normal(0, 1, (2, 109)).astype(np.float32)
    ours = OnnxNetwork(weights).predict(list(frames), harmony)
    with torch.inference_mode():
        ratings, embedding = build_network(weights)(torch.from_numpy(frames), None, torch.from_numpy(harmony))
    np.testing.assert_allclose(ours.ratings, ratings.numpy(), atol=1e-4)
    np.testing.assert_allclose(ours.embedding, embedding.numpy(), atol=1e-4)


def test_windows_of_different_lengths_are_predicted_one_by_one() -> None:
    network = on_cpu(drawn(replace(SMALL, n_tags=3)))
    rng = np.random.default_rng(7)
    clips = [rng.normal(0, 1, (n, 5)).astype(np.float32) for n in (6, 20, 6)]
    together = network.predict(clips, None)
    for i, clip in enumerate(clips):
        for all_of_them, alone in zip(together, network.predict([clip], None), strict=True):
            assert all_of_them[i].tobytes() == alone[0].tobytes()
