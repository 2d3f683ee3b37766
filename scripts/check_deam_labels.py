"""Verify that DEAM's song-level file has valence and arousal swapped for song_id <= 1000.

    python scripts/check_deam_labels.py FOLDER

FOLDER contains DEAM's annotations. They are compared with DEAM's dynamic annotations and emoMusic's ratings,
if they are in FOLDER or, for emoMusic, in a folder ``emomusic`` beside it. No audio is needed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from musimo.errors import MusimoError, UsageError
from musimo.training.datasets.deam import (
    LAST_ID_2013,
    Means,
    SongRatings,
    agreements,
    read_ratings,
    references,
    swap_2013,
    verdict,
)

PARTS = ((1, LAST_ID_2013), (LAST_ID_2013 + 1, 2000), (2001, 2058))
CLOSE = 0.05  # of a rating: emoMusic has more decimals


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="of DEAM's annotations")
    folder = parser.parse_args().folder
    try:
        print("\n".join(report(folder)))
    except MusimoError as error:
        print(f"{error.message}\n{error.hint}".strip(), file=sys.stderr)
        return 1
    return 0


def report(folder: Path) -> Iterator[str]:
    """Yield the lines of the tables and the verdict."""
    shipped = read_ratings(folder)
    if not shipped:
        raise UsageError(f"no song-level ratings of DEAM in {folder}", "unpack DEAM_Annotations.zip there")
    both = {"as shipped": shipped, "swapped for song_id <= 1000": swap_2013(shipped)}
    others = references(folder)
    for title, ratings in both.items():
        yield f"{title.upper()}"
        yield "  songs            n   SD valence  SD arousal  r(valence, arousal)"
        for first, last in PARTS:
            yield spread(ratings, first, last)
        yield from (line for part in PARTS for line in correlations(ratings, others, *part))
        if "emoMusic" in others:
            yield closeness(ratings, others["emoMusic"])
        yield ""
    yield verdict(agreements(shipped, others))


def spread(ratings: Mapping[int, SongRatings], first: int, last: int) -> str:
    """Return standard deviations and correlation of songs ``first`` to ``last``."""
    means = np.array([(r.valence, r.arousal) for n, r in ratings.items() if first <= n <= last])
    if len(means) < 2:
        return f"  {first:4d}-{last:4d}    {len(means):5d}"
    sds, r = means.std(axis=0), np.corrcoef(means.T)[0, 1]
    return f"  {first:4d}-{last:4d}    {len(means):5d}   {sds[0]:10.3f}  {sds[1]:10.3f}  {r:+19.3f}"


def correlations(
    ratings: Mapping[int, SongRatings], others: Mapping[str, Means], first: int, last: int
) -> Iterator[str]:
    """Yield the Pearson correlations of songs ``first`` to ``last`` with every other source."""
    for check in agreements(ratings, others, first, last):
        yield f"  songs {first}-{last} against {check.reference} ({check.n} songs), Pearson r"
        for name, row in zip(("valence", "arousal"), check.r, strict=True):
            yield f"    DEAM's {name} with its valence {row[0]:+.4f}, with its arousal {row[1]:+.4f}"


def closeness(ratings: Mapping[int, SongRatings], emomusic: Means) -> str:
    """Return the share of ratings that are equal in DEAM and emoMusic."""
    pairs = [(ratings[n], emomusic[n]) for n in ratings.keys() & emomusic.keys() if n <= LAST_ID_2013]
    gaps = np.array([(abs(r.valence - v), abs(r.arousal - a)) for r, (v, a) in pairs])
    valence, arousal = (gaps <= CLOSE).mean(axis=0)
    return f"  within {CLOSE} of emoMusic's: valence {valence:.1%}, arousal {arousal:.1%} of {len(pairs)}"


if __name__ == "__main__":
    sys.exit(main())
