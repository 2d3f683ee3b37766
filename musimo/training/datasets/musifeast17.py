"""MUSIFEAST-17: clips of 30 s in 17 genres, with perceived valence and arousal by some 34 listeners each.

Source
    M. van der Walle, D. Wu, E. Margulis, K. Jakubowski (2025), Behavior Research Methods 57(7); the article
    links the ratings. The recordings are commercial ones.
License
    Ratings CC0. Audio under its owners' copyright: research use only, never to be redistributed.
Layout
    ``ratings.csv`` (clip_name, artist, valence_m, arousal_m, ...; genre if present) and ``audio/`` with one
    file per clip, named by ``clip_name``, in any format musimo decodes. Clips without audio are left out.
Scale
    Means on 1-5, mapped to 1-9 by ``1 + 2 (x - 1)``.
Checks
    The columns exist, every rating is within the scale, and at least one clip has an audio file.
"""

from __future__ import annotations

from pathlib import Path

from musimo.errors import UsageError
from musimo.training.clips import LabeledClip
from musimo.training.datasets.loading import rating, read_table, split_list
from musimo.training.groups import artist_group

SCALE = (1.0, 5.0)


def load(folder: Path) -> list[LabeledClip]:
    """Return the clips that have ratings and audio, in the order of the table.

    Raises
    ------
    UsageError : the folder does not have the layout above, or a rating is not on the scale
    """
    table = folder / "ratings.csv"
    audio = {path.stem: path for path in sorted((folder / "audio").glob("*"))}
    if not table.is_file() or not audio:
        raise UsageError(
            f"{folder} does not hold MUSIFEAST-17",
            f"put its ratings.csv into {folder} and the clips, named by clip_name, into {folder / 'audio'}",
        )
    rows = read_table(table, "clip_name", "artist", "valence_m", "arousal_m")
    clips = [
        LabeledClip(
            name=row["clip_name"],
            path=audio[row["clip_name"]],
            group=artist_group(row["artist"]),
            valence=rating(row, "valence_m", SCALE, row["clip_name"], table),
            arousal=rating(row, "arousal_m", SCALE, row["clip_name"], table),
            genres=split_list(row.get("genre", "")),
        )
        for row in rows
        if row["clip_name"] in audio
    ]
    if not clips:
        raise UsageError(
            f"no file in {folder / 'audio'} is named after a clip of {table}",
            "name each clip by its clip_name",
        )
    return clips
