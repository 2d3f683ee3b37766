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
    {"doctor"},
    {"output"},
    {"training"},
    {"api"},
    {"care", "duplicates", "ear", "inside", "lists", "moods", "paths", "sharing", "tagging"},
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
    loaded = modules_after("import musimo.lists, musimo.moods, musimo.output.rendering, musimo.cli.main")
    assert not loaded & {"torch", "onnxruntime", "librosa", "av", "mutagen", "soundfile", "alembic", "scipy"}


def test_a_worker_needs_no_network() -> None:
    loaded = modules_after("import musimo.library.scan.worker")
    assert not loaded & {"torch", "onnxruntime", "librosa", "sqlalchemy", "faiss", "scipy"}


# What turns bytes into code: files, tags and messages of strangers must never come near it.
UNPICKLERS = {"pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml"}
EVALUATORS = {"eval", "exec", "compile", "__import__"}
LOADERS = {"torch.load": ("weights_only", "True"), "np.load": ("allow_pickle", "False")}


def dangers(tree: ast.AST) -> Iterator[str]:
    """Imports of unpicklers, evaluations, and loads that do not say that they unpickle nothing."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.partition(".")[0] in UNPICKLERS)
        elif isinstance(node, ast.ImportFrom):
            module, names = node.module or "", {alias.name for alias in node.names}
            if module.partition(".")[0] in UNPICKLERS or (module in ("torch", "numpy") and "load" in names):
                yield f"from {module}"
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            said = {(keyword.arg, ast.unparse(keyword.value)) for keyword in node.keywords}
            if called in EVALUATORS or (called in LOADERS and LOADERS[called] not in said):
                yield called


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_is_unpickled_or_evaluated(path: Path) -> None:
    assert not list(dangers(ast.parse(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from pickle import load",
        "import joblib.numpy_pickle",
        "eval(text)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "from torch import load",
    ],
)
def test_what_unpickles_or_evaluates_is_seen(code: str) -> None:
    assert list(dangers(ast.parse(code)))


def test_no_module_outgrows_the_head() -> None:
    assert not [path for path in MODULES if len(path.read_text(encoding="utf-8").splitlines()) > 400]
