"""Create a library of synthetic tracks for benchmarks, without music or network.

    scripts/make_library N OUT.db [--seed S]

Sound vectors are distributed as in a collection: by genre, by artist within a genre, by album within an
artist, on axes as wide as those of real music, so that a track's nearest neighbors are mostly from its
album, with cosines of about 0.4. Artists have from one to several hundred tracks, most of them few.
Everything follows from the seed. A million tracks take some minutes, 5 GB, and constant memory.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import insert, select

from musimo.audio.features import FEATURE_ID
from musimo.audio.tempo_key import TEMPO_KEY_ID
from musimo.emotion.space import BlockTransform, SoundSpace, load_space, unit
from musimo.library.active_model import activate_if_complete
from musimo.library.db.journal import Journal
from musimo.library.db.queries import Store
from musimo.library.db.schema import contents, emotions, models, tempo_keys, tracks, windows
from musimo.library.db.transactions import STAMP_BITS, now, renew_generation, transaction
from musimo.library.scan.roots import claim
from musimo.records import CONTENT_BYTES, KEYS, FloatArray, TempoKey
from musimo.resources import weights_path

BATCH = 5_000  # tracks per transaction: 20 MB
ROOT = b"/media/music"
GENRES = [
    "Rock",
    "Pop",
    "Jazz",
    "Classical",
    "Electronic",
    "Hip-Hop",
    "Folk",
    "Metal",
    "Soul",
    "Blues",
    "Country",
    "Reggae",
    "Ambient",
    "Punk",
    "Latin",
    "Soundtrack",
    "World",
    "Funk",
    "Techno",
    "Indie",
    "Chanson",
    "House",
]
SYLLABLES = [
    "ka",
    "lo",
    "mi",
    "ren",
    "sta",
    "vel",
    "dor",
    "an",
    "thu",
    "bel",
    "cor",
    "fi",
    "gra",
    "hul",
    "jas",
    "ne",
    "or",
    "pel",
    "qui",
    "ro",
    "sel",
    "tam",
    "ul",
    "vin",
    "wer",
    "xa",
    "yo",
]
CODECS = ("mp3", "mp3", "mp3", "flac", "aac", "vorbis", "opus")
WIDTHS = (0.45, 0.6, 0.75, 1.0)  # of genres, artists, albums and tracks around them
AXES = np.linspace(1.8, 0.75, 128, dtype=np.float32)  # standard deviations of real music on a block's axes


@dataclass(frozen=True)
class Batch:
    """Tracks of some albums: coordinates in the three blocks [shapes=(n, 128)], and tags."""

    fused: FloatArray
    statistics: FloatArray
    embedding: FloatArray
    moods: FloatArray
    tags: list[dict[str, Any]]


def _hash(id_: int) -> bytes:
    return blake2b(b"%d" % id_, digest_size=CONTENT_BYTES).digest()


def main() -> None:
    """Generate and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("n", type=int, help="tracks")
    parser.add_argument("out", type=Path, help="the library file, which must not exist")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.out.exists():
        sys.exit(f"{options.out} exists already")
    weights = weights_path()
    space = load_space(weights)
    store = Store.open(options.out, weights.stem, create=True)
    journal = Journal(store, FEATURE_ID, "windows")
    root_id = claim(journal, ROOT).root_id
    rng = np.random.default_rng(options.seed)
    written = 0
    for batch in batches(rng, options.n):
        write(store, space, root_id, written, batch, rng)
        written += len(batch.tags)
        print(f"\r{written} of {options.n} tracks", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    activate_if_complete(store)


def batches(rng: np.random.Generator, n: int) -> Iterator[Batch]:
    """Generate artists until there are ``n`` tracks."""
    genres = WIDTHS[0] * rng.normal(size=(len(GENRES), 3, 128))
    popularity = 1 / np.arange(2, len(GENRES) + 2)
    centers: list[np.ndarray] = []
    tags: list[dict[str, Any]] = []
    made = 0
    while made < n:
        genre = int(rng.choice(len(GENRES), p=popularity / popularity.sum()))
        artist = name(rng, 2)
        of_artist = genres[genre] + WIDTHS[1] * rng.normal(size=(3, 128))
        first_year = int(rng.integers(1955, 2020))
        for number in range(
            min(1 + int(rng.pareto(1.2)), 40)
        ):  # albums: one for most artists, dozens for a few
            album, year = name(rng, 3), min(first_year + 2 * number, 2025)
            of_album = of_artist + WIDTHS[2] * rng.normal(size=(3, 128))
            for track in range(1, min(int(rng.choice([1, 4, 10, 11, 12, 14])), n - made) + 1):
                centers.append(of_album)
                tags.append(tags_of(rng, artist, album, year, GENRES[genre], track))
                made += 1
            if len(tags) >= BATCH or made == n:
                yield drawn(rng, np.stack(centers), tags)
                centers, tags = [], []
            if made == n:
                return


def drawn(rng: np.random.Generator, centers: np.ndarray, tags: list[dict[str, Any]]) -> Batch:
    """Draw tracks around the centers of their albums."""
    vectors = ((centers + WIDTHS[3] * rng.normal(size=centers.shape)) * AXES).astype(np.float32)
    lean = vectors[:, 2, :2] / (2 * AXES[:2])  # the embedding's first axes explain most of the emotion
    moods = np.clip(0.5 + 0.12 * lean + 0.05 * rng.normal(size=(len(tags), 2)), 0.05, 0.95)
    return Batch(vectors[:, 0], vectors[:, 1], vectors[:, 2], moods.astype(np.float32), tags)


def write(
    store: Store, space: SoundSpace, root_id: int, first: int, batch: Batch, rng: np.random.Generator
) -> None:
    """Store a batch as a scan does."""
    ids = range(first + 1, first + 1 + len(batch.tags))
    statistics = back(space.statistics, batch.statistics)
    embedding = unit(back(space.embedding, batch.embedding))
    stamps = rng.integers(2**STAMP_BITS, size=len(ids))
    spread = rng.uniform(0, 0.08, size=(len(ids), 2))
    beats, keys = rng.uniform(60, 180, size=len(ids)), rng.choice(KEYS, size=len(ids))
    when = now()
    with transaction(store) as connection:
        model_id = connection.execute(select(models.c.id).where(models.c.name == store.model)).scalar_one()
        heard = {"model_id": model_id, "coverage": "windows", "analyzed_at": when}
        seconds = [facts["duration_s"] for facts in batch.tags]
        connection.execute(
            insert(contents),
            [
                {"id": id_, "hash": _hash(id_), "duration_s": duration_s}
                for id_, duration_s in zip(ids, seconds, strict=True)
            ],
        )
        connection.execute(
            insert(emotions),
            [
                heard
                | {
                    "content_id": id_,
                    "valence": float(batch.moods[row, 0]),
                    "arousal": float(batch.moods[row, 1]),
                    "valence_sd": float(spread[row, 0]),
                    "arousal_sd": float(spread[row, 1]),
                    "embedding": embedding[row].tobytes(),
                    "statistics": statistics[row].tobytes(),
                    "fused": batch.fused[row].tobytes(),
                    "partial": None,
                    "stamp": int(stamps[row]),
                }
                for row, id_ in enumerate(ids)
            ],
        )
        connection.execute(
            insert(windows),
            [
                {
                    "content_id": id_,
                    "model_id": model_id,
                    "start_s": start,
                    "end_s": start + 45,
                    "valence": float(batch.moods[row, 0]),
                    "arousal": float(batch.moods[row, 1]),
                }
                for row, id_ in enumerate(ids)
                for start in (0.0, seconds[row] / 2, seconds[row] - 45)
            ],
        )
        connection.execute(
            insert(tempo_keys),
            [
                {"content_id": id_, "maker": TEMPO_KEY_ID, **asdict(TempoKey(beat, 0.5, key, 0.5))}
                for id_, beat, key in zip(ids, beats.tolist(), keys.tolist(), strict=True)
            ],
        )
        connection.execute(
            insert(tracks),
            [
                facts | {"root_id": root_id, "content_id": id_, "added_at": when, "mtime_ns": 10**18 + id_}
                for id_, facts in zip(ids, batch.tags, strict=True)
            ],
        )
        renew_generation(connection)


def back(block: BlockTransform, coordinates: FloatArray) -> FloatArray:
    """Return descriptors [shape=(n, d)] with these coordinates [shape=(n, k)] in a block."""
    scale = np.divide(1, block.scale, out=np.zeros_like(block.scale), where=block.scale > 0)
    return np.asarray(coordinates @ np.linalg.pinv(block.axes) * scale + block.mean, "<f4")


def name(rng: np.random.Generator, n_words: int) -> str:
    """Return a random name."""
    words = rng.choice(SYLLABLES, size=(n_words, 3))
    return " ".join("".join(word).capitalize() for word in words)


def tags_of(
    rng: np.random.Generator, artist: str, album: str, year: int, genre: str, track: int
) -> dict[str, Any]:
    """Return tags and path of one track."""
    title = name(rng, 2)
    codec = str(rng.choice(CODECS))
    duration_s = float(np.clip(rng.lognormal(5.4, 0.4), 60, 1800))
    bitrate = 900 if codec == "flac" else int(rng.choice([128, 192, 256, 320]))
    return {
        "path": f"{artist}/{album} ({year})/{track:02} {title}.{codec}".encode(),
        "size": int(duration_s * bitrate * 125),
        "title": title,
        "artist": artist,
        "albumartist": artist,
        "album": album,
        "genre": genre,
        "year": year,
        "track": track,
        "duration_s": duration_s,
        "sample_rate": 44_100,
        "channels": 2,
        "bitrate": bitrate,
        "codec": codec,
    }


if __name__ == "__main__":
    main()
