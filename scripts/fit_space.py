"""Fit the space in which `similar` measures to a folder of music, and say how well it finds its way there.

    python scripts/fit_space.py FOLDER --library FILE

The library keeps what was heard, so that a second call hears nothing again. The space goes to
musimo/weights/ in place of the one that is there; it must be fitted again whenever the network changes.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from musimo.audio.features import FEATURE_ID
from musimo.emotion.analyzer import Analyzer
from musimo.library.events import Audit
from musimo.library.journal import Journal
from musimo.library.scan import ScanOptions, scan
from musimo.library.store import Store
from musimo.records import FloatArray, Track
from musimo.resources import PACKAGE, weights_path
from musimo.search.space import SoundSpace, unit
from musimo.settings import usable_cores

AXES = 64  # of each block; other numbers were not tried here
NEAREST = 5
MOST_QUERIES = 12  # a label, so that one long soundtrack does not speak for all
HUB_LIST = 10


def main() -> None:
    """Hear, fit, save, and print a table of how well each choice of blocks retrieves."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--library", type=Path, required=True)
    arguments = parser.parse_args()
    weights = weights_path()
    store = Store.open(arguments.library, weights.stem, create=True)
    options = ScanOptions(jobs=usable_cores())
    for event in scan(
        Journal(store, FEATURE_ID, options.coverage),
        [os.fsencode(arguments.folder)],
        lambda: Analyzer.load(weights),
        options,
    ):
        if isinstance(event, Audit):
            print(event)
    ids, embeddings, statistics = store.sounds()
    space = SoundSpace.fit(weights.stem, embeddings, statistics, AXES)
    tracks = store.tracks_of([int(content) for content in ids])
    known = [tracks[int(content)] for content in ids]
    print(
        f"{len(known)} tracks; precision at {NEAREST} by album and by artist; largest {HUB_LIST}-occurrence"
    )
    for name, vectors in {
        "embedding": unit(embeddings),
        "embedding, half-whitened": space.embedding.place(embeddings),
        "statistics, half-whitened": space.statistics.place(statistics),
        "both (shipped)": space.vectors(embeddings, statistics),
    }.items():
        similarity = vectors @ vectors.T
        np.fill_diagonal(similarity, -np.inf)
        album, artist = (precision(similarity, labels(known, field)) for field in ("album", "artist"))
        print(f"{name:28} {album:.3f}  {artist:.3f}  {largest_hub(similarity)}")
    for old in (PACKAGE / "weights").glob("space-*.safetensors"):
        old.unlink()
    print(space.save(PACKAGE / "weights"))


def labels(tracks: list[Track], field: str) -> list[str]:
    """What each track belongs to by its tag, or by its folder where it has none."""
    return [getattr(track.tags, field) or os.fsdecode(os.path.dirname(track.path)) for track in tracks]  # noqa: PTH120


def precision(similarity: FloatArray, names: list[str]) -> float:
    """Mean share of the nearest that bear the query's label, capped by how many there are."""
    groups = Counter(names)
    asked: Counter[str] = Counter()
    scores = []
    for row, name in zip(similarity, names, strict=True):
        reachable = min(NEAREST, groups[name] - 1)
        asked[name] += 1
        if reachable and asked[name] <= MOST_QUERIES:
            nearest = np.argsort(-row)[:reachable]
            scores.append(sum(names[i] == name for i in nearest) / reachable)
    return float(np.mean(scores))


def largest_hub(similarity: FloatArray) -> int:
    """How often the most frequent track stands among the nearest ten of others."""
    nearest: NDArray[np.int64] = np.argsort(-similarity, axis=1)[:, :HUB_LIST]
    return int(np.bincount(nearest.ravel()).max())


if __name__ == "__main__":
    main()
