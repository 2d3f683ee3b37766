"""Configurations: values are read, unknown keys are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from musimo.emotion.mase_net import MaseNetConfig
from musimo.errors import SettingsError
from musimo.training.config import TrainingConfig
from musimo.training.corpus import CorpusConfig
from musimo.training.datasets.catalog import DatasetConfig
from musimo.training.recipe import DistilRecipe, Recipe, find_config, load_recipe

LEAST = 'kind = "supervised"\nversion = "1"\ntraining_data = "none"\ndataset = { name = "deam" }\n'


def load_config(path: Path) -> TrainingConfig:
    recipe = load_recipe(path)
    assert isinstance(recipe, TrainingConfig)
    return recipe


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
        ('kind = "supervised"\ndataset = { name = "deam" }\n', "training_data"),
        ('kind = "supervised"\ndataset = "deam"\n', "dataset must be a table"),
        (LEAST + "[[cross]]\nlabel = 1\n", "unknown key label"),
        (LEAST + "cross = [1]\n", "cross must be a table"),
        (LEAST + '[optimizer]\nloss = "mse"\n', "loss"),
        ('kind = "guessed"\n', "kind is 'guessed'"),
        ('version = "1"\n', "has no kind"),
        ("dataset = ", "cannot be read"),
    ],
)
def test_invalid_configurations_are_refused_with_a_message(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_config(written(tmp_path, text))
    assert word in caught.value.message
    assert "config.toml" in caught.value.message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml"):
        load_config(tmp_path / "nowhere.toml")


def test_unknown_keys_list_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_config(written(tmp_path, LEAST + "epochs = 3\n"))
    for name in ("version", "dataset", "n_folds", "optimizer"):
        assert name in caught.value.hint


def test_data_sets_are_tables(tmp_path: Path) -> None:
    text = LEAST + '[[cross]]\nname = "vgmidi"\nsoundfonts = ["a.sf2"]\n[[cross]]\nname = "soundtracks"\n'
    config = load_config(written(tmp_path, text))
    assert config.dataset == DatasetConfig("deam", labels="corrected")
    assert config.cross == (DatasetConfig("vgmidi", soundfonts=("a.sf2",)), DatasetConfig("soundtracks"))


@pytest.mark.parametrize("name", ["default", "paper", "paper-musifeast17"])
def test_built_in_configurations_are_valid_and_documented(name: str) -> None:
    path = find_config(name)
    recipe: Recipe = load_recipe(path)
    assert recipe.kind in ("supervised", "distilled")
    head = path.read_text(encoding="utf-8")
    for word in ("Makes:", "Takes:", "Expect:", f"musimo train {name}"):
        assert word in head


def test_an_unknown_configuration_lists_the_built_in_ones() -> None:
    with pytest.raises(SettingsError) as caught:
        find_config("papers")
    assert "papers" in caught.value.message
    assert "default, paper, paper-musifeast17" in caught.value.hint


@pytest.mark.parametrize("name", ["paper", "paper-musifeast17"])
def test_the_paper_s_recipe_has_the_paper_s_values(name: str) -> None:
    config = load_config(find_config(name))
    assert config.network == MaseNetConfig()
    recipe = config.optimizer
    assert (recipe.learning_rate, recipe.batch_size, recipe.correlation_weight) == (1e-3, 32, 0.2)
    assert (recipe.patience, recipe.plateau_patience, recipe.plateau_factor, recipe.l2) == (15, 5, 0.5, 1e-4)
    assert (config.augment.probability, config.augment.gain) == (0.3, (0.8, 1.2))
    assert recipe.loss == "mse_pearson"


def test_the_paper_s_data_are_split_as_in_the_paper() -> None:
    config = load_config(find_config("paper"))
    assert (config.split, config.inner_share, config.augment.crop_frames) == ("holdout", 0.15, 0)


def test_the_shipped_weights_are_distilled() -> None:
    recipe = load_recipe(find_config("default"))
    assert isinstance(recipe, DistilRecipe)
    assert isinstance(recipe.corpus, CorpusConfig)


def test_harmony_inputs_cannot_be_configured(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    for kind, table in (("supervised", "network"), ("distilled", "distill.network")):
        words = f'kind = "{kind}"\nversion = "1"\ntraining_data = ""\n[dataset]\nname = "deam"\n'
        path.write_text(f"{words}[{table}]\nn_harmony = 5\n", encoding="utf-8")
        with pytest.raises(SettingsError, match="n_harmony"):
            load_recipe(path)
