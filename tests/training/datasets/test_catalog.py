"""Loading data sets by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from musimo.errors import UsageError
from musimo.training.datasets.catalog import DATASETS, DatasetConfig, load_dataset


def test_every_data_set_says_which_files_to_put_where(tmp_path: Path, notices: list[str]) -> None:
    assert DATASETS == ("deam", "emomusic", "musifeast17", "panda4q", "pmemo", "soundtracks", "vgmidi")
    for name in DATASETS:
        with pytest.raises(UsageError, match=str(tmp_path / name)) as caught:
            load_dataset(DatasetConfig(name), tmp_path, tmp_path / "cache", notices.append)
        assert str(tmp_path / name) in caught.value.hint
    assert notices == []


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path, notices: list[str]) -> None:
    with pytest.raises(UsageError, match="'emopia'") as caught:
        load_dataset(DatasetConfig("emopia"), tmp_path, tmp_path, notices.append)
    assert all(name in caught.value.hint for name in DATASETS)


@pytest.mark.parametrize(
    ("config", "option"),
    [
        (DatasetConfig("emomusic", labels="shipped"), "labels"),
        (DatasetConfig("deam", part="set1"), "part"),
        (DatasetConfig("soundtracks", soundfonts=("x.sf2",)), "soundfonts"),
    ],
)
def test_options_of_other_data_sets_are_refused(
    config: DatasetConfig, option: str, tmp_path: Path, notices: list[str]
) -> None:
    with pytest.raises(UsageError, match=f"{config.name} has no option '{option}'"):
        load_dataset(config, tmp_path, tmp_path, notices.append)


def test_options_reach_the_loaders(tmp_path: Path, sounds: Callable[..., None], notices: list[str]) -> None:
    for name in ("deam", "soundtracks"):
        sounds(tmp_path / name / "Set1", "5")
    (tmp_path / "deam" / "static_annotations.csv").write_text("song_id,valence_mean,arousal_mean\n5,3,4\n")
    (tmp_path / "soundtracks" / "mean_ratings_set1.csv").write_text("number,valence,energy\n5,3,4\n")
    for config in (DatasetConfig("deam", labels="shipped"), DatasetConfig("soundtracks", part="set1-raw")):
        (clip,) = load_dataset(config, tmp_path, tmp_path / "cache", notices.append)
        assert (clip.valence, clip.arousal) == (3.0, 4.0)
    (clip,) = load_dataset(DatasetConfig("deam"), tmp_path, tmp_path / "cache", notices.append)
    assert (clip.valence, clip.arousal) == (4.0, 3.0)


def test_soundfonts_reach_their_loader(tmp_path: Path, notices: list[str]) -> None:
    folder = tmp_path / "vgmidi"
    folder.mkdir()
    (folder / "a.mid").touch()
    (folder / "va_curves.json").write_text('{"a.mid": {"valence": [0], "arousal": [0]}}')
    config = DatasetConfig("vgmidi", soundfonts=("/nowhere.sf2",))
    with pytest.raises(UsageError, match=r"no soundfont /nowhere\.sf2"):
        load_dataset(config, tmp_path, tmp_path, notices.append)
