"""The exceptions that musimo raises, as one tree.

    MusimoError                 an error that stopped the command (exit code 1)
    ├── SettingsError           invalid configuration file or environment variable
    ├── AudioError              one file cannot be analyzed; carries the stage
    ├── SheetError              a cue sheet cannot be used
    ├── TagsError               musimo's fields cannot be written into one file
    ├── WeightsError            weights missing, damaged, or incompatible
    ├── DeviceError             a requested device does not exist or does not work
    ├── LibraryError            the library file cannot be opened, read or written
    ├── UsageError              an invalid query (exit code 2)
    │   └── SheetTracksError    a path names a file that a cue sheet divides into tracks
    └── NotFoundError           a query without a result (exit code 4)

The message says what happened and to which file; the hint says what to do. Only the command line prints them.
"""

from __future__ import annotations


class MusimoError(Exception):
    """Base class of all exceptions of musimo.

    Parameters
    ----------
    message : what happened, and to which file
    hint : what to do about it, as a sentence or a command; empty if nothing can be done
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SettingsError(MusimoError):
    """The configuration file or an environment variable contains an invalid value."""


class AudioError(MusimoError):
    """One file cannot be analyzed.

    Parameters
    ----------
    stage : where it failed: ``read`` (the file), ``decode`` (its audio), ``analyze``, ``crashed`` or
        ``timeout``
    reason : why, as a phrase for users, without the path
    """

    def __init__(self, stage: str, reason: str) -> None:
        super().__init__(reason)
        self.stage = stage
        self.reason = reason

    def __reduce__(self) -> tuple[type[AudioError], tuple[str, str]]:
        """Make the error picklable, to pass it from a worker process to its parent."""
        return type(self), (self.stage, self.reason)


class SheetError(MusimoError):
    """A cue sheet cannot be used. The message gives the reason, without the path."""


class TagsError(MusimoError):
    """musimo's fields cannot be written into one file. The message gives the reason, without the path."""


class WeightsError(MusimoError):
    """Weights are missing, damaged, or made for another architecture or other features."""


class DeviceError(MusimoError):
    """A requested device does not exist or does not work."""


class LibraryError(MusimoError):
    """The library cannot be opened, read or written."""


class UsageError(MusimoError):
    """A query is invalid: an unknown field, an ambiguous track."""


class SheetTracksError(UsageError):
    """A path names a file that a cue sheet divides into tracks, where one track is meant."""


class NotFoundError(MusimoError):
    """A query has no result: no such track, nothing analyzed yet."""
