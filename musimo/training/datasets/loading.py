"""What the loaders share: files found whatever their folders are called, tables read as they really are."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from musimo.audio.formats import is_music
from musimo.errors import UsageError
from musimo.training.clips import LabeledClip, join_groups

OnNotice = Callable[[str], None]
"""Takes a sentence that the user should read and that stops nothing."""

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Song:
    """What a data set says about a song beside its ratings; empty where it does not."""

    artist: str = ""
    album: str = ""
    genre: str = ""


def find_files(folder: Path) -> list[Path]:
    """Every file below a folder, those nearest to it first; folders may be links."""
    paths = [Path(place, name) for place, _, names in os.walk(folder, followlinks=True) for name in names]
    return sorted(paths, key=lambda path: (len(path.parts), path))


def first_named(files: Sequence[Path], *names: str) -> Path | None:
    """The first file of the first of these names that is there."""
    return next((path for name in names for path in files if path.name == name), None)


def numbered_audio(files: Sequence[Path]) -> dict[int, Path]:
    """Music files that are called by a number, ``7.mp3`` or ``007.opus``, by that number."""
    sounds: dict[int, Path] = {}
    for path in files:
        if is_music(os.fsencode(path.name)) and path.stem.isascii() and path.stem.isdecimal():
            sounds.setdefault(int(path.stem), path)
    return sounds


def read_rows(path: Path) -> list[list[str]]:
    """Cells of a CSV file, stripped, without empty lines; its first line is the header.

    UTF-8 with or without a byte order mark, else Windows-1252, which spreadsheets write.
    """
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines(keepends=True))]
    return [row for row in rows if any(row)]


def read_table(path: Path, *columns: str) -> list[Row]:
    """Rows of a CSV file by column name, which is lower-cased and freed of white space.

    Raises
    ------
    UsageError : one of these columns is not there
    """
    header, *rows = read_rows(path) or [[]]
    names = ["".join(name.split()).lower() for name in header]
    lacking = [column for column in columns if column not in names]
    if lacking:
        raise UsageError(f"{path} lacks the columns {', '.join(lacking)}")
    return [dict(zip(names, row + [""] * len(names), strict=False)) for row in rows]


def choose_columns(rows: Sequence[Row], path: Path, *choices: tuple[str, ...]) -> tuple[str, ...]:
    """The first choice of columns that are all there; releases of a data set name them differently.

    Raises
    ------
    UsageError : none is complete
    """
    names = rows[0].keys() if rows else set(choices[0])
    for choice in choices:
        if names >= set(choice):
            return choice
    raise UsageError(f"{path} lacks the columns {', '.join(choices[0])}")


def song_number(cell: str, path: Path) -> int:
    """Number of a song, written ``7``, ``007`` or ``7.0``."""
    try:
        return int(float(cell))
    except (ValueError, OverflowError):
        raise UsageError(f"{path}: {cell!r} is not the number of a song") from None


def rating(row: Row, column: str, scale: tuple[float, float], name: str, path: Path) -> float:
    """Mean rating, brought from its own scale to that of 1-9.

    Raises
    ------
    UsageError : not a number, or outside the scale
    """
    low, high = scale
    try:
        mean = float(row.get(column, ""))
    except ValueError:
        mean = math.nan
    if not low <= mean <= high:
        raise UsageError(
            f"{path}: {column} of {name} is {row.get(column, '')!r}, not a rating of {low:g}-{high:g}"
        )
    return 1 + (mean - low) * 8 / (high - low)


def require_clips(
    title: str, folder: Path, ratings: Mapping[int, object], sounds: Mapping[int, Path], hint: str
) -> None:
    """Make sure that at least one clip is both rated and there.

    Raises
    ------
    UsageError : says which of the two is missing, and in ``hint`` what to put where
    """
    if not ratings:
        raise UsageError(f"{folder} does not hold {title}: no ratings", hint)
    if not ratings.keys() & sounds.keys():
        raise UsageError(f"{folder} does not hold {title}: no sound of a rated clip", hint)


def song_clips(
    prefix: str,
    ratings: Mapping[int, tuple[float, float]],
    sounds: Mapping[int, Path],
    songs: Mapping[int, Song],
    on_notice: OnNotice,
) -> list[LabeledClip]:
    """Clips that have a sound, in the order of their numbers, grouped by artist and album.

    Parameters
    ----------
    prefix : of their names, so that those of different data sets differ
    ratings : valence and arousal, 1-9, by number
    sounds : by number
    songs : by number, as far as known; groups follow from all rated songs, heard or not
    on_notice : is told what is missing
    """
    numbers = sorted(ratings)
    known = [songs.get(number, Song()) for number in numbers]
    groups = join_groups([song.artist for song in known], [song.album for song in known])
    clips = [
        LabeledClip(f"{prefix}-{number}", sounds[number], group, *ratings[number], song.genre, song.album)
        for number, song, group in zip(numbers, known, groups, strict=True)
        if number in sounds
    ]
    if not songs:
        on_notice(f"{prefix}: no list of its songs, so a split may part songs of one artist")
    if len(clips) < len(numbers):
        on_notice(
            f"{prefix}: {len(numbers) - len(clips)} of {len(numbers)} rated clips have no sound, left out"
        )
    return clips
