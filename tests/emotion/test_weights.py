"""Weights files: what is written comes back, and what is damaged is refused in words."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from musimo.audio.features import FEATURE_ID
from musimo.emotion.mase_net import MaseNet, MaseNetConfig
from musimo.emotion.network import build_network, network_tensors
from musimo.emotion.onnx_backend import OnnxNetwork
from musimo.emotion.space import load_space
from musimo.emotion.weights import (
    MEANS,
    ModelCard,
    NetworkWeights,
    load_network_weights,
    load_weights,
    save_weights,
)
from musimo.errors import WeightsError
from musimo.resources import weights_path
from tests.spaces import some_space

CONFIG = MaseNetConfig(
    n_features=5, n_filters=(16, 16), pools=(2, 2), lstm_units=(6, 4), dense_units=(12, 8), head_units=4
)
CARD = ModelCard("0.3", "some-features", CONFIG, "Made of nothing.", {"r": [0.5, 0.7]})
MEANS_5, SDS_5 = np.arange(5, dtype=np.float32), np.full(5, 2, dtype=np.float32)
SPACE = some_space(64, 15, 8)


def network(seed: int = 1) -> MaseNet:
    torch.manual_seed(seed)
    return MaseNet(CONFIG).eval()


TENSORS = network_tensors(network())


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return save_weights(tmp_path, TENSORS, MEANS_5, SDS_5, SPACE, CARD)


def rewritten(path: Path, tensors: dict[str, torch.Tensor] | None = None, **metadata: str) -> Path:
    """The same file name with other content."""
    with safe_open(path, "pt") as file:
        old = file.metadata()
    save_file(tensors or load_file(path), path, old | metadata)
    return path


def test_what_was_saved_comes_back(saved: Path) -> None:
    loaded = load_weights(saved, "some-features")
    assert loaded.card == CARD
    assert loaded.model_id == saved.stem
    assert saved.stem.startswith("mase_net-0.3-")
    np.testing.assert_array_equal(loaded.means, MEANS_5)
    np.testing.assert_array_equal(loaded.sds, SDS_5)
    for name, part in SPACE.tensors().items():
        np.testing.assert_array_equal(loaded.space.tensors()[name], part)
        np.testing.assert_array_equal(load_space(saved).tensors()[name], part)
    clip = torch.randn(2, 16, 5)
    with torch.inference_mode():
        torch.testing.assert_close(build_network(loaded)(clip), network()(clip), rtol=2e-3, atol=2e-3)


def test_names_of_tags_come_back_and_belong_to_the_name(tmp_path: Path) -> None:
    torch.manual_seed(1)
    card = replace(CARD, config=replace(CONFIG, n_tags=2), tags=("piano", "no vocals"))
    tensors = network_tensors(MaseNet(card.config))
    saved = save_weights(tmp_path, tensors, MEANS_5, SDS_5, SPACE, card)
    assert load_weights(saved, "some-features").card == card
    assert build_network(load_weights(saved, "some-features")).tag_head.tags.out_features == 2
    other = save_weights(tmp_path, tensors, MEANS_5, SDS_5, SPACE, replace(card, tags=("no vocals", "piano")))
    assert saved.name != other.name
    for names in ('["piano"]', '["piano", "Piano"]', '["piano", "piano"]', '["piano", 7]', "7", "[", "{}"):
        refused(rewritten(saved, tags=names), "does not describe its network")
    for tags in (("piano",), ("piano", "piano"), ("piano", "no  vocals"), ("piano", "\x1b[31m")):
        with pytest.raises(ValueError, match="tags"):
            save_weights(tmp_path, tensors, MEANS_5, SDS_5, SPACE, replace(card, tags=tags))


def test_the_name_follows_the_content_and_not_the_prose(tmp_path: Path) -> None:
    names = {
        save_weights(tmp_path, TENSORS, MEANS_5, SDS_5, SPACE, card).name
        for card in (CARD, replace(CARD, figures={}, training_data="Said otherwise."))
    }
    assert len(names) == 1
    others = {
        save_weights(tmp_path, network_tensors(network(2)), MEANS_5, SDS_5, SPACE, CARD).name,
        save_weights(tmp_path, TENSORS, MEANS_5 + 1, SDS_5, SPACE, CARD).name,
        save_weights(tmp_path, TENSORS, MEANS_5, SDS_5, SPACE, replace(CARD, feature_id="others")).name,
        save_weights(tmp_path, TENSORS, MEANS_5, SDS_5, some_space(64, 15, 8, seed=9), CARD).name,
    }
    assert len(names | others) == 5


def test_nothing_unfinished_is_left_behind(saved: Path) -> None:
    assert list(saved.parent.iterdir()) == [saved]


def refused(path: Path, *words: str, feature_id: str = "some-features") -> None:
    with pytest.raises(WeightsError) as caught:
        load_weights(path, feature_id)
    for word in (*words, path.name):
        assert word in caught.value.message
    assert caught.value.hint


def test_refuses_a_missing_file(tmp_path: Path) -> None:
    refused(tmp_path / "mase_net-0.3-00000000.safetensors", "no weights file")


@pytest.mark.parametrize("n_bytes", [0, 4, 100, 5000])
def test_refuses_a_truncated_file(saved: Path, n_bytes: int) -> None:
    saved.write_bytes(saved.read_bytes()[:n_bytes])
    refused(saved, "not a complete safetensors file")


def test_refuses_a_pickle(saved: Path) -> None:
    saved.write_bytes(pickle.dumps({"weights": [1.0, 2.0]}))
    refused(saved, "not a complete safetensors file")
    torch.save(network().state_dict(), saved)
    refused(saved, "not a complete safetensors file")


def test_refuses_a_flipped_bit(saved: Path) -> None:
    content = bytearray(saved.read_bytes())
    content[-100] ^= 1
    saved.write_bytes(bytes(content))
    refused(saved, "damaged or was renamed", saved.stem)


def test_refuses_another_name_and_reports_the_right_one(saved: Path) -> None:
    renamed = saved.rename(saved.with_name("mine.safetensors"))
    refused(renamed, saved.stem)


def test_refuses_other_features(saved: Path) -> None:
    refused(saved, "some-features", "other-features", feature_id="other-features")


def test_refuses_an_unknown_architecture(saved: Path) -> None:
    refused(rewritten(saved, architecture="mase_net/99"), "mase_net/99", "mase_net/1")


def test_refuses_a_file_that_names_no_architecture(saved: Path) -> None:
    save_file(load_file(saved), saved)
    refused(saved, "no architecture")


@pytest.mark.parametrize(
    "config",
    [
        *(
            "not json",
            "[]",
            '{"n_layers": 3}',
            '{"kernel_sizes": 3}',
            '{"pools": []}',
            '{"pools": [0]}',
        ),
        *(
            '{"lstm_units": [4]}',
            '{"se_ratio": 0}',
            '{"key_dim": 1e300}',
            '{"n_heads": true}',
            '{"residual": 1}',
        ),
        *('{"n_harmony": -1}', '{"dropout": 1}', '{"n_filters": "ab"}'),
    ],
)
def test_refuses_a_config_it_cannot_read(saved: Path, config: str) -> None:
    refused(rewritten(saved, config=config), "does not describe its network")


def test_refuses_numbers_that_are_none(saved: Path, tmp_path: Path) -> None:
    broken = network()
    with torch.no_grad():
        broken.dense1.linear.weight[0, 0] = torch.nan
    refused(
        save_weights(tmp_path, network_tensors(broken), MEANS_5, SDS_5, SPACE, CARD),
        "values that are not finite",
    )


def test_refuses_a_file_without_statistics_or_with_tensors_missing(saved: Path) -> None:
    tensors = load_file(saved)
    for name in (MEANS, "dense1.linear.weight"):
        lacking = {key: tensor for key, tensor in tensors.items() if key != name}
        refused(rewritten(saved, lacking), "damaged")


def test_refuses_a_network_without_a_space_or_with_that_of_another(saved: Path, tmp_path: Path) -> None:
    tensors = {name: tensor for name, tensor in load_file(saved).items() if not name.startswith("space.")}
    rewritten(saved, tensors)
    with pytest.raises(WeightsError) as caught:
        load_weights(saved, "some-features")
    named = saved.rename(saved.with_name(caught.value.message.split()[-1] + ".safetensors"))
    refused(named, "without a sound space")
    bare = load_network_weights(named, "some-features")
    np.testing.assert_array_equal(bare.means, MEANS_5)
    mended = save_weights(tmp_path, bare.tensors, MEANS_5, SDS_5, SPACE, bare.card)
    assert load_weights(mended, "some-features").card == CARD
    with pytest.raises(ValueError, match="space does not fit"):
        save_weights(tmp_path, bare.tensors, MEANS_5, SDS_5, some_space(64, 15, 9), bare.card)


@pytest.mark.parametrize("build", [build_network, OnnxNetwork])
@pytest.mark.parametrize("harm", ["lacking", "of another shape", "one too many"])
def test_a_card_that_describes_another_network_is_refused(
    tmp_path: Path, build: Callable[[NetworkWeights], object], harm: str
) -> None:
    tensors = dict(TENSORS)
    if harm == "lacking":
        del tensors["dense1.linear.weight"]
    elif harm == "of another shape":
        tensors["dense1.linear.weight"] = tensors["dense1.linear.weight"].T
    else:
        tensors["dense3.linear.weight"] = tensors["dense1.linear.weight"]
    weights = load_weights(save_weights(tmp_path, tensors, MEANS_5, SDS_5, SPACE, CARD), "some-features")
    with pytest.raises(WeightsError, match=r"do not fit its configuration: .*dense"):
        build(weights)


def test_what_does_not_fit_the_card_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must not contain dashes"):
        save_weights(tmp_path, TENSORS, MEANS_5, SDS_5, SPACE, replace(CARD, version="0-3"))
    with pytest.raises(ValueError, match="do not fit"):
        save_weights(tmp_path, TENSORS, MEANS_5, SDS_5 * 0, SPACE, CARD)


def test_the_weights_that_ship_are_complete_small_and_for_these_features() -> None:
    path = weights_path()
    assert path.stat().st_size <= 14_000_000
    loaded = load_weights(path, FEATURE_ID)
    n_tags = len(loaded.card.tags)
    tag_head = (2048 + 109 + 1) * 256 + (256 + 1) * n_tags
    n_parameters = sum(p.numel() for p in build_network(loaded).parameters())
    assert n_parameters == 5_504_702 + 109 * 512 + tag_head  # the paper's, harmony and tags
    assert n_tags > 60
    assert loaded.card.training_data
    assert loaded.card.figures
