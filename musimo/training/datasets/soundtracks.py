"""Soundtracks: excerpts of film music, some 15 s long, Set 1 (360, rated by experts) and Set 2 (110).

Source
    https://osf.io/p6vkg. T. Eerola, J. Vuoskoski (2011), "A comparison of the discrete and dimensional models
    of emotion in music", Psychology of Music 39(1), 18-49.
Licence
    For academic research; the excerpts are of commercial recordings.
Layout
    ``mean_ratings_set1.csv`` (number, valence, energy, tension, ...), ``set1_tracklist.csv`` (Nro, ..., Album
    name, ...) and sounds called by number (``001.mp3``), anywhere below the folder; Set 2 likewise. Sounds of
    Set 2 must lie in a folder whose name says so, such as ``Set2`` or ``Soundtrack110_mp3``; those in folders
    that say nothing are taken for Set 1. Column names come in any case, after a byte order mark or not.
    Clips without a sound are left out.
Scale
    Arousal is the column ``energy``, not ``tension``. Set 2 is on 1-9. Set 1 is said to be, but no valence or
    energy exceeds 7, and against the 110 excerpts both sets have it lies a point lower: it is read as 1-7 and
    brought to 1-9 by ``1 + 8 (x - 1) / 6``. The part ``set1-raw`` leaves it alone.
Checks
    The columns are there, every rating is one, and at least one clip has a sound. Set 2 holds one excerpt
    twice (010 and 095); clips are grouped by film, so no split parts the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from musimo.errors import UsageError
from musimo.training.clips import LabeledClip
from musimo.training.datasets.loading import (
    OnNotice,
    Song,
    find_files,
    first_named,
    numbered_audio,
    rating,
    read_table,
    require_clips,
    song_clips,
    song_number,
)

CITATION = "Eerola & Vuoskoski (2011), Psychology of Music 39(1), 18-49"
LICENCE = "academic research only; audio: commercial recordings"
N_CLIPS = {"set1": 360, "set2": 110}
SCALES = {"set1": (1.0, 7.0), "set1-raw": (1.0, 9.0), "set2": (1.0, 9.0)}
MISSPELT = {"The Portait of a Lady": "The Portrait of a Lady"}  # in the list of Set 1, once


def load(folder: Path, on_notice: OnNotice, part: str = "set1") -> list[LabeledClip]:
    """Clips of one set that have both ratings and a sound, in the order of their numbers.

    Parameters
    ----------
    part : ``set1``, ``set1-raw`` (Set 1 on the scale it is printed on) or ``set2``

    Raises
    ------
    UsageError : the folder is not laid out as described above, no such part, or a rating is none
    """
    if part not in SCALES:
        raise UsageError(f"Soundtracks has no part {part!r}", f"parts: {', '.join(SCALES)}")
    one_set = part.removesuffix("-raw")
    files = find_files(folder)
    sounds = numbered_audio([path for path in files if _set_of(path.relative_to(folder)) == one_set])
    ratings = _ratings(first_named(files, f"mean_ratings_{one_set}.csv"), SCALES[part])
    hint = (
        f"put mean_ratings_{one_set}.csv and {one_set}_tracklist.csv into {folder} and the sounds, named by "
        f"number, into {folder / one_set.capitalize()}"
    )
    require_clips(f"Soundtracks, {one_set}", folder, ratings, sounds, hint)
    return song_clips(f"soundtracks-{one_set}", ratings, sounds, _songs(files, one_set), on_notice)


def _set_of(path: Path) -> str:
    """Which set a sound belongs to, by the folders it lies in."""
    folders = "/".join(path.parts[:-1]).lower().replace(" ", "").replace("_", "")
    return "set2" if "set2" in folders or "soundtrack110" in folders else "set1"


def _ratings(table: Path | None, scale: tuple[float, float]) -> dict[int, tuple[float, float]]:
    if table is None:
        return {}
    return {
        song_number(row["number"], table): (
            rating(row, "valence", scale, row["number"], table),
            rating(row, "energy", scale, row["number"], table),
        )
        for row in read_table(table, "number", "valence", "energy")
    }


def _songs(files: Sequence[Path], one_set: str) -> dict[int, Song]:
    """The film of each excerpt. Composers are not told, so films of one composer stay apart."""
    table = first_named(files, f"{one_set}_tracklist.csv")
    if table is None:
        return {}
    return {
        song_number(row["nro"], table): Song(
            album=MISSPELT.get(row["albumname"], row["albumname"]), genre="Soundtrack"
        )
        for row in read_table(table, "nro", "albumname")
    }
