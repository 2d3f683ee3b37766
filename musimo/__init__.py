"""musimo: find the tracks of your music library that sound alike, and those of a mood.

from musimo import Library

library = Library.open()
library.similar("track.mp3")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = [
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

if TYPE_CHECKING:
    from musimo.api import Library as Library
    from musimo.api import Selection as Selection
    from musimo.errors import AudioError as AudioError
    from musimo.errors import DeviceError as DeviceError
    from musimo.errors import LibraryError as LibraryError
    from musimo.errors import MusimoError as MusimoError
    from musimo.errors import NotFoundError as NotFoundError
    from musimo.errors import SettingsError as SettingsError
    from musimo.errors import TagsError as TagsError
    from musimo.errors import UsageError as UsageError
    from musimo.errors import WeightsError as WeightsError


def __getattr__(name: str) -> Any:
    """Import a name on first use, so that ``import musimo`` and ``musimo --help`` load nothing else."""
    if name not in __all__:
        raise AttributeError(f"module 'musimo' has no attribute {name!r}")
    room = "musimo.errors" if name.endswith("Error") else "musimo.api"
    return getattr(import_module(room), name)


def __dir__() -> list[str]:
    return sorted(__all__)
