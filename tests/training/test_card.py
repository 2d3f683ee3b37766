"""The script from end to end on a miniature, and the card it writes."""

from __future__ import annotations

import csv
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from musimo.audio.features import FEATURE_ID
from musimo.emotion.weights import load_weights
from musimo.training.card import verdict
from musimo.training.evaluate import Figures

ROOT = Path(__file__).parents[2]

CONFIG = """
dataset = "musifeast17"
version = "0.9"
training_data = "Twelve noises."
recipe = "Hardly any training."
n_folds = 3
inner_share = 0.25
[network]
n_filters = [16, 16]
pools = [2, 2]
lstm_units = [6, 4]
dense_units = [12, 8]
head_units = 4
[optimizer]
max_epochs = 1
batch_size = 4
"""


def miniature(folder: Path) -> Path:
    """Twelve noises, the louder the more arousing."""
    (folder / "audio").mkdir(parents=True)
    rng = np.random.default_rng(0)
    with (folder / "ratings.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["clip_name", "artist", "valence_m", "arousal_m"])
        for i in range(12):
            rows.writerow([f"noise_{i}", f"artist {i}", rng.uniform(1, 5), 1 + i / 3])
            samples = rng.normal(0, 0.002 * 2**i if i < 6 else 0.1, 22_050)
            soundfile.write(folder / "audio" / f"noise_{i}.wav", samples, 22_050)
    return folder


@pytest.fixture
def train(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, Path, Path], int]:
    """scripts/train.py as a function of CONFIG, --data and --out; answers its exit code."""
    spec = importlib.util.spec_from_file_location("train_script", ROOT / "scripts" / "train.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)

    def call(config: Path, data: Path, out: Path) -> int:
        arguments = ["train.py", str(config), "--data", str(data), "--out", str(out), "--threads", "1"]
        monkeypatch.setattr(sys, "argv", arguments)
        return int(script.main())

    return call


def test_from_sounds_to_weights_and_their_card(
    tmp_path: Path, train: Callable[[Path, Path, Path], int], capsys: pytest.CaptureFixture[str]
) -> None:
    config, out = tmp_path / "config.toml", tmp_path / "out"
    config.write_text(CONFIG)
    assert train(config, miniature(tmp_path / "data"), out) == 0
    (path,) = out.glob("mase_net-0.9-*.safetensors")
    assert str(path) in capsys.readouterr().out
    loaded = load_weights(path, FEATURE_ID)
    assert loaded.card.training_data == "Twelve noises."
    (figures,) = loaded.card.figures.values()
    assert set(figures) == {"mean rating", "ridge on clip statistics", "SVR on clip statistics", "MASE-Net"}
    card = (out / "MODEL_CARD.md").read_text(encoding="utf-8")
    for words in (path.stem, FEATURE_ID, "Twelve noises.", "12 clips, 3 folds", "Hardly any training."):
        assert words in card
    shown = f"{figures['MASE-Net']['MAE']['arousal']:.3f} ± {figures['MASE-Net']['MAE']['arousal_sd']:.3f}"
    assert shown in card
    assert "{" not in card

    config.write_text(CONFIG.replace("max_epochs = 1", "max_epochs = 2"))
    assert train(config, tmp_path / "data", out) == 1
    complaint = capsys.readouterr().err
    assert "another recipe" in complaint
    assert "--out" in complaint


def test_a_missing_data_set_is_a_sentence(
    tmp_path: Path, train: Callable[[Path, Path, Path], int], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    assert train(tmp_path / "config.toml", tmp_path / "nothing", tmp_path / "out") == 1
    assert "does not hold MUSIFEAST-17" in capsys.readouterr().err


@pytest.mark.parametrize(("network", "words"), [(0.4, "**loses to**"), (0.6, "beats")])
def test_the_verdict_is_plain(network: float, words: str) -> None:
    def correlations(r: float) -> dict[str, dict[str, float]]:
        return {"r": {"valence": r, "valence_sd": 0.1, "arousal": r, "arousal_sd": 0.1}}

    summary: Figures = {"SVR on clip statistics": correlations(0.5), "MASE-Net": correlations(network)}
    assert verdict(summary).count(words) == 2
    assert f"(r {network:.2f} against 0.50)" in verdict(summary)
