"""From audio to weights, card and report through the command line; interrupted and resumed."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from musimo.audio.features import FEATURE_ID
from musimo.cli.main import run as command
from musimo.emotion.weights import load_weights
from musimo.errors import MusimoError, UsageError
from musimo.installation import installation
from musimo.training import run
from musimo.training.progress import Finished, Row
from musimo.training.recipe import load_recipe
from musimo.training.run_log import read_log
from musimo.training.workspace import Workspace, open_workspace
from tests.training import miniature

RECIPES = {"supervised": miniature.SUPERVISED, "distilled": miniature.DISTILLED}
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Trained:
    """Output of `musimo train --json`."""

    workspace: Workspace
    config: Path
    document: dict[str, Any]
    err: str


def shell(*arguments: str | Path) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = command([str(argument) for argument in arguments])
    return code, out.getvalue(), err.getvalue()


def options(workspace: Workspace) -> list[str | Path]:
    return ["--data", workspace.data, "--out", workspace.out, "--device", "cpu", "--processes", "1"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = miniature.music(miniature.musifeast17(tmp_path_factory.mktemp("data")))
    miniature.teacher(folder / "msd_musicnn.npz")
    return folder


def workspace_at(data: Path, out: Path) -> Workspace:
    return Workspace(data, data / "music", data / "msd_musicnn.npz", out, "cpu", 1)


@pytest.fixture(scope="module", params=RECIPES)
def trained(request: pytest.FixtureRequest, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp(request.param)
    config = folder / "tiny.toml"
    config.write_text(RECIPES[request.param])
    workspace = workspace_at(data, folder / "out")
    code, out, err = shell("train", config, *options(workspace), "--json")
    assert code == 0, err
    return Trained(workspace, config, json.loads(out), err)


def test_training_leaves_weights_card_report_log_and_curves(trained: Trained) -> None:
    weights, out = Path(trained.document["weights"]), trained.workspace.out
    loaded = load_weights(weights, FEATURE_ID)
    assert loaded.card.training_data == "Fifteen noises."
    assert {"mean rating", "SVR on clip statistics", "MASE-Net"} <= {*loaded.card.figures["folds"]}
    card = Path(trained.document["card"]).read_text(encoding="utf-8")
    for words in (weights.stem, FEATURE_ID, "Fifteen noises.", "15 clips, 3 folds", "MASE-Net minus SVR"):
        assert words in card
    assert "{" not in card
    assert "## Every fold and seed" in Path(trained.document["report"]).read_text(encoding="utf-8")
    assert (out / "curves.png").read_bytes().startswith(PNG)
    rows = read_log(out / "log.csv")
    assert {"part", "number", "training", "rate", "seconds"} <= {*rows[0]}
    distilled = 'kind = "distilled"' in trained.config.read_text()
    # three folds and the final training of two epochs each; a checkpoint every two of six batches
    assert len(rows) == (3 if distilled else 8)
    assert rows[-1]["number"] in trained.err


def test_evaluation_reuses_the_results_of_training(trained: Trained) -> None:
    code, out, err = shell("evaluate", trained.config, *options(trained.workspace), "--json")
    assert code == 0, err
    assert "training" not in err  # not one epoch or batch more
    document = json.loads(out)
    assert document["figures"]["musifeast17"] == trained.document["figures"]
    assert Path(document["report"]).is_file()


def test_an_interrupted_training_resumes_to_the_same_weights(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "write_report", lambda study, folder, **_: folder / "report.md")
    workspace = workspace_at(trained.workspace.data, tmp_path / "out")
    work = run.train(trained.config, workspace)
    for event in work:
        if isinstance(event, Row):
            break
    work.close()
    (finished,) = (e for e in run.train(trained.config, workspace) if isinstance(e, Finished))
    assert finished.weights is not None
    assert finished.weights.name == Path(trained.document["weights"]).name
    mine, theirs = (read_log(folder / "log.csv") for folder in (workspace.out, trained.workspace.out))
    assert [{**row, "seconds": ""} for row in mine] == [{**row, "seconds": ""} for row in theirs]


def test_a_folder_of_another_recipe_is_refused(trained: Trained, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(trained.config.read_text().replace("seed = 3", "seed = 4"))
    code, _, err = shell("train", other, *options(trained.workspace))
    assert code == 2
    assert "another recipe" in err
    assert "--out" in err


def test_existing_weights_are_evaluated_without_training(data: Path, trained: Trained) -> None:
    weights = trained.document["weights"]
    code, out, err = shell("evaluate", trained.config, *options(trained.workspace), "--weights", weights)
    assert code == 0, err
    assert "| arousal, MASE-Net |" in out
    page = trained.workspace.out / f"report-{Path(weights).stem}" / "report.md"
    assert out.splitlines()[-1] == str(page)
    assert "evaluated without training" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("kind", "missing", "words"),
    [
        ("supervised", "musifeast17", "does not hold MUSIFEAST-17"),
        ("distilled", "music", "there is no music in"),
        ("distilled", "msd_musicnn.npz", "there is no teacher at"),
    ],
)
def test_missing_inputs_are_named(data: Path, tmp_path: Path, kind: str, missing: str, words: str) -> None:
    (tmp_path / "data").mkdir()
    for name in {"musifeast17", "music", "msd_musicnn.npz"} - {missing}:
        (tmp_path / "data" / name).symlink_to(data / name)
    (tmp_path / "c.toml").write_text(RECIPES[kind])
    code, out, err = shell(
        "train", tmp_path / "c.toml", *options(workspace_at(tmp_path / "data", tmp_path / "o"))
    )
    assert (code, out) == (2, "")
    assert words in err
    assert "put " in err
    assert "Traceback" not in err


def test_the_matrix_of_data_sets(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "MIN_TRANSFER_CLIPS", 5)
    folder = tmp_path / "data"
    folder.mkdir()
    for path in data.iterdir():
        (folder / path.name).symlink_to(path)
    miniature.panda4q(folder)
    config = tmp_path / "tiny.toml"
    config.write_text(miniature.SUPERVISED.replace("[network]", '[[cross]]\nname = "panda4q"\n[network]'))
    workspace = Workspace(folder, folder / "music", folder / "msd_musicnn.npz", tmp_path / "out", "cpu", 1)
    code, out, err = shell("evaluate", config, *options(workspace), "--json")
    assert code == 0, err
    document = json.loads(out)
    rows = {
        (row["trained_on"], row["tested_on"], row["method"]): row for row in document["figures"]["across"]
    }
    there, back = (
        rows[(*pair, "MASE-Net")] for pair in (("musifeast17", "panda4q"), ("panda4q", "musifeast17"))
    )
    assert (there["n_train"], there["n_clips"]) == (14, 12), "the artist of both is left out of training"
    assert (back["n_train"], back["n_clips"]) == (11, 15)
    assert back["aucs"] == {}, "no quadrants"
    loud = rows["musifeast17", "panda4q", "SVR on clip statistics"]["aucs"]["arousal"]
    assert loud["value"] == loud["low"] == loud["high"] == 1, "loud noise is louder in every resample"
    assert rows["", "panda4q", "bandwidth alone"]["n_train"] is None
    assert ("panda4q", "panda4q", "MASE-Net") in rows
    assert "## Matrix of data sets" in Path(document["report"]).read_text(encoding="utf-8")


def test_an_unknown_key_lists_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("epochs = 3\n" + miniature.SUPERVISED)
    code, _, err = shell("train", tmp_path / "c.toml", "--out", tmp_path / "out")
    assert code == 1
    assert "unknown key epochs" in err
    assert "n_folds" in err
    assert not (tmp_path / "out").exists()


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MusimoError, match="scikit-learn") as caught:
        list(run.train(tmp_path / "any.toml", workspace_at(tmp_path, tmp_path)))
    assert installation().add("train") in caught.value.hint


@pytest.mark.parametrize("verb", ["train", "evaluate"])
def test_a_light_set_up_says_what_the_commands_need(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("torch", "librosa"):
        monkeypatch.setitem(sys.modules, module, None)
    code, _, err = shell(verb, "default")
    assert code == 1
    assert "training and evaluation need packages that are not installed: PyTorch, librosa" in err
    assert installation().add("train") in err


def test_ctrl_c_reports_what_is_kept_and_stops(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ended = []

    def interrupted(*_: object) -> Iterator[Row]:
        try:
            yield Row("final", 1, {"training": 1.0, "rate": 1e-3, "seconds": 2.0})
            raise KeyboardInterrupt
        finally:
            ended.append(True)

    monkeypatch.setattr(run, "train", interrupted)
    code, out, err = shell("train", "paper", "--out", tmp_path / "out")
    assert (code, out, ended) == (130, "", [True])
    assert "final    1  training 1.0000  rate 1.0e-03  2 s" in err
    assert f"what is done is kept in {tmp_path / 'out'}, and the same command goes on from there" in err


def test_an_unknown_device_is_an_error_with_a_message(tmp_path: Path) -> None:
    with pytest.raises(MusimoError, match="is not the name of a device"):
        replace(workspace_at(tmp_path, tmp_path), device="gpu").torch_device()


def test_other_texts_do_not_make_another_recipe(trained: Trained) -> None:
    recipe = load_recipe(trained.config)
    open_workspace(trained.workspace, replace(recipe, version="1.0", training_data="Other words.", n_seeds=9))
    with pytest.raises(UsageError):
        open_workspace(trained.workspace, replace(recipe, seed=99))
