"""The tables of a library as they are now. Alembic alone creates and changes them.

A track is identified by its path (bytes, relative to a root) and, where a cue sheet divides a file into
tracks, by where it begins in the file; a content by a hash of the audio. They are
different tables: a track refers to its content; emotion and embedding belong to a content and a model. Ids
are never reused, so that an index never names a wrong track.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

REVISION = "0009"
"""Newest revision in migrations/; a test compares the two, so that opening needs no Alembic."""

HASH_VERSION = 2
"""Version of the content hash, see :mod:`musimo.audio.content_hash`; a test compares the two."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

library_state = Table(
    "library_state",
    metadata,
    Column("id", Integer, primary_key=True),  # always 1
    Column("generation", Integer, nullable=False),  # drawn again whenever answers may have changed
    Column("written_by", Text, nullable=False),  # musimo version that last wrote
    Column("model", Text),  # name of the active model; null: nothing is analyzed yet
)

roots = Table(
    "roots",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("path", LargeBinary, nullable=False, unique=True),
    Column("added_at", Text, nullable=False),
    sqlite_autoincrement=True,
)

contents = Table(
    "contents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("duration_s", Float, nullable=False),
    # of version 1; the same as hash: no file of it was read since. null: it never had one
    Column("old_hash", LargeBinary, index=True),
    sqlite_autoincrement=True,
)

tracks = Table(
    "tracks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("root_id", ForeignKey("roots.id"), nullable=False),
    Column("path", LargeBinary, nullable=False),  # relative to the root
    Column("size", Integer, nullable=False),
    Column("mtime_ns", Integer, nullable=False),
    Column("content_id", ForeignKey("contents.id")),  # null: the file can no longer be decoded
    Column("added_at", Text, nullable=False),
    Column("missing_since", Text),
    Column("title", Text),
    Column("artist", Text),
    Column("albumartist", Text),
    Column("album", Text),
    Column("genre", Text),
    Column("composer", Text),
    Column("year", Integer),  # of the first release, where it is known
    Column("track", Integer),
    Column("disc", Integer),
    Column("bpm", Float),
    Column("duration_s", Float),  # the header's claim
    Column("sample_rate", Integer),
    Column("channels", Integer),
    Column("bitrate", Integer),  # kbit/s
    Column("codec", Text),
    # of the content hash, when the file was last read
    Column("hash_version", Integer, nullable=False, server_default="1"),
    Column("partial", Float),  # share of the audio, as the file states it, that the file has; null: all
    Column("release_year", Integer),  # of this release
    Column("start_s", Float, nullable=False, server_default="0"),  # where the track begins in the file
    Column("end_s", Float),  # where a track of a cue sheet ends; null: it is the whole file
    Column("sheet", LargeBinary),  # digest of the sheet beside the file, as applied; null: none
    UniqueConstraint("root_id", "path", "start_s"),
    Index(None, "content_id"),
    Index("ix_tracks_present", "missing_since", "content_id"),  # covers the query for present contents
    sqlite_autoincrement=True,
)

# What cue sheets beside files said when they were last read: a row for each file that a sheet divides into
# tracks, or one row without a file. A cache: rows that are lost are read again.
sheets = Table(
    "sheets",
    metadata,
    Column("root_id", ForeignKey("roots.id"), primary_key=True),
    Column("path", LargeBinary, primary_key=True),  # of the sheet, relative to the root
    Column("track_path", LargeBinary, primary_key=True),  # of the file, relative to the root; empty: of none
    Column("size", Integer, nullable=False),
    Column("mtime_ns", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # of what it says of the file
)

models = Table(
    "models",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("features", Text, nullable=False),
    Column("tags", Text),  # JSON, names of the tags that it hears; null: it hears none
    sqlite_autoincrement=True,
)

emotions = Table(
    "emotions",
    metadata,
    Column("content_id", ForeignKey("contents.id"), primary_key=True),
    Column("model_id", ForeignKey("models.id"), primary_key=True),
    Column("coverage", Text, nullable=False),  # windows or full
    Column("valence", Float, nullable=False),
    Column("arousal", Float, nullable=False),
    Column("valence_sd", Float, nullable=False),
    Column("arousal_sd", Float, nullable=False),
    Column("embedding", LargeBinary, nullable=False),  # little-endian float32, unit length
    Column("statistics", LargeBinary, nullable=False),  # little-endian float32, of the features over time
    Column("analyzed_at", Text, nullable=False),
    # little-endian float32, coordinates in the model's sound space; null: of a model without one
    Column("fused", LargeBinary),
    Column("partial", Float),  # decoded fraction of the audio that is present, 0..1; null: all of it
    # drawn again whenever the row is written, so that an index detects changed rows; null: see fused
    Column("stamp", Integer),
    # with the user's calibration; null: there is none. Valence and arousal stay those of the network
    Column("own_valence", Float),
    Column("own_arousal", Float),
    # covers the queries for analyzed contents, changed rows and the mood index: the rows themselves are long
    Index(
        "ix_emotions_seen",
        "model_id",
        "content_id",
        "stamp",
        "valence",
        "arousal",
        "own_valence",
        "own_arousal",
        "coverage",
    ),
)

windows = Table(
    "windows",
    metadata,
    Column("content_id", ForeignKey("contents.id"), primary_key=True),
    Column("model_id", ForeignKey("models.id"), primary_key=True),
    Column("start_s", Float, primary_key=True),
    Column("end_s", Float, nullable=False),
    Column("valence", Float, nullable=False),
    Column("arousal", Float, nullable=False),
    Column("place", LargeBinary),  # little-endian float16, sound vector; null: analyzed before 0005
)

tag_scores = Table(
    "tag_scores",
    metadata,
    Column("content_id", ForeignKey("contents.id"), primary_key=True),
    Column("model_id", ForeignKey("models.id"), primary_key=True),
    Column("scores", LargeBinary, nullable=False),  # little-endian float16, in the order of the model's tags
)

heard = Table(
    "heard",
    metadata,
    Column("content_id", ForeignKey("contents.id"), primary_key=True),
    Column("model_id", ForeignKey("models.id"), primary_key=True),
    Column("tag", Text, primary_key=True),  # that is set: its score in tag_scores is 0.5 at least
    Column("score", Float, nullable=False),
    Index(None, "model_id", "tag", "content_id"),
)

tempo_keys = Table(
    "tempo_keys",
    metadata,
    Column("content_id", ForeignKey("contents.id"), primary_key=True),
    Column("maker", Text, nullable=False),  # id of the method that estimated them
    Column("tempo", Float),  # beats a minute; null: no beat
    Column("tempo_confidence", Float, nullable=False),  # 0..1
    Column("key", Text),  # as "A minor"; null: no key
    Column("key_confidence", Float, nullable=False),  # 0..1
)

ratings = Table(
    "ratings",
    metadata,
    Column("content_id", ForeignKey("contents.id"), primary_key=True),
    Column("valence", Float),  # 0..1, as the user rated it; null: not rated
    Column("arousal", Float),
    Column("liking", Integer),  # 1 liked, -1 disliked; null: neither
    Column("rated_at", Text, nullable=False),
)

calibrations = Table(
    "calibrations",
    metadata,
    Column("model_id", ForeignKey("models.id"), primary_key=True),
    Column("coefficients", LargeBinary, nullable=False),  # little-endian float32
    Column("n_ratings", Integer, nullable=False),  # that it was fitted to
    Column("fitted_at", Text, nullable=False),
)

failures = Table(
    "failures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("root_id", ForeignKey("roots.id"), nullable=False),
    Column("path", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    Column("mtime_ns", Integer, nullable=False),
    Column("stage", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("failed_at", Text, nullable=False),
    UniqueConstraint("root_id", "path"),
    sqlite_autoincrement=True,
)
