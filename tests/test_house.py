"""The house keeps its order: imports point one way, and answers start without the heavy rooms."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

import musimo
from musimo.resources import weights_path
from tests.catalog import Catalog, Entry, direction

PACKAGE = Path(musimo.__file__).parent

# From the ground up: a room imports only from rooms in the lines above its own, and from itself.
ROOMS = (
    {"errors"},
    {"installation"},
    {"records", "resources", "atomic"},
    {"settings"},
    {"audio"},
    {"emotion"},
    {"library.db"},
    {"library.scan"},
    {"library"},
    {"search"},
    {"output"},
    {"training"},
    {"api"},
    {"cli"},
)
FLOOR = {room: floor for floor, rooms in enumerate(ROOMS) for room in rooms}

FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def name_of(path: Path) -> str:
    """The name of a module, without ``musimo``."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# Without the root: whatever is imported imports it first, so that it can but point to rooms lazily.
MODULES = {name_of(path): path for path in FILES}


def room_of(module: str) -> str:
    """The room a module is in: the innermost that is in the table."""
    parts = module.split(".")
    named = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((room for room in named if room in FLOOR), parts[0])


def imported(path: Path) -> Iterator[str]:
    """Modules of musimo that one imports, at its top, in its functions, or for its types alone.

    The package of a module is no import of it: its ``__init__`` would lead from each to all.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[tuple[str, str]] = []
        if isinstance(node, ast.Import):
            names = [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names = [(node.module or "", alias.name) for alias in node.names]
        for package, name in names:
            root, _, module = package.partition(".")
            if root == "musimo":
                inner = f"{module}.{name}".strip(".")
                found = inner if inner in MODULES else module
                if found:
                    yield found


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_downward(module: str) -> None:
    room = room_of(module)
    assert room in FLOOR, f"{room} has no place in the house"
    for other in imported(MODULES[module]):
        assert other in MODULES, f"{module} imports {other}, which is not there"
        below = room_of(other)
        assert below in FLOOR, f"{below} has no place in the house"
        assert below == room or FLOOR[below] < FLOOR[room], f"{module} must not import {other}"


def circles(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Groups of nodes, each of which leads to all of its group (Tarjan's strongly connected components)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        order[node] = lowest[node] = len(order)
        open_.append(node)
        for other in graph[node]:
            if other not in order:
                visit(other)
            if other in open_:
                lowest[node] = min(lowest[node], lowest[other])
        if lowest[node] == order[node]:
            group = open_[open_.index(node) :]
            del open_[-len(group) :]
            if len(group) > 1 or node in graph[node]:
                found.append(sorted(group))

    for node in graph:
        if node not in order:
            visit(node)
    return found


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circles({module: set(imported(path)) for module, path in MODULES.items()}) == []


def test_circles_are_found() -> None:
    graph = {"a": ["b", "d"], "b": ["c"], "c": ["a", "e"], "d": ["e"], "e": [], "f": ["f"]}
    assert circles(graph) == [["a", "b", "c"], ["f"]]


def test_nothing_lies_beside_the_rooms() -> None:
    assert {path.stem for path in PACKAGE.glob("*.py")} == {
        *("__init__", "atomic", "errors", "installation", "resources", "settings")
    }


def modules_after(code: str) -> set[str]:
    """Modules that are loaded after some code has run, and the packages that they are in."""
    listing = "import sys; print(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{listing}"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


def test_help_starts_light() -> None:
    loaded = modules_after("from musimo.cli.main import run; run(['--help'])")
    assert not loaded & {"torch", "librosa", "av", "numpy", "sqlalchemy", "faiss", "mutagen", "tqdm"}


def test_answering_from_a_library_needs_no_decoder_and_no_network() -> None:
    loaded = modules_after(
        "import musimo.api.similar, musimo.api.moods, musimo.output.rendering, musimo.cli.main"
    )
    assert not loaded & {"torch", "onnxruntime", "librosa", "av", "mutagen", "soundfile", "alembic", "scipy"}


# What a question in JSON can do without; each costs some milliseconds of every cold start.
NOT_FOR_ANSWERS = {
    *("alembic", "av", "librosa", "mutagen", "onnxruntime", "scipy", "soundfile", "torch", "tqdm"),
    *("numpy.ma", "sqlalchemy.orm", "musimo.installation", "musimo.output.csv_out"),
    *("musimo.audio.files", "musimo.library.scan", "musimo.emotion.calibration", "musimo.records.curve"),
    *("musimo.search.where", "musimo.search.explain", "musimo.search.mood_path", "musimo.search.times"),
    *(
        "musimo.output.tables",
        "musimo.output.answer_text",
        "musimo.output.csv_out",
        "musimo.output.playlists",
    ),
}
MOST_MODULES = 80  # of musimo itself; 67 to 71 are needed


@pytest.mark.parametrize("question", [["similar", "1"], ["mood", "calm"], ["status"]])
def test_an_answer_loads_what_it_needs(question: list[str], home: Path) -> None:
    catalog = Catalog(home / "library.db", home, weights_path().stem)
    catalog.add(Entry("a.ogg", direction(1)), Entry("b.ogg", direction(1, 1)))
    loaded = modules_after(f"from musimo.cli.main import run; assert run({[*question, '--json']}) == 0")
    assert not loaded & NOT_FOR_ANSWERS
    ours = {name for name in loaded if name.partition(".")[0] == "musimo"}
    assert len(ours) <= MOST_MODULES


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


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
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
    assert not [path for path in FILES if len(path.read_text(encoding="utf-8").splitlines()) > 400]
