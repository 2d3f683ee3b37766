"""DEAM: 1,802 pieces of mostly free music, rated for the MediaEval tasks "Emotion in Music" of 2013 to 2015.

Source
    https://cvml.unige.ch/databases/DEAM/ (DEAM_audio.zip, DEAM_Annotations.zip, metadata.zip). A. Aljanaki,
    Y.-H. Yang, M. Soleymani (2017), "Developing a benchmark for emotional analysis of music", PLoS ONE 12(3):
    e0173392. Its part of 2013 (song_id <= 1000) is emoMusic: never train on one and test on the other.
License
    Annotations CC BY-NC; audio under the licenses of its owners. Research use only.
Layout
    ``static_annotations_averaged_songs_1_2000.csv``, ``..._2000_2058.csv``, ``arousal.csv``, ``valence.csv``
    (dynamic annotations), ``metadata_{2013,2014,2015}.csv`` and audio files named by song_id, anywhere below
    the folder, as in the original release and on Kaggle; or ``static_annotations.csv`` as in Music2Emotion.
    Without metadata (Kaggle, Music2Emotion) clips cannot be grouped by artist. Clips without audio are left
    out. Excerpts last 45 s; ids above 2000 are full songs of up to ten minutes with one rating each.
Scale
    1-9, unchanged. Dynamic annotations (-1..1) are used for verification only.
Checks
    **The song-level file has valence and arousal swapped for song_id <= 1000**, means and SDs alike: it
    contradicts the dynamic annotations of the same songs and emoMusic, and agrees with both after swapping.
    ``labels = "corrected"`` swaps them back after verifying the swap by whichever of these is available;
    ``labels = "shipped"`` leaves them. Also: the columns exist, every rating is within the scale, and at
    least one clip has an audio file.
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
from musimo.training.datasets import emomusic, loading

Labels = Literal["corrected", "shipped"]

SCALE = (1.0, 9.0)
LAST_ID_2013 = 1000  # song_id; the songs of 2013
MIN_SONGS = 10  # with fewer common songs, r = .9 and r = .6 are within each other's error
RATINGS = (
    "static_annotations_averaged_songs_1_2000.csv",
    "deam_static_annotations.csv",
    "static_annotations.csv",
)
FULL_SONGS = "static_annotations_averaged_songs_2000_2058.csv"


@dataclass(frozen=True, slots=True)
class SongRatings:
    """Mean and SD over the listeners of one song, 1-9; an SD that is missing is NaN."""

    valence: float
    valence_sd: float
    arousal: float
    arousal_sd: float


Means = Mapping[int, tuple[float, float]]
"""Valence and arousal by song."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Correlation of song-level ratings with another source of ratings of the same songs.

    Parameters
    ----------
    reference : name of the other source
    n : number of common songs
    r : Pearson correlation of DEAM's valence and arousal (rows) with the other's (columns) [shape=(2, 2)]
    """

    reference: str
    n: int
    r: NDArray[np.float64]

    @property
    def straight(self) -> float:
        """Return by how much the valence column correlates better with the other's valence than arousal."""
        return float(self.r[0, 0] - self.r[0, 1])

    @property
    def crossed(self) -> float:
        """Return the same difference for the arousal column."""
        return float(self.r[1, 0] - self.r[1, 1])


def load(folder: Path, on_notice: loading.OnNotice, labels: Labels = "corrected") -> list[LabeledClip]:
    """Return the clips that have ratings and audio, ordered by number.

    Parameters
    ----------
    labels : ``corrected`` or ``shipped``, see the module
    on_notice : called if files are missing, or a correction was unnecessary or could not be verified

    Raises
    ------
    UsageError : the folder does not have the layout above, a rating is not on the scale, or the song-level
        ratings agree with the other sources neither as shipped nor swapped
    """
    files = loading.find_files(folder)
    ratings = read_ratings(folder)
    hint = f"unpack DEAM_audio.zip, DEAM_Annotations.zip and metadata.zip into {folder}"
    audio = loading.rated_audio("DEAM", folder, files, ratings, hint)
    if labels == "corrected":
        ratings = undo_swap(ratings, agreements(ratings, references(folder)), on_notice)
    means = {number: (rated.valence, rated.arousal) for number, rated in ratings.items()}
    return loading.song_clips("deam", means, audio, _songs(files), on_notice)


def read_ratings(folder: Path) -> dict[int, SongRatings]:
    """Return the song-level ratings as shipped, by song_id; {} if there is no such file."""
    files = loading.find_files(folder)
    tables = (loading.first_named(files, *RATINGS), loading.first_named(files, FULL_SONGS))
    columns = ("song_id", "valence_mean", "arousal_mean")  # the file of full songs has ten more, in between
    return {
        loading.song_number(row["song_id"], table): SongRatings(
            loading.rating(row, "valence_mean", SCALE, row["song_id"], table),
            _sd(row, "valence_std"),
            loading.rating(row, "arousal_mean", SCALE, row["song_id"], table),
            _sd(row, "arousal_std"),
        )
        for table in tables
        if table is not None
        for row in loading.read_table(table, *columns)
    }


def swap_2013(ratings: Mapping[int, SongRatings]) -> dict[int, SongRatings]:
    """Return the ratings with valence and arousal swapped for the songs of 2013."""
    return {
        number: SongRatings(rated.arousal, rated.arousal_sd, rated.valence, rated.valence_sd)
        if number <= LAST_ID_2013
        else rated
        for number, rated in ratings.items()
    }


def undo_swap(
    ratings: Mapping[int, SongRatings], checks: Sequence[Agreement], on_notice: loading.OnNotice
) -> dict[int, SongRatings]:
    """Return the ratings with the swap of the songs of 2013 undone, if there is one.

    Parameters
    ----------
    ratings : as shipped
    checks : `agreements` of these; the first one decides
    on_notice : called if nothing is swapped, or nothing can verify the swap

    Raises
    ------
    UsageError : valence correlates better with arousal both as shipped and swapped
    """
    if not checks:
        on_notice(
            "deam: valence and arousal of song_id <= 1000 were swapped back, as the release of 2017 "
            "requires, but not verified: there are neither dynamic annotations nor emoMusic"
        )
        return swap_2013(ratings)
    check = checks[0]
    if check.crossed > max(check.straight, 0.0):
        return swap_2013(ratings)
    if check.straight > 0:
        on_notice(
            f"deam: the song-level ratings of song_id <= 1000 agree with {check.reference} as shipped, so "
            "this release looks corrected already and nothing was swapped"
        )
        return dict(ratings)
    raise UsageError(
        f"DEAM's song-level ratings of song_id <= 1000 agree with {check.reference} neither as shipped nor "
        "with valence and arousal swapped",
        'check the files, or set labels = "shipped" to use them unchanged',
    )


def references(folder: Path) -> dict[str, Means]:
    """Return other sources of the same ratings: dynamic annotations, and emoMusic in or beside the folder."""
    files = loading.find_files(folder)
    beside = folder.parent / "emomusic"
    found = {
        "the dynamic annotations": dynamic_means(files),
        "emoMusic": emomusic.read_ratings(files, emomusic.RATINGS[:1])
        or emomusic.read_ratings(loading.find_files(beside)),
    }
    return {name: means for name, means in found.items() if means}


def dynamic_means(files: Sequence[Path]) -> dict[int, tuple[float, float]]:
    """Return mean valence and arousal over time, -1..1, by song with both; {} if the files are missing."""
    valence, arousal = (
        _means_over_time(loading.first_named(files, f"{name}.csv")) for name in ("valence", "arousal")
    )
    return {number: (valence[number], arousal[number]) for number in valence.keys() & arousal.keys()}


def agreements(
    ratings: Mapping[int, SongRatings],
    references: Mapping[str, Means],
    first: int = 1,
    last: int = LAST_ID_2013,
) -> list[Agreement]:
    """Return the agreement of songs ``first`` to ``last`` with each reference that has enough of them."""
    found = []
    for name, means in references.items():
        common = sorted(number for number in ratings.keys() & means.keys() if first <= number <= last)
        if len(common) >= MIN_SONGS:
            ours = [(ratings[number].valence, ratings[number].arousal) for number in common]
            theirs = [means[number] for number in common]
            with np.errstate(invalid="ignore", divide="ignore"):  # NaN for a constant
                r = np.corrcoef(np.array(ours).T, np.array(theirs).T)[:2, 2:]
            found.append(Agreement(name, len(common), r))
    return found


def verdict(checks: Sequence[Agreement]) -> str:
    """Return one sentence on the labels of song_id <= 1000."""
    if not checks:
        return "The labels cannot be verified: neither dynamic annotations nor emoMusic were found."
    names = " and ".join(check.reference for check in checks)
    if all(check.crossed > max(check.straight, 0.0) for check in checks):
        return f"For song_id <= 1000, valence and arousal are swapped, according to {names}."
    if all(check.straight > 0 and check.straight >= check.crossed for check in checks):
        return f"For song_id <= 1000, valence and arousal are not swapped, according to {names}."
    return f"For song_id <= 1000, {names} are inconclusive or contradict each other."


def _means_over_time(table: Path | None) -> dict[int, float]:
    """Return the mean over time of each row (song_id, samples); rows are as long as their songs."""
    if table is None:
        return {}
    means = {}
    for number, *samples in loading.read_rows(table)[1:]:
        values = [value for value in map(_float, samples) if math.isfinite(value)]
        if values:
            means[loading.song_number(number, table)] = sum(values) / len(values)
    return means


def _songs(files: Sequence[Path]) -> dict[int, loading.Song]:
    """Return artist, album and genre by song; each year has its own order of columns, and ragged rows."""
    songs = emomusic.read_songs(loading.first_named(files, "metadata_2013.csv", *emomusic.SONGS))
    for year, artist, album, genre in ((2014, 1, 2, 4), (2015, 3, 4, 5)):
        table = loading.first_named(files, f"metadata_{year}.csv")
        if table is not None:
            for row in loading.read_rows(table)[1:]:
                cells = row + [""] * 6
                songs[loading.song_number(row[0], table)] = loading.Song(
                    cells[artist], cells[album], cells[genre]
                )
    return songs


def _sd(row: loading.TableRow, column: str) -> float:
    return _float(row.get(column, ""))


def _float(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan
