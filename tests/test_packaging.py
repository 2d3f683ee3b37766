"""The scripts a fresh clone is used with, and the pins. pip and venv are played by a stand-in interpreter."""

import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from musimo.installation import LEFT_OUT

ROOT = Path(__file__).resolve().parent.parent

# Plays Python: `-m venv` makes a folder, `-m pip` notes its arguments and lays a musimo that prints its own.
STAND_IN = r"""#!/bin/sh
case "$1 $2" in
    "-m venv")
        mkdir -p "$3/bin"
        cp "$0" "$3/bin/python"
        echo "venv" >>"$NOTES" ;;
    "-m pip")
        sleep "${PIP_SLEEP:-0}"
        echo "$@" >>"$NOTES"
        echo "pip said: $PIP_SAYS"
        [ -z "${PIP_FAILS:-}" ] || exit 1
        case "$*" in
            *" -e "*)
                echo '#!/bin/sh
printf "<%s>" "$@"' >"${0%/*}/musimo"
                chmod +x "${0%/*}/musimo" ;;
        esac ;;
    "-m "*) exit 1 ;;
    *) exec "$REAL_PYTHON" "$@" ;;
esac
"""


class Checkout:
    """A copy of what the scripts need, in a folder whose name has a space, an accent and a quote."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "my café's musimo"
        self.notes = folder / "notes"
        self.root.mkdir()
        for name in ("scripts", "configs"):
            shutil.copytree(ROOT / name, self.root / name)
        shutil.copy(ROOT / "pyproject.toml", self.root)
        interpreter = folder / "python"
        interpreter.write_text(STAND_IN)
        interpreter.chmod(0o755)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MUSIMO_")},
            "PYTHON": str(interpreter),
            "REAL_PYTHON": sys.executable,
            "NOTES": str(self.notes),
            "PIP_SAYS": "",
        }

    def start(
        self, *arguments: str, script: Path | str | None = None, cwd: Path | None = None, **extra: str
    ) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [script or self.root / "scripts" / "musimo", *arguments],
            cwd=cwd or self.root,
            env={**self.environment, **extra},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(
        self, *arguments: str, script: Path | str | None = None, cwd: Path | None = None, **extra: str
    ) -> tuple[int, str, str]:
        with self.start(*arguments, script=script, cwd=cwd, **extra) as process:
            out, err = process.communicate(timeout=30)
        return process.returncode, out, err

    def noted(self) -> list[str]:
        """What the stand-in was asked for since the last look."""
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        self.notes.unlink(missing_ok=True)
        return lines


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_first_use_installs_and_later_uses_go_straight_to_musimo(checkout: Checkout) -> None:
    code, out, err = checkout.run("similar", "a b", "", "c'd")
    assert (code, out) == (0, "<similar><a b><><c'd>")
    assert "first use" in err
    venv, *pips = checkout.noted()
    assert venv == "venv"
    assert pips[-1].endswith(f"-c {checkout.root}/configs/constraints.txt -e {checkout.root}[plots]")
    assert checkout.run("status") == (0, "<status>", "")
    assert checkout.noted() == []


def test_exit_code_of_musimo_comes_through(checkout: Checkout) -> None:
    checkout.run()
    (checkout.root / ".venv/bin/musimo").write_text("#!/bin/sh\nexit 4\n")
    assert checkout.run()[0] == 4


def test_any_working_directory_and_links(checkout: Checkout, tmp_path: Path) -> None:
    checkout.run()
    link = tmp_path / "bin" / "musimo"
    link.parent.mkdir()
    link.symlink_to(os.path.relpath(checkout.root / "scripts" / "musimo", link.parent))
    second = tmp_path / "again"
    second.symlink_to(link)
    assert checkout.run("x", script=second, cwd=Path("/")) == (0, "<x>", "")
    assert checkout.run("x", script="./musimo", cwd=checkout.root / "scripts") == (0, "<x>", "")


@pytest.mark.parametrize("changed", ["pyproject.toml", "configs/constraints.txt", "configs/light.txt"])
def test_changed_requirements_are_installed_into_the_same_environment(
    checkout: Checkout, changed: str
) -> None:
    checkout.run()
    checkout.noted()
    with (checkout.root / changed).open("a") as file:
        file.write("# changed\n")
    code, out, err = checkout.run("x")
    assert (code, out) == (0, "<x>")
    assert "requirements have changed" in err
    assert "venv" not in (noted := checkout.noted())
    assert noted
    assert checkout.run("x") == (0, "<x>", "")


@pytest.mark.parametrize("damage", ["no stamp", "no python", "only a folder", "a file"])
def test_a_half_made_environment_is_made_anew(checkout: Checkout, damage: str) -> None:
    checkout.run()
    checkout.noted()
    venv = checkout.root / ".venv"
    match damage:
        case "no stamp":
            (venv / "stamp-runtime").unlink()
        case "no python":
            (venv / "bin/python").unlink()
        case _:
            shutil.rmtree(venv)
            venv.mkdir() if damage == "only a folder" else venv.touch()
    assert checkout.run("x")[:2] == (0, "<x>")
    assert checkout.noted()[0] == "venv"


def test_a_killed_set_up_heals_at_the_next_call(checkout: Checkout) -> None:
    with checkout.start("x", PIP_SLEEP="0.5") as process:
        while not (checkout.root / ".venv/bin/python").exists():
            time.sleep(0.01)
        process.kill()
    assert not (checkout.root / ".venv/stamp-runtime").exists()
    assert checkout.run("x")[:2] == (0, "<x>")
    assert checkout.run("x") == (0, "<x>", "")


def test_a_moved_checkout_is_set_up_anew(checkout: Checkout, tmp_path: Path) -> None:
    """Scripts of a virtual environment name its place."""
    checkout.run()
    checkout.noted()
    checkout.root = checkout.root.rename(tmp_path / "elsewhere")
    assert checkout.run("x")[:2] == (0, "<x>")
    assert checkout.noted()[0] == "venv"


def test_two_first_calls_at_once_make_one_environment(checkout: Checkout) -> None:
    with checkout.start("one", PIP_SLEEP="0.2") as one, checkout.start("two", PIP_SLEEP="0.2") as two:
        answers = [one.communicate(timeout=30), two.communicate(timeout=30)]
    assert [out for out, _ in answers] == ["<one>", "<two>"]
    assert sum("waiting for it" in err for _, err in answers) == 1
    assert checkout.noted().count("venv") == 1


def test_a_failure_says_what_pip_said_last(checkout: Checkout) -> None:
    code, out, err = checkout.run("x", PIP_FAILS="1", PIP_SAYS="No space left on device")
    assert (code, out) == (1, "")
    assert "set-up failed while installing" in err
    assert "pip said: No space left on device" in err
    assert checkout.run("x")[:2] == (0, "<x>")


def test_torch_is_the_cpu_build_unless_asked_otherwise(checkout: Checkout) -> None:
    checkout.run()
    torch = [line for line in checkout.noted() if " torch==" in line]
    assert len(torch) == (1 if sys.platform == "linux" else 0)
    shutil.rmtree(checkout.root / ".venv")
    checkout.run(MUSIMO_TORCH="cuda")
    assert not [line for line in checkout.noted() if " torch==" in line]


def test_a_light_set_up_installs_what_its_list_names_and_stays_light(checkout: Checkout) -> None:
    assert checkout.run("x", MUSIMO_LIGHT="1")[:2] == (0, "<x>")
    venv, *pips = checkout.noted()
    assert venv == "venv"
    assert not any("torch" in line for line in pips)
    assert pips[0].endswith(
        f"-c {checkout.root}/configs/constraints.txt -r {checkout.root}/configs/light.txt"
    )
    assert pips[1].endswith(f"--no-deps -e {checkout.root}")
    assert len(pips) == 2
    assert checkout.run("x") == checkout.run("x", MUSIMO_LIGHT="1") == (0, "<x>", "")
    with (checkout.root / "configs/light.txt").open("a") as file:
        file.write("# changed\n")
    assert "requirements have changed" in checkout.run("x")[2]
    assert not any(line == "venv" or "[plots]" in line for line in checkout.noted())


def test_a_light_set_up_becomes_full_and_light_again(checkout: Checkout) -> None:
    checkout.run(MUSIMO_LIGHT="1")
    checkout.noted()
    code, out, err = checkout.run("x", MUSIMO_LIGHT="0")
    assert (code, out) == (0, "<x>")
    assert "changing the light set-up to the full one" in err
    noted = checkout.noted()
    assert "venv" not in noted, "packages are only added"
    assert noted[-1].endswith(f"-e {checkout.root}[plots]")
    assert checkout.run("x") == checkout.run("x", MUSIMO_LIGHT="0") == (0, "<x>", "")
    code, out, err = checkout.run("x", MUSIMO_LIGHT="1")
    assert (code, out) == (0, "<x>")
    assert "changing the full set-up to a light one" in err
    assert checkout.noted()[0] == "venv", "what a light set-up leaves out is gone"
    assert checkout.run("x") == (0, "<x>", "")


def test_an_unfinished_light_set_up_stays_light(checkout: Checkout) -> None:
    assert checkout.run("x", MUSIMO_LIGHT="1", PIP_FAILS="1")[0] == 1
    checkout.noted()
    assert checkout.run("x")[:2] == (0, "<x>")
    assert checkout.noted()[-1].endswith(f"--no-deps -e {checkout.root}")
    assert checkout.run("x") == (0, "<x>", "")


def test_the_tests_need_the_full_set_up(checkout: Checkout) -> None:
    checkout.run(MUSIMO_LIGHT="1")
    checkout.noted()
    checkout.run(script=checkout.root / "scripts" / "test", MUSIMO_LIGHT="1")
    assert checkout.noted()[-1].endswith(f"-e {checkout.root}[test]")
    assert checkout.run("x", MUSIMO_LIGHT="0") == (0, "<x>", "")


@pytest.mark.parametrize("value", ["yes", "2", "true"])
def test_a_value_of_musimo_light_that_means_nothing_is_refused(checkout: Checkout, value: str) -> None:
    message = f"musimo: MUSIMO_LIGHT is 1 for a light set-up or 0 for the full one, not '{value}'.\n"
    assert checkout.run(MUSIMO_LIGHT=value) == (1, "", message)
    assert not (checkout.root / ".venv").exists()


def test_an_interpreter_that_is_too_old_is_refused_in_one_sentence(
    checkout: Checkout, tmp_path: Path
) -> None:
    old = tmp_path / "old"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    code, out, err = checkout.run(PYTHON=str(old))
    assert (code, out) == (1, "")
    assert err == f"musimo: PYTHON={old} does not run as Python 3.11 or newer.\n"


def test_without_any_python_the_error_says_so(checkout: Checkout, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "readlink", "cksum", "cat"):
        (tools / name).symlink_to(shutil.which(name) or name)
    code, _, err = checkout.run(PYTHON="", PATH=str(tools))
    assert code == 1
    assert "Python 3.11 or newer is needed and none was found" in err


TOOLS = ("ruff", "mypy", "pytest", "mkdocs")


def lay_tools(checkout: Checkout, failing: Mapping[str, int]) -> None:
    """Make the environment's python play ruff, mypy and pytest."""
    python = checkout.root / ".venv/bin/python"
    cases = "".join(
        f'    {tool}) shift 2; printf "{tool}:%s\\n" "$*"; exit {failing.get(tool, 0)} ;;\n' for tool in TOOLS
    )
    python.write_text(STAND_IN.replace('case "$1 $2" in', f'case "$2" in\n{cases}esac\ncase "$1 $2" in', 1))


def test_the_tests_run_every_check_and_name_what_failed(checkout: Checkout) -> None:
    script = checkout.root / "scripts" / "test"
    checkout.run()
    checkout.noted()
    code, _, err = checkout.run(script=script)
    assert code == 1, "the stand-in has no ruff"
    assert "adding the test tools" in err
    assert checkout.noted()[-1].endswith(f"-e {checkout.root}[test]")
    lay_tools(checkout, {})
    code, out, _ = checkout.run("-k", "a b", script=script, cwd=Path("/"))
    assert code == 0
    assert [line for line in out.splitlines() if line.startswith(TOOLS)] == [
        "ruff:check .",
        "ruff:format --check .",
        "mypy:",
        "pytest:-n auto --maxprocesses 8 --dist worksteal -k a b",
        "mkdocs:build --strict --quiet",
    ]
    lay_tools(checkout, {"mypy": 1})
    code, out, _ = checkout.run(script=script)
    assert code == 1
    assert out.splitlines()[-4:] == [
        "pytest:-n auto --maxprocesses 8 --dist worksteal",
        "== mkdocs",
        "mkdocs:build --strict --quiet",
        "FAILED: mypy",
    ]
    assert checkout.run("x") == (0, "<x>", ""), "what the tests installed serves musimo too"


def test_tools_stay_installed_for_the_tests_when_requirements_change(checkout: Checkout) -> None:
    script = checkout.root / "scripts" / "test"
    checkout.run(script=script)
    with (checkout.root / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    checkout.run()
    checkout.noted()
    checkout.run(script=script)
    assert checkout.noted()[-1].endswith(f"-e {checkout.root}[test]")


def pins() -> dict[str, str]:
    lines = (ROOT / "configs/constraints.txt").read_text("utf-8").splitlines()
    pinned = [line.split("==") for line in lines if line and not line.startswith("#")]
    assert all(len(pin) == 2 for pin in pinned)
    return dict(pinned)


def requirements() -> list[tuple[str, str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(text for extra in project["optional-dependencies"].values() for text in extra),
    ]
    return [
        (match[1].lower(), match[2]) for text in wanted if (match := re.match(r"([\w.-]+)>=([\d.]+)", text))
    ]


def test_the_light_list_is_all_that_musimo_requires_but_torch_and_librosa() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {*project["dependencies"], *project["optional-dependencies"]["plots"]}
    left_out = {text for text in wanted if text.startswith(tuple(LEFT_OUT))}
    lines = (ROOT / "configs/light.txt").read_text("utf-8").splitlines()
    listed = [line for line in lines if line and not line.startswith("#")]
    assert len(left_out) == len(LEFT_OUT)
    assert listed == sorted(wanted - left_out)


def test_every_requirement_is_pinned_to_a_release_it_allows() -> None:
    def numbers(version: str) -> list[int]:
        return [int(part) for part in version.split(".")]

    pinned = pins()
    wanted = requirements()
    assert len(wanted) > 15
    for name, least in wanted:
        assert name in pinned, f"{name} has no pin in configs/constraints.txt"
        assert numbers(pinned[name]) >= numbers(least), name
