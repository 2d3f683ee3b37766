"""Ctrl-C between two steps of long work."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from musimo.cli.context import Invocation


@contextmanager
def gentle_interrupt(invocation: Invocation, unit: str) -> Iterator[list[int]]:
    """Collect the first Ctrl-C, so that the unit in hand is finished; the second one interrupts."""
    pressed: list[int] = []

    def press(number: int, frame: FrameType | None) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)
        invocation.note(f"finishing {unit} in hand; press Ctrl-C again to stop at once")

    before = signal.signal(signal.SIGINT, press)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
