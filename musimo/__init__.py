"""musimo: ask your music library what sounds like this, and what feels like this.

from musimo import Library
library = Library.open()
library.similar("track.mp3")
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Library", "__version__"]

if TYPE_CHECKING:
    from musimo.api import Library


def __getattr__(name: str) -> Any:
    """Import the library on first use, so that ``import musimo`` and ``musimo --help`` cost nothing."""
    if name == "Library":
        from musimo.api import Library

        return Library
    raise AttributeError(f"module 'musimo' has no attribute {name!r}")
