"""Helpers of the loaders: find files in any folder layout, read the tables as they are published."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from musimo.audio.formats import is_music
from musimo.errors import UsageError
from musimo.training.clips import LabeledClip
from musimo.training.groups import join_groups

OnNotice = Callable[[str], None]
"""Receive a warning: a sentence for the user that stops nothing."""

TableRow = dict[str, str]
MeanRatings = dict[int, tuple[float, float]]
"""Mean valence and arousal, on the 1-9 scale, by song number."""


@dataclass(frozen=True, slots=True)
class Song:
    """Metadata of a song; empty where the data set has none."""

    artist: str = ""
    album: str = ""
    genre: str = ""


def find_files(folder: Path) -> list[Path]:
    """Return all files below a folder, the least nested first; links to folders are followed."""
    paths = [Path(parent, name) for parent, _, names in os.walk(folder, followlinks=True) for name in names]
    return sorted(paths, key=lambda path: (len(path.parts), path))


def first_named(files: Sequence[Path], *names: str) -> Path | None:
    """Return the first file with the first of these names that exists, or None."""
    return next((path for name in names for path in files if path.name == name), None)


def numbered_audio(files: Sequence[Path]) -> dict[int, Path]:
    """Return audio files named by a number (``7.mp3``, ``007.opus``), by that number."""
    audio: dict[int, Path] = {}
    for path in files:
        if is_music(os.fsencode(path.name)) and path.stem.isascii() and path.stem.isdecimal():
            audio.setdefault(int(path.stem), path)
    return audio


def read_rows(path: Path) -> list[list[str]]:
    """Return the stripped cells of a CSV file without its empty lines; the first row is the header.

    The encoding is UTF-8, with or without a byte order mark, or else Windows-1252, as spreadsheets write it.
    """
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines(keepends=True))]
    return [row for row in rows if any(row)]


def read_table(path: Path, *columns: str) -> list[TableRow]:
    """Return the rows of a CSV file by column name, in lower case and without white space.

    Raises
    ------
    UsageError : one of ``columns`` is missing
    """
    header, *rows = read_rows(path) or [[]]
    names = ["".join(name.split()).lower() for name in header]
    missing = [column for column in columns if column not in names]
    if missing:
        raise UsageError(f"{path} lacks the columns {', '.join(missing)}")
    return [dict(zip(names, row + [""] * len(names), strict=False)) for row in rows]


def choose_columns(rows: Sequence[TableRow], path: Path, *choices: tuple[str, ...]) -> tuple[str, ...]:
    """Return the first choice whose columns all exist; releases of a data set name them differently.

    Raises
    ------
    UsageError : no choice is complete
    """
    names = rows[0].keys() if rows else set(choices[0])
    for choice in choices:
        if names >= set(choice):
            return choice
    raise UsageError(f"{path} lacks the columns {', '.join(choices[0])}")


def song_number(cell: str, path: Path) -> int:
    """Parse the number of a song, written ``7``, ``007`` or ``7.0``.

    Raises
    ------
    UsageError : the cell is not a number
    """
    try:
        return int(float(cell))
    except (ValueError, OverflowError):
        raise UsageError(f"{path}: {cell!r} is not the number of a song") from None


def split_list(cell: str) -> tuple[str, ...]:
    """Return the entries of a cell that are separated by semicolons; () for an empty one."""
    return tuple(entry for entry in (part.strip() for part in cell.split(";")) if entry)


def rating(row: TableRow, column: str, scale: tuple[float, float], name: str, path: Path) -> float:
    """Parse a mean rating and map it linearly from its scale to 1-9.

    Raises
    ------
    UsageError : it is not a number, or outside the scale
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


def mean_ratings(
    rows: Sequence[TableRow], path: Path, columns: tuple[str, ...], scale: tuple[float, float]
) -> MeanRatings:
    """Return the mean ratings of a table.

    Parameters
    ----------
    rows, path : of the table
    columns : names of the columns of the song number, valence and arousal
    scale : lowest and highest rating

    Raises
    ------
    UsageError : a cell is not a song number or not a rating
    """
    number, valence, arousal = columns
    return {
        song_number(row[number], path): (
            rating(row, valence, scale, row[number], path),
            rating(row, arousal, scale, row[number], path),
        )
        for row in rows
    }


def rated_audio(
    title: str, folder: Path, files: Sequence[Path], ratings: Mapping[int, object], hint: str
) -> dict[int, Path]:
    """Return the numbered audio files of a data set; require at least one with ratings.

    Raises
    ------
    UsageError : there are no ratings, or no audio of a rated clip; ``hint`` says which files to put where
    """
    audio = numbered_audio(files)
    if not ratings:
        raise UsageError(f"{folder} does not hold {title}: no ratings", hint)
    if not ratings.keys() & audio.keys():
        raise UsageError(f"{folder} does not hold {title}: no audio of a rated clip", hint)
    return audio


def song_clips(
    prefix: str,
    ratings: Mapping[int, tuple[float, float]],
    audio: Mapping[int, Path],
    songs: Mapping[int, Song],
    on_notice: OnNotice,
) -> list[LabeledClip]:
    """Return the clips that have an audio file, ordered by number and grouped by artist and album.

    Parameters
    ----------
    prefix : start of the clips' names, unique to the data set
    ratings : valence and arousal, 1-9, by number
    audio, songs : by number; the groups follow from all rated songs, with or without audio
    on_notice : called if metadata or audio files are missing
    """
    numbers = sorted(ratings)
    known = [songs.get(number, Song()) for number in numbers]
    groups = join_groups([song.artist for song in known], [song.album for song in known])
    clips = [
        LabeledClip(
            f"{prefix}-{number}", audio[number], group, *ratings[number], split_list(song.genre), song.album
        )
        for number, song, group in zip(numbers, known, groups, strict=True)
        if number in audio
    ]
    if not songs:
        on_notice(f"{prefix}: no list of its songs, so songs of one artist may be in several folds")
    if len(clips) < len(numbers):
        n_missing = len(numbers) - len(clips)
        on_notice(f"{prefix}: {n_missing} of {len(numbers)} rated clips left out: no audio file")
    return clips
