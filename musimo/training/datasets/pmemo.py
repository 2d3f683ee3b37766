"""PMEmo: 794 choruses of pop songs, 767 of them with song-level ratings by at least ten listeners each.

Source
    https://github.com/HuiZhangDB/PMEmo. K. Zhang, H. Zhang, S. Li, C. Yang, L. Sun (2018), "The PMEmo
    Dataset for Music Emotion Recognition", Proc. ACM ICMR, 135-142. Listeners reported induced emotion.
License
    Research use only; the choruses are of commercial recordings.
Layout
    ``static_annotations.csv`` (musicId, Arousal(mean), Valence(mean): arousal first, so columns are read by
    name), ``metadata.csv`` and ``chorus/<musicId>.mp3``, anywhere below the folder; or as in Music2Emotion
    (song_id, valence_mean, arousal_mean, on 1-9). Clips without ratings or audio are left out. Many choruses
    are shorter than 45 s.
Scale
    0-1, mapped to 1-9 by ``1 + 8 x``.
Checks
    The columns exist, every rating is within the scale, and at least one clip has an audio file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from musimo.training.clips import LabeledClip
from musimo.training.datasets import loading

ORIGINAL = ("musicid", "valence(mean)", "arousal(mean)")
MUSIC2EMOTION = ("song_id", "valence_mean", "arousal_mean")


def load(folder: Path, on_notice: loading.OnNotice) -> list[LabeledClip]:
    """Return the clips that have ratings and audio, ordered by number.

    Raises
    ------
    UsageError : the folder does not have the layout above, or a rating is not on the scale
    """
    files = loading.find_files(folder)
    ratings = _ratings(files)
    audio = loading.rated_audio("PMEmo", folder, files, ratings, f"unpack PMEmo2019.zip into {folder}")
    return loading.song_clips("pmemo", ratings, audio, _songs(files), on_notice)


def _ratings(files: Sequence[Path]) -> loading.MeanRatings:
    table = loading.first_named(files, "static_annotations.csv")
    if table is None:
        return {}
    rows = loading.read_table(table)
    columns = loading.choose_columns(rows, table, ORIGINAL, MUSIC2EMOTION)
    scale = (0.0, 1.0) if columns == ORIGINAL else (1.0, 9.0)
    return loading.mean_ratings(rows, table, columns, scale)


def _songs(files: Sequence[Path]) -> dict[int, loading.Song]:
    table = loading.first_named(files, "metadata.csv")
    if table is None:
        return {}
    return {
        loading.song_number(row["musicid"], table): loading.Song(row["artist"], row.get("album", ""), "Pop")
        for row in loading.read_table(table, "musicid", "artist")
    }
