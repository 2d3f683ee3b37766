"""What musimo exports is a promise: a name that comes or goes is a decision, not an accident."""

from __future__ import annotations

import subprocess
import sys
from importlib import resources

import musimo
import musimo.api


def test_exported_names() -> None:
    assert musimo.__all__ == [
        "AudioError",
        "DeviceError",
        "Library",
        "LibraryError",
        "MusimoError",
        "NotFoundError",
        "Selection",
        "SettingsError",
        "TagsError",
        "UsageError",
        "WeightsError",
        "__version__",
    ]
    assert musimo.api.__all__ == [
        "AnalyzedFile",
        "FailedFile",
        "Failure",
        "FindResult",
        "FoundTrack",
        "Library",
        "MoodPathResult",
        "MoodResult",
        "MoodTrack",
        "PathResult",
        "PathTrack",
        "Selection",
        "SimilarResult",
        "SimilarTrack",
        "Track",
    ]
    for module in (musimo, musimo.api):
        assert all(hasattr(module, name) for name in module.__all__)
    assert dir(musimo) == musimo.__all__
    assert not hasattr(musimo, "nothing")


def test_verbs_and_groups_of_a_library() -> None:
    def names(kind: type) -> set[str]:
        return {name for name in dir(kind) if not name.startswith("_")}

    assert names(musimo.Library) == {
        *("scan", "scan_events", "analyze", "tracks", "show", "status", "failures", "similar", "mood"),
        *("path", "mood_path", "curve", "duplicates", "map", "find", "find_track", "vectors"),
        *("ratings", "maintenance", "tags", "analyses", "playlists"),
        *("open", "close", "settings", "model"),
    }
    library = musimo.Library.open()
    assert names(type(library.ratings)) == {
        *("rate", "forget", "read_csv", "all", "of_track", "predicted", "calibrate", "undo", "state"),
    }
    assert names(type(library.maintenance)) == {
        *("prune_plan", "prune", "relocate", "reindex", "backup", "doctor"),
    }
    assert names(type(library.tags)) == {"updates", "mood_words", "preview", "write"}
    assert names(type(library.analyses)) == {"export", "export_vectors", "load"}
    assert names(type(library.playlists)) == {"recipes", "write"}


def test_importing_musimo_loads_nothing_of_it() -> None:
    code = "import musimo, sys; print(*sorted(name for name in sys.modules if name.startswith('musimo')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["musimo"]


def test_types_are_there_for_who_checks_them() -> None:
    assert resources.files("musimo").joinpath("py.typed").is_file()
