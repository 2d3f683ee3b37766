"""Valence, arousal and mood in a beets library: ``beet musimo``, then ``beet ls valence:0.7..``.

What the musimo library knows of a file is copied into attributes of the beets library; no file is written.
For ``plugins: musimo`` in beets' configuration, which may say:

    musimo:
        library: ~/.local/share/musimo/library.db   # musimo's; by default your own
        auto: no       # yes: fill the attributes of what is imported
        analyze: no    # yes: analyze what musimo's library does not have
        force: no      # yes: look again for what is filled already
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from beets.dbcore import types
from beets.plugins import BeetsPlugin
from beets.ui import Subcommand, UserError, print_

if TYPE_CHECKING:
    from musimo import Library

FIELDS = ("valence", "arousal", "mood_words")
DIGITS = 3  # the network's error is in the second

Analyzed = tuple[Any, float, float]
"""An item, its valence and its arousal, 0..1."""


class Musimo(BeetsPlugin):
    """The plugin."""

    item_types = {  # noqa: RUF012 - beets asks for it like this
        "valence": types.NullFloat(DIGITS),
        "arousal": types.NullFloat(DIGITS),
        "mood_words": types.STRING,
    }

    def __init__(self) -> None:
        super().__init__()
        self.config.add({"library": "", "auto": False, "analyze": False, "force": False})
        if self.config["auto"].get(bool):
            self.import_stages = [self.imported]

    def commands(self) -> list[Subcommand]:
        """``beet musimo``."""
        command = Subcommand("musimo", help="fill valence, arousal and mood_words from the musimo library")
        add = command.parser.add_option
        add("-a", "--analyze", action="store_true", help="analyze what the musimo library does not have")
        add("-f", "--force", action="store_true", help="look again for what is filled already")
        add("-p", "--pretend", action="store_true", help="only show what would be filled")
        command.func = self.command
        return [command]

    def command(self, lib: Any, opts: Any, args: list[str]) -> None:
        """Fill the attributes of the items that a query finds."""
        analyze = opts.analyze or self.config["analyze"].get(bool)
        n_missing = self.fill(
            list(lib.items(args)),
            analyze=analyze,
            force=opts.force or self.config["force"].get(bool),
            pretend=bool(opts.pretend),
        )
        if n_missing and not analyze:
            self._log.warning(
                "{} not in the musimo library: scan their folder, or analyze them: beet musimo --analyze",
                "1 track is" if n_missing == 1 else f"{n_missing} tracks are",
            )

    def imported(self, session: Any, task: Any) -> None:
        """Fill the attributes of what is imported; an import never stops for it."""
        try:
            self.fill(list(task.imported_items()), analyze=self.config["analyze"].get(bool))
        except UserError as error:
            self._log.warning("{}", error)

    def fill(self, items: list[Any], *, analyze: bool, force: bool = False, pretend: bool = False) -> int:
        """Fill the attributes of items and print them; return how many are not known."""
        from musimo.errors import MusimoError

        wanted = [item for item in items if force or any(item.get(name) is None for name in FIELDS)]
        if not wanted:
            return 0
        try:
            library = self._library()
            words = library.tags.mood_words()
            n_found = 0
            for item, valence, arousal in self._moods(library, wanted, analyze=analyze):
                n_found += 1
                found = (round(valence, DIGITS), round(arousal, DIGITS), words(valence, arousal))
                self._put(item, dict(zip(FIELDS, found, strict=True)), pretend=pretend)
        except MusimoError as error:
            raise UserError(f"musimo: {error.message}" + (f"\n{error.hint}" if error.hint else "")) from error
        return len(wanted) - n_found

    def _library(self) -> Library:
        from musimo import Library

        named = self.config["library"].as_str()
        library = Library.open(os.path.expanduser(named) or None)  # noqa: PTH111 - as beets has it
        if not library.settings.library.exists():
            raise UserError(f"there is no musimo library at {library.settings.library}: musimo scan FOLDER")
        return library

    def _moods(self, library: Library, items: Iterable[Any], *, analyze: bool) -> Iterator[Analyzed]:
        """Yield items known by their path; then those that are analyzed now."""
        unknown: dict[bytes, Any] = {}
        for item in items:
            path = bytes(item.path)
            if not os.path.isfile(path):  # noqa: PTH113 - bytes
                self._log.warning("{} is not there", os.fsdecode(path))
                continue
            track = library.find_track(os.fsdecode(path))
            if track is None or track.valence is None or track.arousal is None:
                unknown[path] = item
            else:
                yield item, track.valence, track.arousal
        if analyze and unknown:
            yield from self._analyzed(library, unknown)

    def _analyzed(self, library: Library, items: dict[bytes, Any]) -> Iterator[Analyzed]:
        from musimo.api import AnalyzedFile

        for file in library.analyze(*items):
            if isinstance(file, AnalyzedFile):
                yield items[file.path_bytes], file.emotion.valence, file.emotion.arousal
            else:
                self._log.warning("cannot analyze {}: {}", file.path, file.reason)

    def _put(self, item: Any, found: dict[str, Any], *, pretend: bool) -> None:
        if all(item.get(name) == value for name, value in found.items()):
            return
        shown = ", ".join(f"{name} {value}" for name, value in found.items())
        print_(f"{format(item)}: {shown}")
        if not pretend:
            item.update(found)
            item.store(fields=())  # flexible attributes alone
