"""Cue sheets beside audio files: which file each one divides into tracks.

A sheet names its files as they were when it was written: often with another ending, as ``album.wav`` for what
is ``album.flac`` now, or in another case. They are looked up by name among the music in the sheet's own
folder, and nowhere else. Sheets that have not changed are not read again, unless their folder has music
that is new, or back.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from typing import Final

from musimo.audio.cue_sheet import MAX_SHEET, parse_sheet, repaired_texts
from musimo.errors import SheetError
from musimo.library.db.files import FoundFile, KnownFile, KnownSheet, SheetTarget
from musimo.library.db.folding import fold_path
from musimo.records import CueSheet

DIGEST_BYTES: Final = 16
_FOLDERS: Final = re.compile(r".*[/\\]", re.DOTALL)
NO_TARGET: Final = (SheetTarget(b"", b""),)


@dataclass(frozen=True, slots=True)
class AppliedSheet:
    """The sheet that divides a file into tracks; ``path`` is relative to the root."""

    path: bytes
    digest: bytes


@dataclass(slots=True)
class Sheets:
    """The sheets of a folder. Paths are relative to the root.

    Parameters
    ----------
    applied : by path of the file that a sheet divides into tracks
    read : sheets that were read now, by path
    gone : sheets that were known and are no longer there
    unused : sheets that were read and divide no file, and why
    changed : files of which a sheet says something else than when it was last read
    """

    root: bytes
    applied: dict[bytes, AppliedSheet] = field(default_factory=dict)
    read: dict[bytes, KnownSheet] = field(default_factory=dict)
    gone: list[bytes] = field(default_factory=list)
    unused: list[tuple[bytes, str]] = field(default_factory=list)
    changed: set[bytes] = field(default_factory=set)

    def digest(self, path: bytes) -> bytes | None:
        """Return the digest of what a sheet says of the file at ``path``; None without a sheet."""
        return _digest_at(self.applied, path)

    def tracks(self, path: bytes) -> CueSheet:
        """Return the tracks of the file at ``path``, from its sheet; empty without one."""
        applied = self.applied.get(path)
        if applied is None:
            return ()
        try:
            files = _read(os.path.join(self.root, applied.path))
        except (OSError, SheetError):
            return ()  # it has changed since the walk: the next scan sees that
        return next((tracks for _, tracks in files if _digest(tracks) == applied.digest), ())


def find_sheets(
    root: bytes,
    found: Iterable[FoundFile],
    known: Mapping[bytes, KnownSheet],
    files: Mapping[bytes, FoundFile],
    known_files: Mapping[bytes, KnownFile],
) -> Sheets:
    """Return what the sheets of a folder say; read those that are new, or may mean another file now.

    Parameters
    ----------
    root : absolute path of the root
    found : the sheets in the folder
    known : the sheets as they were last read, by path
    files : the music in the folder, by path
    known_files : files that the library knows, by path
    """
    sheets, current = Sheets(root), dict[bytes, KnownSheet]()
    found = list(found)
    here = {os.path.dirname(sheet.path) for sheet in found}
    music: dict[bytes, list[bytes]] = {folder: [] for folder in here}
    with_new: set[bytes] = set()
    meant = {target.path for sheet in known.values() for target in sheet.targets}
    for path in files if here else ():
        folder = os.path.dirname(path)
        if folder in here:
            music[folder].append(path)
            if _is_new(known_files.get(path), meant):
                with_new.add(folder)
    for sheet in found:
        before = known.get(sheet.path)
        folder = os.path.dirname(sheet.path)
        if before is not None and _is_same(before, sheet) and folder not in with_new:
            current[sheet.path] = before
            continue
        try:
            targets = _targets(root, sheet.path, music[folder])
        except SheetError as error:
            sheets.unused.append((sheet.path, error.message))
            targets = NO_TARGET
        except OSError as error:
            sheets.unused.append((sheet.path, os.strerror(error.errno or 0).lower()))
            if before is not None:  # it may be readable again
                current[sheet.path] = before
            continue
        current[sheet.path] = KnownSheet(sheet.size, sheet.mtime_ns, targets)
        if current[sheet.path] != before:
            sheets.read[sheet.path] = current[sheet.path]
    sheets.gone = [path for path in known if path not in current]
    sheets.applied = _applied(current, files)
    before_all = _applied(known, files)
    sheets.changed = {
        path for path in {*before_all, *sheets.applied} if _digest_at(before_all, path) != sheets.digest(path)
    }
    return sheets


def _digest_at(applied: Mapping[bytes, AppliedSheet], path: bytes) -> bytes | None:
    return applied[path].digest if path in applied else None


def _is_same(known: KnownSheet, sheet: FoundFile) -> bool:
    return (known.size, known.mtime_ns) == (sheet.size, sheet.mtime_ns)


def _is_new(file: KnownFile | None, meant: Container[bytes]) -> bool:
    """Return whether sheets of the folder may have been read without a file, and may mean it."""
    return file is None or file.missing or (file.sheet is not None and file.path not in meant)


def _applied(
    sheets: Mapping[bytes, KnownSheet], files: Mapping[bytes, FoundFile]
) -> dict[bytes, AppliedSheet]:
    """Return the sheet of each file; of several the one with its name, else the first."""
    applied: dict[bytes, AppliedSheet] = {}
    for path, sheet in sorted(sheets.items()):
        for target in sheet.targets:
            if target.path in files and (target.path not in applied or _stem(path) == _stem(target.path)):
                applied[target.path] = AppliedSheet(path, target.digest)
    return applied


def _targets(root: bytes, path: bytes, music: Sequence[bytes]) -> tuple[SheetTarget, ...]:
    """Read a sheet; return the files that it divides into tracks, of the music in its folder."""
    divided = _read(os.path.join(root, path))
    targets: dict[bytes, SheetTarget] = {}
    for name, tracks in divided:
        file = _named(name, music) or (_alike(_stem(path), music) if len(divided) == 1 else None)
        if file is not None:
            targets.setdefault(file, SheetTarget(file, _digest(tracks)))
    if divided and not targets:
        raise SheetError("its folder has no music file of the name that it says")
    return tuple(targets.values()) or NO_TARGET


def _read(path: bytes) -> list[tuple[str, CueSheet]]:
    with open(path, "rb") as file:
        return parse_sheet(file.read(MAX_SHEET + 1))


def _named(name: str, music: Sequence[bytes]) -> bytes | None:
    """Return the file of a name, or else the first of that name with another ending."""
    base = _FOLDERS.sub("", name)
    spellings = [os.fsencode(base), *(text.encode() for text in repaired_texts([base]).values() if text)]
    for spelling in spellings:
        same = fold_path(spelling)
        if file := next((one for one in music if fold_path(os.path.basename(one)) == same), None):
            return file
    return next(filter(None, (_alike(_stem(spelling), music) for spelling in spellings)), None)


def _alike(stem: str, music: Sequence[bytes]) -> bytes | None:
    return next((file for file in sorted(music) if stem and _stem(file) == stem), None)


def _stem(path: bytes) -> str:
    """Return the folded name of a file without its ending."""
    return fold_path(os.path.splitext(os.path.basename(path))[0])


def _digest(tracks: CueSheet) -> bytes:
    text = json.dumps([asdict(track) for track in tracks], sort_keys=True)
    return blake2b(text.encode(), digest_size=DIGEST_BYTES).digest()
