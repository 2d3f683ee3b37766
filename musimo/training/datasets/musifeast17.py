"""MUSIFEAST-17: clips of 30 s in 17 genres, valence and arousal as perceived by some 34 listeners each.

Source
    M. van der Walle, D. Wu, E. Margulis, K. Jakubowski (2025), Behavior Research Methods 57(7); the article
    links the ratings. The recordings are commercial ones.
Licence
    Ratings CC0. Audio under its owners' copyright: for research only, never to be passed on.
Layout
    ``ratings.csv`` (clip_name, artist, valence_m, arousal_m, ...; genre if it is there) and ``audio/``, one
    file a clip, named by ``clip_name``, in any format musimo plays. Clips without a file are left out.
Scale
    Means of 1-5, brought to 1-9 by ``1 + 2 (x - 1)``.
Checks
    The columns are there, every rating is one, and at least one clip has a sound.
"""

from __future__ import annotations

from pathlib import Path

from musimo.errors import UsageError
from musimo.training.clips import LabeledClip, artist_group
from musimo.training.datasets.loading import rating, read_table

CITATION = "van der Walle, Wu, Margulis & Jakubowski (2025), Behavior Research Methods 57(7)"
LICENCE = "ratings CC0; audio: commercial recordings, research use only"
N_CLIPS = 356  # of the full set; any part of it can be loaded
SCALE = (1.0, 5.0)


def load(folder: Path) -> list[LabeledClip]:
    """Clips that have both ratings and a sound, in the order of the table.

    Raises
    ------
    UsageError : the folder is not laid out as described above, or a rating is none
    """
    table = folder / "ratings.csv"
    sounds = {path.stem: path for path in sorted((folder / "audio").glob("*"))}
    if not table.is_file() or not sounds:
        raise UsageError(
            f"{folder} does not hold MUSIFEAST-17",
            f"put its ratings.csv into {folder} and the clips, named by clip_name, into {folder / 'audio'}",
        )
    rows = read_table(table, "clip_name", "artist", "valence_m", "arousal_m")
    clips = [
        LabeledClip(
            name=row["clip_name"],
            path=sounds[row["clip_name"]],
            group=artist_group(row["artist"]),
            valence=rating(row, "valence_m", SCALE, row["clip_name"], table),
            arousal=rating(row, "arousal_m", SCALE, row["clip_name"], table),
            genre=row.get("genre", ""),
        )
        for row in rows
        if row["clip_name"] in sounds
    ]
    if not clips:
        raise UsageError(
            f"no file in {folder / 'audio'} is named by a clip of {table}", "name each clip by its clip_name"
        )
    return clips
