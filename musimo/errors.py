"""Every error musimo raises on purpose, as one tree.

    MusimoError                 an error that stopped the work (exit code 1)
    ├── SettingsError           configuration file or environment
    ├── AudioError              one file could not be heard; carries the stage
    ├── TagsError               musimo's fields cannot be written into one file
    ├── WeightsError            network weights missing, damaged, or of another make
    ├── DeviceError             a device that was asked for is not there
    ├── LibraryError            the library file cannot be opened, read or written
    ├── UsageError              a question that cannot be understood (exit code 2)
    └── NotFoundError           a question without an answer (exit code 4)

A message says what went wrong and with which file; the hint says what mends it. Whoever catches one
prints both; nothing below the command line does.
"""

from __future__ import annotations


class MusimoError(Exception):
    """Root of the tree.

    Parameters
    ----------
    message : what went wrong, and with which file
    hint : what mends it, as a sentence or a command; empty where there is nothing to do
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SettingsError(MusimoError):
    """The configuration file or an environment variable holds something musimo cannot use."""


class AudioError(MusimoError):
    """One file could not be heard.

    Parameters
    ----------
    stage : where it failed: ``read`` (the file itself), ``decode`` (its sound), ``analyze``, ``crashed``
        or ``timeout``
    reason : why, in words a person understands, without the path
    """

    def __init__(self, stage: str, reason: str) -> None:
        super().__init__(reason)
        self.stage = stage
        self.reason = reason

    def __reduce__(self) -> tuple[type[AudioError], tuple[str, str]]:
        """Let the error cross from a worker process to its parent."""
        return type(self), (self.stage, self.reason)


class TagsError(MusimoError):
    """musimo's fields cannot be written into one file; the message says why, without the path."""


class WeightsError(MusimoError):
    """Network weights are missing, damaged, or were made for another architecture or other features."""


class DeviceError(MusimoError):
    """A device that was asked for by name is not there."""


class LibraryError(MusimoError):
    """The library cannot be opened, read or written."""


class UsageError(MusimoError):
    """A question that cannot be understood: an unknown field, an ambiguous track."""


class NotFoundError(MusimoError):
    """A question that has no answer: no such track, nothing analysed yet."""
