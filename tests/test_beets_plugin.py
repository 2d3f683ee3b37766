"""``beet musimo`` in the real beets; skipped where beets is not installed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mutagen
import pytest

from musimo.api.session import Session
from musimo.resources import weights_path
from tests.catalog import Catalog, Entry, direction
from tests.conftest import PlainPredictor
from tests.sounds import encode, melody

pytest.importorskip("beets", reason="the extra musimo[beets] is not installed")

Beet = Callable[..., list[str]]


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Three tracks, of which musimo's library knows the mood of two."""
    folder = tmp_path / "music"
    folder.mkdir()
    for n, name in enumerate(("calm", "happy", "unknown")):
        path = encode(folder / f"{name}.flac", melody(0.5, 22_050, n), 22_050)
        file: Any = mutagen.File(path)
        file["title"], file["artist"] = name, "A"
        file.save()
    catalog = Catalog(Path(os.environ["MUSIMO_HOME"]) / "library.db", folder, weights_path().stem)
    catalog.add(
        Entry("calm.flac", direction(1), 0.71234, 0.2), Entry("happy.flac", direction(0, 1), 0.9, 0.8)
    )
    return folder


@pytest.fixture
def beet(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Beet:
    """Runs ``beet`` with these arguments, in a library of its own that holds the music."""
    from beets import config, plugins, ui

    monkeypatch.setattr(plugins, "_instances", [])
    folder = tmp_path / "beets"
    folder.mkdir()
    monkeypatch.setenv("BEETSDIR", str(folder))
    monkeypatch.setattr(Session, "load_predictor", lambda self, weights: PlainPredictor())
    monkeypatch.setenv("MUSIMO_JOBS", "0")
    settings = [
        f"directory: {music}",
        f"library: {folder / 'beets.db'}",
        "plugins: musimo",
        "import: {copy: no, write: no, autotag: no, quiet: yes}",
    ]

    def run(*arguments: str, **options: str) -> list[str]:
        own = [f"musimo: {{{', '.join(f'{name}: {value}' for name, value in options.items())}}}"]
        (folder / "config.yaml").write_text("\n".join(settings + own))
        config.clear()
        config.read()
        plugins._instances.clear()
        capsys.readouterr()
        ui._raw_main([*arguments])
        return capsys.readouterr().out.splitlines()

    return run


FORMAT = "$title $valence $arousal $mood_words"


def test_attributes_are_filled_and_asked_for(beet: Beet, music: Path) -> None:
    beet("import", str(music))
    data = {path: path.read_bytes() for path in music.iterdir()}
    assert beet("ls", "valence:0.0..") == []
    assert len(beet("musimo", "--pretend")) == 2
    assert beet("ls", "valence:0.0..") == []
    assert len(beet("musimo")) == 2
    assert beet("ls", "valence:0.7..", "-f", FORMAT) == [
        "calm 0.712 0.200 sad",
        "happy 0.900 0.800 happy",
    ]
    assert beet("ls", "valence:0.7..", "arousal:..0.5", "-f", "$title") == ["calm"]
    assert beet("ls", "mood_words:happy", "-f", "$title") == ["happy"]
    assert beet("musimo") == []
    assert {path: path.read_bytes() for path in music.iterdir()} == data


def test_a_query_limits_it_and_force_looks_again(beet: Beet, music: Path) -> None:
    beet("import", str(music))
    assert len(beet("musimo", "title:calm")) == 1
    catalog = Catalog(Path(os.environ["MUSIMO_HOME"]) / "library.db", music, weights_path().stem)
    catalog.add(Entry("calm.flac", direction(1), 0.4, 0.2))
    assert beet("musimo", "title:calm") == []
    assert len(beet("musimo", "title:calm", "--force")) == 1
    assert beet("ls", "valence:0.4", "-f", "$title") == ["calm"]


def test_what_musimo_does_not_know_is_heard_on_request(beet: Beet, music: Path) -> None:
    beet("import", str(music))
    beet("musimo")
    assert beet("ls", "valence:0.0..", "title:unknown") == []
    assert len(beet("musimo", "--analyze")) == 1
    assert len(beet("ls", "valence:0.0..", "title:unknown")) == 1


def test_who_has_all_heard_is_not_told_to_have_it_heard(
    beet: Beet, music: Path, caplog: pytest.LogCaptureFixture
) -> None:
    beet("import", str(music))
    beet("musimo")
    assert "beet musimo --analyze" in caplog.text
    (music / "unknown.flac").write_text("no sound any more")
    caplog.clear()
    beet("musimo", analyze="yes")
    assert "cannot analyze" in caplog.text
    assert "beet musimo --analyze" not in caplog.text


@pytest.mark.parametrize(("auto", "n"), [("no", 0), ("yes", 2)])
def test_an_import_fills_only_if_it_is_told_to(beet: Beet, music: Path, auto: str, n: int) -> None:
    beet("import", str(music), auto=auto)
    assert len(beet("ls", "valence:0.0..")) == n


def test_faults_are_told_in_the_words_of_beets(beet: Beet, music: Path) -> None:
    from beets.ui import UserError

    beet("import", str(music))
    (music / "happy.flac").unlink()
    assert len(beet("musimo")) == 1
    with pytest.raises(UserError, match="musimo scan FOLDER"):
        beet("musimo", "--force", library="/nowhere/library.db")
