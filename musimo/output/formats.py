"""The formats of each command, and which of them a command line asks for.

The options of all commands are built from these sets, so this module imports no other of the room.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Generic, Literal, TypeVar, get_args

from musimo.errors import UsageError

TrackFormat = Literal["table", "paths", "json", "jsonl", "csv", "m3u8", "m3u", "pls", "xspf"]
FileFormat = Literal["table", "paths", "json", "jsonl", "csv"]
FactFormat = Literal["table", "json"]
GroupFormat = Literal["table", "paths", "json", "csv"]
RatingFormat = Literal["table", "csv", "json"]
CurveFormat = Literal[
    "table", "csv", "json", "jsonl", "labels", "markers", "edl", "otio", "fcpxml", "svg", "png", "pdf"
]
MapFormat = Literal["html", "svg", "png", "pdf", "json"]
Format = TrackFormat | CurveFormat | MapFormat

NOT_FOR_TERMINALS: Final = ("html", "svg", "png", "pdf")
_ENDINGS: Final = {".htm": "html", ".txt": "table"}
"""Endings that are not the name of their format; ``.txt`` stands for labels where a command has them."""

_NO_ENDING: Final = ("table", "paths", "labels", "markers")

F = TypeVar("F", bound=str)


@dataclass(frozen=True, slots=True)
class FormatSet(Generic[F]):
    """The formats of one command.

    Parameters
    ----------
    subject : what the command writes, with its article, for error messages
    formats : all of them, in the order the help lists them
    default : the format for stdout, and for a file whose name has no ending
    """

    subject: str
    formats: tuple[F, ...]
    default: F

    @property
    def endings(self) -> dict[str, F]:
        """File endings in lower case, each with its format."""
        named = {f".{name}": name for name in self.formats if name not in _NO_ENDING}
        known: dict[str, str] = {**_ENDINGS, **({".txt": "labels"} if "labels" in self.formats else {})}
        more = {ending: one for ending, name in known.items() for one in self.formats if one == name}
        return {**named, **more}

    def of_file(self, name: str) -> F | None:
        """Return the format that the ending of a file names.

        Returns
        -------
        None where the name has no ending

        Raises
        ------
        UsageError : no format of this command has that ending
        """
        ending = Path(name).suffix.lower()
        if not ending:
            return None
        if ending not in self.endings:
            raise UsageError(
                f"no format of {self.subject} ends in {ending}",
                f"a file may end in {', '.join(self.endings)}; or choose with --format"
                f" {', '.join(self.formats)}",
            )
        return self.endings[ending]

    def choose(
        self,
        format: F | None,
        output: str | None,
        *,
        as_json: bool = False,
        print0: bool = False,
        terminal: bool = False,
    ) -> F:
        """Return the format that the options ask for.

        Parameters
        ----------
        format : of ``--format``, which outweighs the ending of ``output``
        output : file to write; None for stdout
        as_json : ``--json``
        print0 : ``--print0``
        terminal : stdout is a terminal, and the output goes to it

        Raises
        ------
        UsageError : options that exclude each other, or an ending that names no format
        """
        if as_json and format not in (None, "json"):
            raise UsageError(f"--json and --format {format} exclude each other")
        [json] = [one for one in self.formats if one == "json"]
        of_options = json if as_json else format
        chosen = of_options or (self.of_file(output) if output is not None else None) or self.default
        if print0 and chosen != "paths":
            raise UsageError("-0 goes with --format paths")
        if terminal and chosen in NOT_FOR_TERMINALS:
            ending = next(ending for ending, one in self.endings.items() if one == chosen)
            raise UsageError(
                f"a terminal shows no {chosen.upper()}", f"name a file, for instance: -o out{ending}"
            )
        return chosen


TRACKS: Final[FormatSet[TrackFormat]] = FormatSet("a list of tracks", get_args(TrackFormat), "table")
EXPORT: Final[FormatSet[TrackFormat]] = replace(TRACKS, default="csv")
FILES: Final[FormatSet[FileFormat]] = FormatSet("a list of files", get_args(FileFormat), "table")
FACTS: Final[FormatSet[FactFormat]] = FormatSet("these facts", get_args(FactFormat), "table")
GROUPS: Final[FormatSet[GroupFormat]] = FormatSet("a list of duplicates", get_args(GroupFormat), "table")
RATINGS: Final[FormatSet[RatingFormat]] = FormatSet("a list of ratings", get_args(RatingFormat), "table")
CURVE: Final[FormatSet[CurveFormat]] = FormatSet("a curve", get_args(CurveFormat), "table")
MAP: Final[FormatSet[MapFormat]] = FormatSet("a map", get_args(MapFormat), "html")
