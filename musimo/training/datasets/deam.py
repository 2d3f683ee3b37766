"""DEAM: 1,802 pieces of mostly free music, rated for the MediaEval tasks "Emotion in Music" of 2013 to 2015.

Source
    https://cvml.unige.ch/databases/DEAM/ (DEAM_audio.zip, DEAM_Annotations.zip, metadata.zip). A. Aljanaki,
    Y.-H. Yang, M. Soleymani (2017), "Developing a benchmark for emotional analysis of music", PLoS ONE 12(3):
    e0173392. Its part of 2013 (song_id <= 1000) is emoMusic: never train on one and test on the other.
Licence
    Annotations CC BY-NC; audio under the licences of its owners. For research only.
Layout
    ``static_annotations_averaged_songs_1_2000.csv``, ``..._2000_2058.csv``, ``arousal.csv``, ``valence.csv``
    (dynamic annotations), ``metadata_{2013,2014,2015}.csv`` and sounds named by song_id, anywhere below the
    folder, as the original and Kaggle have them; or ``static_annotations.csv`` as Music2Emotion has it.
    Without metadata (Kaggle, Music2Emotion) splits cannot be grouped by artist. Clips without a sound are
    left out. Excerpts last 45 s; ids above 2000 are full songs of up to ten minutes, each rated as a whole.
Scale
    1-9, as it is. Dynamic annotations (-1..1) serve as a check alone.
Checks
    **The song-level file has valence and arousal exchanged for song_id <= 1000**, means and SDs alike: it
    disagrees with the dynamic annotations of the same songs and with emoMusic, and agrees with both once they
    are exchanged. ``labels = "corrected"`` exchanges them back, after making sure, by whichever of these is
    at hand, that they are exchanged; ``labels = "shipped"`` leaves them. Beyond that: the columns are there,
    every rating is one, and at least one clip has a sound.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from musimo.errors import UsageError
from musimo.training.clips import LabeledClip
from musimo.training.datasets import emomusic
from musimo.training.datasets.loading import (
    OnNotice,
    Row,
    Song,
    find_files,
    first_named,
    numbered_audio,
    rating,
    read_rows,
    read_table,
    require_clips,
    song_clips,
    song_number,
)

Labels = Literal["corrected", "shipped"]

CITATION = "Aljanaki, Yang & Soleymani (2017), PLoS ONE 12(3): e0173392"
LICENCE = "annotations CC BY-NC; audio: licences of its owners; research use only"
N_CLIPS = 1802
SCALE = (1.0, 9.0)
LAST_ID_2013 = 1000  # song_id; the songs of 2013
MIN_SONGS = 10  # fewer songs in common tell nothing: r = .9 and r = .6 lie within each other's error
RATINGS = (
    "static_annotations_averaged_songs_1_2000.csv",
    "deam_static_annotations.csv",
    "static_annotations.csv",
)
FULL_SONGS = "static_annotations_averaged_songs_2000_2058.csv"


@dataclass(frozen=True, slots=True)
class SongRatings:
    """Mean and SD over the listeners of one song, 1-9; an SD that is not told is NaN."""

    valence: float
    valence_sd: float
    arousal: float
    arousal_sd: float


Means = Mapping[int, tuple[float, float]]
"""Valence and arousal by song."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How song-level columns go with another record of the same songs.

    Parameters
    ----------
    reference : what they are compared with
    n : songs in common
    r : Pearson correlation of our valence and arousal (rows) with its valence and arousal (columns), (2, 2)
    """

    reference: str
    n: int
    r: NDArray[np.float64]

    @property
    def straight(self) -> float:
        """By how much our valence goes better with its valence than with its arousal."""
        return float(self.r[0, 0] - self.r[0, 1])

    @property
    def crossed(self) -> float:
        """The same for what our column of arousal would be, were it valence."""
        return float(self.r[1, 0] - self.r[1, 1])


def load(folder: Path, on_notice: OnNotice, labels: Labels = "corrected") -> list[LabeledClip]:
    """Clips that have both ratings and a sound, in the order of their numbers.

    Parameters
    ----------
    labels : ``corrected`` or ``shipped``, see above
    on_notice : is told what is missing, and where a correction was not made or could not be verified

    Raises
    ------
    UsageError : the folder is not laid out as described above, a rating is none, or the song-level ratings go
        with the other records neither as they are nor exchanged
    """
    files = find_files(folder)
    sounds = numbered_audio(files)
    ratings = read_ratings(folder)
    hint = f"unpack DEAM_audio.zip, DEAM_Annotations.zip and metadata.zip into {folder}"
    require_clips("DEAM", folder, ratings, sounds, hint)
    if labels == "corrected":
        ratings = undo_swap(ratings, agreements(ratings, references(folder)), on_notice)
    means = {number: (rated.valence, rated.arousal) for number, rated in ratings.items()}
    return song_clips("deam", means, sounds, _songs(files), on_notice)


def read_ratings(folder: Path) -> dict[int, SongRatings]:
    """Song-level ratings as shipped, by song_id; {} where there is no such file."""
    files = find_files(folder)
    tables = (first_named(files, *RATINGS), first_named(files, FULL_SONGS))
    columns = ("song_id", "valence_mean", "arousal_mean")  # the full songs' file has ten more, in between
    return {
        song_number(row["song_id"], table): SongRatings(
            rating(row, "valence_mean", SCALE, row["song_id"], table),
            _sd(row, "valence_std"),
            rating(row, "arousal_mean", SCALE, row["song_id"], table),
            _sd(row, "arousal_std"),
        )
        for table in tables
        if table is not None
        for row in read_table(table, *columns)
    }


def swap_2013(ratings: Mapping[int, SongRatings]) -> dict[int, SongRatings]:
    """The ratings with valence and arousal exchanged for the songs of 2013."""
    return {
        number: SongRatings(rated.arousal, rated.arousal_sd, rated.valence, rated.valence_sd)
        if number <= LAST_ID_2013
        else rated
        for number, rated in ratings.items()
    }


def undo_swap(
    ratings: Mapping[int, SongRatings], checks: Sequence[Agreement], on_notice: OnNotice
) -> dict[int, SongRatings]:
    """The ratings with the exchange of 2013 undone, if there is one.

    Parameters
    ----------
    ratings : as shipped
    checks : `agreements` of these; the first decides
    on_notice : is told where there is no exchange, or nothing to check it by

    Raises
    ------
    UsageError : valence goes better with arousal both as shipped and exchanged
    """
    if not checks:
        on_notice(
            "deam: valence and arousal of song_id <= 1000 were exchanged back, as the release of 2017 needs, "
            "but not verified: neither dynamic annotations nor emoMusic are beside them"
        )
        return swap_2013(ratings)
    check = checks[0]
    if check.crossed > max(check.straight, 0.0):
        return swap_2013(ratings)
    if check.straight > 0:
        on_notice(
            f"deam: the song-level ratings of song_id <= 1000 go with {check.reference} as they are, so this "
            "release looks corrected already and nothing was exchanged"
        )
        return dict(ratings)
    raise UsageError(
        f"DEAM's song-level ratings of song_id <= 1000 go with {check.reference} neither as shipped nor with "
        "valence and arousal exchanged",
        'check the files, or say labels = "shipped" to take them as they are',
    )


def references(folder: Path) -> dict[str, Means]:
    """Other records of the same ratings: DEAM's dynamic annotations, and emoMusic in or beside the folder."""
    files = find_files(folder)
    beside = folder.parent / "emomusic"
    found = {
        "the dynamic annotations": dynamic_means(files),
        "emoMusic": emomusic.read_ratings(files, emomusic.RATINGS[:1])
        or emomusic.read_ratings(find_files(beside)),
    }
    return {name: means for name, means in found.items() if means}


def dynamic_means(files: Sequence[Path]) -> dict[int, tuple[float, float]]:
    """Valence and arousal over time, averaged, -1..1, by song that has both; {} where the files are not."""
    valence, arousal = (
        _means_over_time(first_named(files, f"{name}.csv")) for name in ("valence", "arousal")
    )
    return {number: (valence[number], arousal[number]) for number in valence.keys() & arousal.keys()}


def agreements(
    ratings: Mapping[int, SongRatings],
    references: Mapping[str, Means],
    first: int = 1,
    last: int = LAST_ID_2013,
) -> list[Agreement]:
    """How the ratings of songs ``first`` to ``last`` go with each reference that knows enough of them."""
    found = []
    for name, means in references.items():
        common = sorted(number for number in ratings.keys() & means.keys() if first <= number <= last)
        if len(common) >= MIN_SONGS:
            ours = [(ratings[number].valence, ratings[number].arousal) for number in common]
            theirs = [means[number] for number in common]
            with np.errstate(invalid="ignore", divide="ignore"):  # what does not vary goes with nothing: NaN
                r = np.corrcoef(np.array(ours).T, np.array(theirs).T)[:2, 2:]
            found.append(Agreement(name, len(common), r))
    return found


def verdict(checks: Sequence[Agreement]) -> str:
    """One sentence on song_id <= 1000 of the ratings that were checked."""
    if not checks:
        return "There is nothing to check the labels by: neither dynamic annotations nor emoMusic were found."
    names = " and ".join(check.reference for check in checks)
    if all(check.crossed > max(check.straight, 0.0) for check in checks):
        return f"For song_id <= 1000 valence and arousal are exchanged, by {names}."
    if all(check.straight > 0 and check.straight >= check.crossed for check in checks):
        return f"For song_id <= 1000 valence is valence and arousal is arousal, by {names}."
    return f"For song_id <= 1000 {names} do not tell valence from arousal, or contradict each other."


def _means_over_time(table: Path | None) -> dict[int, float]:
    """Mean of each row of song_id and samples over time; rows are as long as their songs."""
    if table is None:
        return {}
    means = {}
    for number, *samples in read_rows(table)[1:]:
        values = [value for value in map(_float, samples) if math.isfinite(value)]
        if values:
            means[song_number(number, table)] = sum(values) / len(values)
    return means


def _songs(files: Sequence[Path]) -> dict[int, Song]:
    """Artist, album and genre by song; each year has an order of columns of its own, and ragged rows."""
    songs = emomusic.read_songs(first_named(files, "metadata_2013.csv", *emomusic.SONGS))
    for year, artist, album, genre in ((2014, 1, 2, 4), (2015, 3, 4, 5)):
        table = first_named(files, f"metadata_{year}.csv")
        if table is not None:
            for row in read_rows(table)[1:]:
                cells = row + [""] * 6
                songs[song_number(row[0], table)] = Song(cells[artist], cells[album], cells[genre])
    return songs


def _sd(row: Row, column: str) -> float:
    return _float(row.get(column, ""))


def _float(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan
