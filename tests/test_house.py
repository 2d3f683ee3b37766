"""The house keeps its order: imports point one way, and answers start without the heavy rooms."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import musimo

PACKAGE = Path(musimo.__file__).parent

# From the ground up: a room imports only from rooms in the lines above its own, and from itself.
ROOMS = (
    {"errors"},
    {"records", "resources", "atomic"},
    {"settings"},
    {"audio"},
    {"emotion"},
    {"library"},
    {"search"},
    {"training"},
    {"doctor"},
    {"output"},
    {"api"},
    {"care"},
    {"cli"},
)
FLOOR = {room: floor for floor, rooms in enumerate(ROOMS) for room in rooms}

MODULES = sorted(
    path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.name != "__init__.py"
)


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """Rooms that a module imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            module = node.module or ""
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "musimo" else [module]
        for name in names:
            parts = name.split(".")
            if parts[0] == "musimo" and len(parts) > 1 and not parts[1].startswith("__"):
                yield parts[1]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_downward(path: Path) -> None:
    room = room_of(path)
    assert room in FLOOR, f"{room} has no place in the house"
    for other in imported(path):
        assert other in FLOOR, f"{other} has no place in the house"
        assert other == room or FLOOR[other] < FLOOR[room], f"{room} must not import {other}"


def modules_after(code: str) -> set[str]:
    listing = "import sys; print(' '.join(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{listing}"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


def test_help_starts_light() -> None:
    loaded = modules_after("from musimo.cli.main import run; run(['--help'])")
    assert not loaded & {"torch", "librosa", "av", "numpy", "sqlalchemy", "faiss", "mutagen", "tqdm"}


def test_answering_from_a_library_needs_no_decoder_and_no_network() -> None:
    loaded = modules_after("import musimo.api, musimo.output.formats, musimo.cli.main")
    assert not loaded & {"torch", "librosa", "av", "mutagen", "soundfile", "alembic", "scipy"}


def test_a_worker_needs_no_network() -> None:
    loaded = modules_after("import musimo.library.worker")
    assert not loaded & {"torch", "librosa", "sqlalchemy", "faiss", "scipy"}


def test_no_module_outgrows_the_head() -> None:
    assert not [path for path in MODULES if len(path.read_text(encoding="utf-8").splitlines()) > 400]
