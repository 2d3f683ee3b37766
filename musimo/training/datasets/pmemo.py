"""PMEmo: 794 choruses of pop songs, 767 of them with song-level ratings by at least ten listeners each.

Source
    https://github.com/HuiZhangDB/PMEmo. K. Zhang, H. Zhang, S. Li, C. Yang, L. Sun (2018), "The PMEmo
    Dataset for Music Emotion Recognition", Proc. ACM ICMR, 135-142. WindowDescriber told what they felt.
Licence
    For research only; the choruses are of commercial recordings.
Layout
    ``static_annotations.csv`` (musicId, Arousal(mean), Valence(mean): arousal first, so columns go by name),
    ``metadata.csv`` and ``chorus/<musicId>.mp3``, anywhere below the folder; or as in Music2Emotion (song_id,
    valence_mean, arousal_mean, on 1-9). Clips without ratings or without a sound are left out. Many choruses
    are shorter than 45 s.
Scale
    0-1, brought to 1-9 by ``1 + 8 x``.
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
    read_table,
    require_clips,
    song_clips,
    song_number,
)

CITATION = "Zhang, Zhang, Li, Yang & Sun (2018), ACM ICMR, 135-142"
LICENCE = "research use only; audio: commercial recordings"
N_CLIPS = 767  # with song-level ratings
ORIGINAL = ("musicid", "valence(mean)", "arousal(mean)")
MUSIC2EMOTION = ("song_id", "valence_mean", "arousal_mean")


def load(folder: Path, on_notice: OnNotice) -> list[LabeledClip]:
    """Clips that have both ratings and a sound, in the order of their numbers.

    Raises
    ------
    UsageError : the folder is not laid out as described above, or a rating is none
    """
    files = find_files(folder)
    sounds = numbered_audio(files)
    ratings = _ratings(files)
    require_clips("PMEmo", folder, ratings, sounds, f"unpack PMEmo2019.zip into {folder}")
    return song_clips("pmemo", ratings, sounds, _songs(files), on_notice)


def _ratings(files: Sequence[Path]) -> dict[int, tuple[float, float]]:
    table = first_named(files, "static_annotations.csv")
    if table is None:
        return {}
    rows = read_table(table)
    columns = choose_columns(rows, table, ORIGINAL, MUSIC2EMOTION)
    number, valence, arousal = columns
    scale = (0.0, 1.0) if columns == ORIGINAL else (1.0, 9.0)
    return {
        song_number(row[number], table): (
            rating(row, valence, scale, row[number], table),
            rating(row, arousal, scale, row[number], table),
        )
        for row in rows
    }


def _songs(files: Sequence[Path]) -> dict[int, Song]:
    table = first_named(files, "metadata.csv")
    if table is None:
        return {}
    return {
        song_number(row["musicid"], table): Song(row["artist"], row.get("album", ""), "Pop")
        for row in read_table(table, "musicid", "artist")
    }
