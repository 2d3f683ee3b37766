"""MUSIFEAST-17: clips of 30 s in 17 genres, valence and arousal as perceived by some 34 listeners each.

Source
    M. van der Walle, D. Wu, E. Margulis, K. Jakubowski (2025), Behavior Research Methods 57(7); the article
    links the ratings. The recordings are commercial ones.
Licence
    Ratings CC0. Audio under its owners' copyright: for research only, never to be passed on.
Layout
    ``ratings.csv`` (clip_name, artist, valence_m, arousal_m, ...; means on a scale of 1-5) and ``audio/``,
    one file a clip, named by ``clip_name``, in any format musimo plays. Clips without a file are left out.
"""

from __future__ import annotations

import csv
from pathlib import Path

from musimo.errors import UsageError
from musimo.training.clips import LabelledClip, artist_group

CITATION = "van der Walle, Wu, Margulis & Jakubowski (2025), Behavior Research Methods 57(7)"
LICENCE = "ratings CC0; audio: commercial recordings, research use only"
N_CLIPS = 356  # of the full set; any part of it can be loaded
COLUMNS = ("clip_name", "artist", "valence_m", "arousal_m")


def load(folder: Path) -> list[LabelledClip]:
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
    with table.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        lacking = set(COLUMNS) - set(reader.fieldnames or ())
        if lacking:
            raise UsageError(f"{table} lacks the columns {', '.join(sorted(lacking))}")
        rows = list(reader)
    return [
        LabelledClip(
            name=row["clip_name"],
            path=sounds[row["clip_name"]],
            group=artist_group(row["artist"]),
            valence=_rating(row, "valence_m", table),
            arousal=_rating(row, "arousal_m", table),
        )
        for row in rows
        if row["clip_name"] in sounds
    ]


def _rating(row: dict[str, str], column: str, table: Path) -> float:
    """Mean rating of 1-5 on the scale of 1-9."""
    try:
        mean = float(row[column])
    except ValueError:
        mean = float("nan")
    if not 1 <= mean <= 5:
        raise UsageError(f"{table}: {column} of {row['clip_name']} is {row[column]!r}, not a rating of 1-5")
    return 1 + (mean - 1) * 2
