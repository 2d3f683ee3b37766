"""Files that could not be analyzed."""

from __future__ import annotations

from dataclasses import dataclass

from musimo.records.fields import Fields, OnDisk, path_fields
from musimo.records.scale import Scale


@dataclass(frozen=True, slots=True)
class Failure(OnDisk):
    """A file of the library that could not be analyzed; its path is absolute, ``when`` ISO 8601 in UTC."""

    path_bytes: bytes
    stage: str
    reason: str
    when: str

    def as_dict(self, scale: Scale = "0-1") -> Fields:
        """Return the fields of the JSON contract; the scale is of no account."""
        return {
            **path_fields(self.path_bytes),
            "stage": self.stage,
            "reason": self.reason,
            "when": self.when,
        }


@dataclass(frozen=True, slots=True)
class FailedFile(OnDisk):
    """A file outside any library that could not be analyzed."""

    path_bytes: bytes
    stage: str
    reason: str

    def as_dict(self, scale: Scale = "0-1") -> Fields:
        """Return the fields of the JSON contract; the scale is of no account."""
        return {**path_fields(self.path_bytes), "stage": self.stage, "reason": self.reason}
