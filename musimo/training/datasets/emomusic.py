"""emoMusic (1000 Songs): 744 excerpts of 45 s of free music, rated by at least ten listeners each.

Source
    http://cvml.unige.ch/databases/emoMusic/. M. Soleymani, M. Caro, E. Schmidt, C.-Y. Sha, Y.-H. Yang (2013),
    "1000 Songs for Emotional Analysis of Music", Proc. ACM CrowdMM. **The same ratings are in DEAM as its
    part of 2013**: never train on one and test on the other.
Licence
    For research, as its page says; audio under the licences it has in the Free Music Archive.
Layout
    ``static_annotations.csv`` (song_id, mean_arousal, std_arousal, mean_valence, std_valence: arousal first,
    so columns go by name), ``songs_info.csv`` and sounds named by song_id, anywhere below the folder; or as
    in Music2Emotion (song_id, valence_mean, arousal_mean). Clips without a sound are left out.
Scale
    1-9, as it is.
Checks
    The columns are there, every rating is one, and at least one clip has a sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from musimo.training.clips import LabeledClip
from musimo.training.datasets.loading import (
    OnNotice,
    Song,
    choose_columns,
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

CITATION = "Soleymani, Caro, Schmidt, Sha & Yang (2013), ACM CrowdMM"
LICENCE = "research use only; audio: licences of the Free Music Archive"
N_CLIPS = 744
SCALE = (1.0, 9.0)
RATINGS = ("emomusic_static_annotations.csv", "static_annotations.csv")
SONGS = ("emomusic_songs_info.csv", "songs_info.csv")


def load(folder: Path, on_notice: OnNotice) -> list[LabeledClip]:
    """Clips that have both ratings and a sound, in the order of their numbers.

    Raises
    ------
    UsageError : the folder is not laid out as described above, or a rating is none
    """
    files = find_files(folder)
    sounds = numbered_audio(files)
    ratings = read_ratings(files)
    hint = f"put its static_annotations.csv, songs_info.csv and clips_45seconds/ into {folder}"
    require_clips("emoMusic", folder, ratings, sounds, hint)
    return song_clips("emomusic", ratings, sounds, read_songs(first_named(files, *SONGS)), on_notice)


def read_ratings(files: Sequence[Path], names: Sequence[str] = RATINGS) -> dict[int, tuple[float, float]]:
    """Mean valence and arousal, 1-9, by song; {} where there is no such file."""
    table = first_named(files, *names)
    if table is None:
        return {}
    rows = read_table(table, "song_id")
    valence, arousal = choose_columns(
        rows, table, ("mean_valence", "mean_arousal"), ("valence_mean", "arousal_mean")
    )
    return {
        song_number(row["song_id"], table): (
            rating(row, valence, SCALE, row["song_id"], table),
            rating(row, arousal, SCALE, row["song_id"], table),
        )
        for row in rows
    }


def read_songs(table: Path | None) -> dict[int, Song]:
    """Artist and genre by song; cells go by position: id, file, artist, title, start, end, genre."""
    if table is None:
        return {}
    return {
        song_number(row[0], table): Song(artist=row[2], genre=row[6])
        for row in read_rows(table)[1:]
        if len(row) > 6
    }
