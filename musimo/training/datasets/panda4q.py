"""Panda 4Q: clips of 30 s in the four quadrants of the valence-arousal plane, with mood words and genres.

Source
    R. Panda, R. Malheiro, R. P. Paiva (2018), "Novel audio features for music emotion recognition", IEEE
    Transactions on Affective Computing. The quadrants follow from the mood words of a music guide and
    were confirmed by listeners.
License
    None stated. Excerpts of commercial recordings: research use only, never to be redistributed.
Layout
    ``clips.csv`` (clip, quadrant, artist, genres, moods, valence_words, arousal_words, ...; lists separated
    by semicolons) and ``audio/`` with one file per clip, named by ``clip``, in any format musimo decodes.
    Clips without audio are left out.
Scale
    Valence and arousal are not ratings of the clip but the mean norms of its mood words (Warriner, Kuperman &
    Brysbaert 2013), 1-9, unchanged.
Checks
    The columns exist, every quadrant is known and every norm within the scale, and at least one clip has an
    audio file.
Bandwidth
    Two thirds of the files had a sampling rate of 32 kHz, a third 22 kHz; `musimo.training.bandwidth`
    measures whether that alone predicts a quadrant.
"""

from __future__ import annotations

from pathlib import Path

from musimo.errors import UsageError
from musimo.training.clips import QUADRANTS, LabeledClip
from musimo.training.datasets.loading import TableRow, rating, read_table, split_list
from musimo.training.groups import join_groups

SCALE = (1.0, 9.0)
COLUMNS = ("clip", "quadrant", "artist", "genres", "moods", "valence_words", "arousal_words")


def load(folder: Path) -> list[LabeledClip]:
    """Return the clips that have labels and audio, in the order of the table.

    Raises
    ------
    UsageError : the folder does not have the layout above, or a label is invalid
    """
    table = folder / "clips.csv"
    audio = {path.stem: path for path in sorted((folder / "audio").glob("*"))}
    if not table.is_file() or not audio:
        raise UsageError(
            f"{folder} does not hold Panda 4Q",
            f"put its clips.csv into {folder} and the clips, named by clip, into {folder / 'audio'}",
        )
    rows = read_table(table, *COLUMNS)
    groups = join_groups([row["artist"] for row in rows], [""] * len(rows))
    clips = [
        _clip(row, group, audio[row["clip"]], table)
        for row, group in zip(rows, groups, strict=True)
        if row["clip"] in audio
    ]
    if not clips:
        raise UsageError(
            f"no file in {folder / 'audio'} is named after a clip of {table}", "name each clip by its clip"
        )
    return clips


def _clip(row: TableRow, group: str, path: Path, table: Path) -> LabeledClip:
    name, quadrant = row["clip"], row["quadrant"].upper()
    if quadrant not in QUADRANTS:
        raise UsageError(
            f"{table}: quadrant of {name} is {row['quadrant']!r}, not one of {', '.join(QUADRANTS)}"
        )
    return LabeledClip(
        name=name,
        path=path,
        group=group,
        valence=rating(row, "valence_words", SCALE, name, table),
        arousal=rating(row, "arousal_words", SCALE, name, table),
        genres=split_list(row["genres"]),
        quadrant=quadrant,
        words=tuple(word.lower() for word in split_list(row["moods"])),
    )
