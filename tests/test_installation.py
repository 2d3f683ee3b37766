"""What is installed, and the commands that hints name for each kind of installation."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from musimo.errors import MusimoError
from musimo.installation import FOR_TRAINING, Installation, installation, lacking, require_training

ROOT = Path("/home/zoë/my musimo")
PACKAGE = Installation(None, Path("/opt/py"), "/opt/py/bin/python")
SCRIPTED = Installation(ROOT, ROOT / ".venv", f"{ROOT}/.venv/bin/python")
BY_HAND = Installation(ROOT, Path("/opt/py"), "/opt/py/bin/python")
PIP = ["/opt/py/bin/python", "-m", "pip", "install"]
PINS = ["-c", f"{ROOT}/configs/constraints.txt"]
SCRIPT = f"'{ROOT}/scripts/musimo' --version"


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("torch", "librosa"):
        monkeypatch.setitem(sys.modules, module, None)


def test_a_package_uses_the_pip_of_its_own_environment() -> None:
    assert shlex.split(PACKAGE.add()) == [*PIP, "musimo"]
    assert shlex.split(PACKAGE.add("train")) == [*PIP, "musimo[train]"]
    assert shlex.split(PACKAGE.renew()) == [*PIP, "--force-reinstall", "musimo"]
    assert shlex.split(PACKAGE.restore()) == [*PIP, "--force-reinstall", "--no-deps", "musimo"]
    assert shlex.split(PACKAGE.upgrade()) == [*PIP, "--upgrade", "musimo"]


def test_a_checkout_in_an_environment_made_by_hand_uses_pip_and_the_pins() -> None:
    assert not BY_HAND.is_scripted
    assert shlex.split(BY_HAND.add("plots")) == [*PIP, *PINS, "-e", f"{ROOT}[plots]"]
    assert shlex.split(BY_HAND.renew()) == [*PIP, "--force-reinstall", *PINS, "-e", str(ROOT)]


@pytest.mark.parametrize("here", [BY_HAND, SCRIPTED])
def test_files_and_releases_of_a_checkout_come_from_git(here: Installation) -> None:
    git = ["git", "-C", str(ROOT)]
    assert shlex.split(here.restore()) == [*git, "restore", "configs", "migrations", "musimo/weights"]
    assert shlex.split(here.upgrade()) == [*git, "pull"]


def test_a_full_set_up_that_lacks_a_package_is_made_anew() -> None:
    assert SCRIPTED.is_scripted
    assert SCRIPTED.renew() == f"rm -r '{ROOT}/.venv' && MUSIMO_LIGHT=0 {SCRIPT}"
    assert SCRIPTED.add("train") == SCRIPTED.add("plots") == SCRIPTED.add() == SCRIPTED.renew()


def test_a_light_set_up_becomes_full_only_for_what_it_leaves_out(light: None) -> None:
    assert SCRIPTED.is_light
    assert SCRIPTED.add() == SCRIPTED.add("train") == f"MUSIMO_LIGHT=0 {SCRIPT}"
    assert SCRIPTED.renew() == f"rm -r '{ROOT}/.venv' && MUSIMO_LIGHT=1 {SCRIPT}"
    assert SCRIPTED.add("plots") == SCRIPTED.renew()


@pytest.mark.parametrize(
    ("here", "words"),
    [
        (PACKAGE, "an installed package, with the packages of /opt/py"),
        (SCRIPTED, f"the checkout {ROOT}, with the packages of {ROOT}/.venv"),
    ],
)
def test_the_kind_is_named(here: Installation, words: str, request: pytest.FixtureRequest) -> None:
    assert here.describe() == f"full, {words}"
    request.getfixturevalue("light")
    assert here.describe() == f"light, {words}"


def test_the_tests_run_in_a_full_installation() -> None:
    assert not installation().is_light
    assert installation().python == sys.executable
    require_training()


@pytest.mark.parametrize("module", FOR_TRAINING)
def test_training_names_what_it_lacks(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MusimoError, match=f": {FOR_TRAINING[module]}$") as caught:
        require_training()
    assert caught.value.hint == f"install them: {installation().add('train')}"


def test_nothing_is_imported_to_find_out() -> None:
    assert lacking({"this": "The Zen", "no_such_module": "Nothing"}) == ["Nothing"]
    assert "this" not in sys.modules
