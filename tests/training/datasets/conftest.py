"""Small audio files, and a list of notices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile


@pytest.fixture
def sounds() -> Callable[..., None]:
    """Write a tenth of a second of sine per name, each with its own pitch."""

    def make(folder: Path, *names: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for number, name in enumerate(names):
            wave = np.sin(2 * np.pi * (220 + 20 * number) * np.arange(2205) / 22_050)
            soundfile.write(folder / f"{name}.wav", wave / 2, 22_050)

    return make


@pytest.fixture
def notices() -> list[str]:
    """Pass ``notices.append`` to a loader; its notices are in the list."""
    return []
