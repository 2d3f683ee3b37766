"""Configurations: what is written is read, what is not known is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from musimo.emotion.mase_net import MaseNetConfig
from musimo.errors import SettingsError
from musimo.resources import resource
from musimo.training.config import load_config

LEAST = 'dataset = "d"\nversion = "1"\ntraining_data = "none"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_tables_lists_and_whole_numbers(tmp_path: Path) -> None:
    text = LEAST + '[network]\nn_filters = [8, 8]\nresidual = "se"\ndropout = 0\n[augment]\ngain = [1, 1.5]\n'
    config = load_config(written(tmp_path, text))
    assert config.network == MaseNetConfig(n_filters=(8, 8), residual="se", dropout=0.0)
    assert config.augment.gain == (1.0, 1.5)
    assert config.optimizer.learning_rate == 1e-3


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (LEAST + "epochs = 3\n", "unknown key epochs"),
        (LEAST + "[network]\nn_layers = 3\n", "unknown key n_layers"),
        (LEAST + 'seed = "x"\n', "seed"),
        (LEAST + "seed = true\n", "seed"),
        (LEAST + "seed = 1.5\n", "seed"),
        (LEAST + "network = 3\n", "must be a table"),
        (LEAST + '[network]\nresidual = "none of these"\n', "residual"),
        (LEAST + "[network]\nlstm_units = [1, 2, 3]\n", "lstm_units"),
        (LEAST + '[network]\nn_filters = ["a"]\n', "n_filters"),
        ('dataset = "d"\n', "training_data"),
        ("dataset = ", "cannot be read"),
    ],
)
def test_refuses_in_words(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_config(written(tmp_path, text))
    assert word in caught.value.message
    assert "config.toml" in caught.value.message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml"):
        load_config(tmp_path / "nowhere.toml")


def test_the_paper_s_recipe_keeps_to_the_paper() -> None:
    config = load_config(resource("configs") / "paper-musifeast17.toml")
    assert config.network == MaseNetConfig()
    recipe = config.optimizer
    assert (recipe.learning_rate, recipe.batch_size, recipe.correlation_weight) == (1e-3, 32, 0.2)
    assert (recipe.patience, recipe.plateau_patience, recipe.plateau_factor, recipe.l2) == (15, 5, 0.5, 1e-4)
    assert (config.augment.probability, config.augment.gain) == (0.3, (0.8, 1.2))
