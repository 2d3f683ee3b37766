"""emoMusic (1000 Songs): 744 excerpts of 45 s of free music, rated by at least ten listeners each.

Source
    http://cvml.unige.ch/databases/emoMusic/. M. Soleymani, M. Caro, E. Schmidt, C.-Y. Sha, Y.-H. Yang (2013),
    "1000 Songs for Emotional Analysis of Music", Proc. ACM CrowdMM. **DEAM contains the same ratings as its
    part of 2013**: never train on one and test on the other.
License
    Research use only, as its page says; audio under its licenses in the Free Music Archive.
Layout
    ``static_annotations.csv`` (song_id, mean_arousal, std_arousal, mean_valence, std_valence: arousal first,
    so columns are read by name), ``songs_info.csv`` and audio files named by song_id, anywhere below the
    folder; or as in Music2Emotion (song_id, valence_mean, arousal_mean). Clips without audio are left out.
Scale
    1-9, unchanged.
Checks
    The columns exist, every rating is within the scale, and at least one clip has an audio file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from musimo.training.clips import LabeledClip
from musimo.training.datasets import loading

SCALE = (1.0, 9.0)
RATINGS = ("emomusic_static_annotations.csv", "static_annotations.csv")
SONGS = ("emomusic_songs_info.csv", "songs_info.csv")


def load(folder: Path, on_notice: loading.OnNotice) -> list[LabeledClip]:
    """Return the clips that have ratings and audio, ordered by number.

    Raises
    ------
    UsageError : the folder does not have the layout above, or a rating is not on the scale
    """
    files = loading.find_files(folder)
    ratings = read_ratings(files)
    hint = f"put its static_annotations.csv, songs_info.csv and clips_45seconds/ into {folder}"
    audio = loading.rated_audio("emoMusic", folder, files, ratings, hint)
    songs = read_songs(loading.first_named(files, *SONGS))
    return loading.song_clips("emomusic", ratings, audio, songs, on_notice)


def read_ratings(files: Sequence[Path], names: Sequence[str] = RATINGS) -> loading.MeanRatings:
    """Return mean valence and arousal, 1-9, by song; {} if there is no such file."""
    table = loading.first_named(files, *names)
    if table is None:
        return {}
    rows = loading.read_table(table, "song_id")
    columns = loading.choose_columns(
        rows, table, ("mean_valence", "mean_arousal"), ("valence_mean", "arousal_mean")
    )
    return loading.mean_ratings(rows, table, ("song_id", *columns), SCALE)


def read_songs(table: Path | None) -> dict[int, loading.Song]:
    """Return artist and genre by song; cells by position: id, file, artist, title, start, end, genre."""
    if table is None:
        return {}
    return {
        loading.song_number(row[0], table): loading.Song(artist=row[2], genre=row[6])
        for row in loading.read_rows(table)[1:]
        if len(row) > 6
    }
