"""One finding of ``musimo doctor``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from musimo.records.fields import Fields

CheckState = Literal["ok", "note", "bad"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked.

    Parameters
    ----------
    name : what was checked
    state : ``note`` is worth knowing; ``bad`` keeps musimo from working, or will
    found : what is the case
    remedy : what to do; empty where nothing is to be done
    """

    name: str
    state: CheckState
    found: str
    remedy: str = ""

    def as_dict(self) -> Fields:
        """Return the fields of the JSON contract."""
        return {
            "name": self.name,
            "state": self.state,
            "found": self.found,
            "remedy": self.remedy or None,
        }
