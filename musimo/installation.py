"""How musimo is installed, and the commands that install what it lacks.

musimo runs from a package (``pip install musimo``) or from a checkout, there mostly in the ``.venv`` that
``scripts/musimo`` makes. Either may be light: without PyTorch and librosa, which only GPUs and training need.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from musimo.errors import MusimoError

Extra = Literal["", "editors", "plots", "train"]

LEFT_OUT = {"torch": "PyTorch", "librosa": "librosa"}
"""Modules that a light set-up leaves out, and the projects they belong to."""
OWN_FILES = ("configs", "migrations", "musimo/weights")
FOR_TRAINING = {**LEFT_OUT, "sklearn": "scikit-learn", "scipy": "SciPy", "matplotlib": "matplotlib"}


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation of musimo. The commands it returns are lines for a POSIX shell.

    Parameters
    ----------
    checkout : root of the checkout that musimo runs from; None for an installed package
    prefix : root of the Python environment
    python : path of its interpreter
    """

    checkout: Path | None
    prefix: Path
    python: str

    @property
    def is_light(self) -> bool:
        """Whether PyTorch or librosa is missing."""
        return bool(lacking(LEFT_OUT))

    @property
    def is_scripted(self) -> bool:
        """Whether the environment is the one that ``scripts/musimo`` makes."""
        return self.checkout is not None and self.prefix == (self.checkout / ".venv").resolve()

    def describe(self) -> str:
        """Return the kind of set-up in a few words."""
        kind = "light" if self.is_light else "full"
        source = "an installed package" if self.checkout is None else f"the checkout {self.checkout}"
        return f"{kind}, {source}, with the packages of {self.prefix}"

    def add(self, extra: Extra = "") -> str:
        """Return the command that installs what musimo requires and what ``extra`` adds."""
        if not self.is_scripted or extra == "editors":  # which no script installs
            return self.pip(*self._musimo(extra))
        if self.is_light and extra != "plots":  # which a light set-up has
            return self._script()
        return self.renew()

    def renew(self) -> str:
        """Return the command that installs the required packages again."""
        if not self.is_scripted:
            return self.pip("--force-reinstall", *self._musimo())
        return f"{shlex.join(['rm', '-r', str(self.prefix)])} && {self._script(light=self.is_light)}"

    def restore(self) -> str:
        """Return the command that puts musimo's own files back: weights, migrations, configurations."""
        if self.checkout is None:
            return self.pip("--force-reinstall", "--no-deps", "musimo")
        return shlex.join(["git", "-C", str(self.checkout), "restore", *OWN_FILES])

    def upgrade(self) -> str:
        """Return the command that installs a newer musimo."""
        if self.checkout is None:
            return self.pip("--upgrade", "musimo")
        return shlex.join(["git", "-C", str(self.checkout), "pull"])

    def pip(self, *arguments: str) -> str:
        """Return the command that lets the pip of this environment install something."""
        return shlex.join([self.python, "-m", "pip", "install", *arguments])

    def _musimo(self, extra: Extra = "") -> list[str]:
        """What pip is given to install musimo."""
        wanted = f"[{extra}]" if extra else ""
        if self.checkout is None:
            return [f"musimo{wanted}"]
        return ["-c", str(self.checkout / "configs" / "constraints.txt"), "-e", f"{self.checkout}{wanted}"]

    def _script(self, light: bool = False) -> str:
        return f"MUSIMO_LIGHT={int(light)} {shlex.quote(f'{self.checkout}/scripts/musimo')} --version"


def installation() -> Installation:
    """Return the installation that is running."""
    root = Path(__file__).resolve().parent.parent
    is_checkout = (root / "scripts" / "musimo").is_file()
    return Installation(root if is_checkout else None, Path(sys.prefix).resolve(), sys.executable)


def lacking(modules: Mapping[str, str]) -> list[str]:
    """Return the projects whose module cannot be found; nothing is imported."""
    return [project for module, project in modules.items() if find_spec(module) is None]


def require_training() -> None:
    """Raise if a package that training needs is not installed.

    Raises
    ------
    MusimoError : with the names of the packages; its hint is the command that installs them
    """
    names = lacking(FOR_TRAINING)
    if names:
        raise MusimoError(
            f"training and evaluation need packages that are not installed: {', '.join(names)}",
            f"install them: {installation().add('train')}",
        )
