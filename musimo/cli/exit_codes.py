"""Exit codes of every command, by name."""

from __future__ import annotations

from typing import Final

DONE: Final = 0
ERROR: Final = 1
USAGE: Final = 2
SOME_FAILED: Final = 3
NOT_FOUND: Final = 4
INTERRUPTED: Final = 130
