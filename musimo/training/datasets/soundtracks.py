"""Soundtracks: excerpts of film music of about 15 s, Set 1 (360, rated by experts) and Set 2 (110).

Source
    https://osf.io/p6vkg. T. Eerola, J. Vuoskoski (2011), "A comparison of the discrete and dimensional models
    of emotion in music", Psychology of Music 39(1), 18-49.
License
    Academic research only; the excerpts are of commercial recordings.
Layout
    ``mean_ratings_set1.csv`` (number, valence, energy, tension, ...), ``set1_tracklist.csv`` (Nro, ..., Album
    name, ...) and audio files named by number (``001.mp3``), anywhere below the folder; likewise for Set 2.
    The audio of Set 2 must be in a folder named after it, such as ``Set2`` or ``Soundtrack110_mp3``; audio in
    other folders belongs to Set 1. Column names are in any case, with or without a byte order mark. Clips
    without audio are left out.
Scale
    Arousal is the column ``energy``, not ``tension``. Set 2 is on 1-9. Set 1 is documented as 1-9, but no
    valence or energy exceeds 7, and on the 110 excerpts of both sets it is one point lower: it is read as 1-7
    and mapped to 1-9 by ``1 + 8 (x - 1) / 6``. The part ``set1-raw`` leaves it unchanged.
Checks
    The columns exist, every rating is within the scale, and at least one clip has an audio file. Set 2
    contains one excerpt twice (010 and 095); clips are grouped by film, so both are in the same fold.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from musimo.errors import UsageError
from musimo.training.clips import LabeledClip
from musimo.training.datasets import loading

SCALES = {"set1": (1.0, 7.0), "set1-raw": (1.0, 9.0), "set2": (1.0, 9.0)}
MISSPELLED = {"The Portait of a Lady": "The Portrait of a Lady"}  # in the list of Set 1, once


def load(folder: Path, on_notice: loading.OnNotice, part: str = "set1") -> list[LabeledClip]:
    """Return the clips of one set that have ratings and audio, ordered by number.

    Parameters
    ----------
    part : ``set1``, ``set1-raw`` (Set 1 on the scale as documented) or ``set2``

    Raises
    ------
    UsageError : the folder does not have the layout above, there is no such part, or a rating is not on the
        scale
    """
    if part not in SCALES:
        raise UsageError(f"Soundtracks has no part {part!r}", f"parts: {', '.join(SCALES)}")
    one_set = part.removesuffix("-raw")
    files = loading.find_files(folder)
    ratings = _ratings(loading.first_named(files, f"mean_ratings_{one_set}.csv"), SCALES[part])
    hint = (
        f"put mean_ratings_{one_set}.csv and {one_set}_tracklist.csv into {folder} and the audio files, "
        f"named by number, into {folder / one_set.capitalize()}"
    )
    of_set = [path for path in files if _set_of(path.relative_to(folder)) == one_set]
    audio = loading.rated_audio(f"Soundtracks, {one_set}", folder, of_set, ratings, hint)
    songs = _songs(files, one_set)
    return loading.song_clips(f"soundtracks-{one_set}", ratings, audio, songs, on_notice)


def _set_of(path: Path) -> str:
    """Return the set of an audio file, by the names of its folders."""
    folders = "/".join(path.parts[:-1]).lower().replace(" ", "").replace("_", "")
    return "set2" if "set2" in folders or "soundtrack110" in folders else "set1"


def _ratings(table: Path | None, scale: tuple[float, float]) -> loading.MeanRatings:
    if table is None:
        return {}
    columns = ("number", "valence", "energy")
    return loading.mean_ratings(loading.read_table(table, *columns), table, columns, scale)


def _songs(files: Sequence[Path], one_set: str) -> dict[int, loading.Song]:
    """Return the film of each excerpt; composers are not listed, so their films are separate groups."""
    table = loading.first_named(files, f"{one_set}_tracklist.csv")
    if table is None:
        return {}
    return {
        loading.song_number(row["nro"], table): loading.Song(
            album=MISSPELLED.get(row["albumname"], row["albumname"]), genre="Soundtrack"
        )
        for row in loading.read_table(table, "nro", "albumname")
    }
