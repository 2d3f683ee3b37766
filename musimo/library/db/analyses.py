"""Analyses as rows, by content hash: read out of one library, written into another.

:mod:`musimo.library.portable` writes them to files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from sqlalchemy import Connection, Row, and_, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from musimo.errors import MusimoError
from musimo.library.db import heard
from musimo.library.db.calibrations import calibrated_columns
from musimo.library.db.models import check_features, check_tags, id_of, register
from musimo.library.db.queries import Store
from musimo.library.db.schema import (
    HASH_VERSION,
    contents,
    emotions,
    models,
    tag_scores,
    tempo_keys,
    windows,
)
from musimo.library.db.transactions import renew_generation, stamp, transaction
from musimo.records import Filter, TempoKey
from musimo.records.heard import SCORE_DTYPE

BATCH = 256  # analyses in memory at once, and in one transaction: two megabytes, a fraction of a second
FLOAT_BYTES = 4

ImportState = Literal["new", "known", "refused"]


@dataclass(frozen=True, slots=True)
class AnalysisModel:
    """What made analyses: the name of a model, the id of its features, and the tags it hears."""

    model: str
    features: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnalyzedWindow:
    """Emotion of one window; ``vector`` is its sound vector, little-endian float16, or None."""

    start_s: float
    end_s: float
    valence: float
    arousal: float
    vector: bytes | None


@dataclass(frozen=True, slots=True)
class Analysis:
    """Analysis of one content by one model; embedding, statistics and fused are little-endian float32.

    ``tempo_maker`` is the id of the method that estimated ``tempo_key``; ``heard`` holds the scores of the
    model's tags, little-endian float16, None where it hears none.
    """

    content: bytes  # hash
    duration_s: float
    coverage: str
    valence: float
    arousal: float
    valence_sd: float
    arousal_sd: float
    embedding: bytes
    statistics: bytes
    fused: bytes | None
    partial: float | None
    analyzed_at: str
    windows: tuple[AnalyzedWindow, ...]
    tempo_key: TempoKey | None
    tempo_maker: str | None
    hash_version: int = HASH_VERSION  # of content
    heard: bytes | None = None


def analysis_model(store: Store) -> AnalysisModel:
    """Return the store's model and its features; raise MusimoError where it has analyzed nothing."""
    rows = store.rows(select(models.c.name, models.c.features).where(models.c.name == store.model))
    if not rows:
        raise MusimoError(f"{store.model} has analyzed nothing of this library", "musimo scan FOLDER")
    return AnalysisModel(rows[0].name, rows[0].features, store.heard_tags())


def stored_analyses(store: Store, filters: Sequence[Filter] = ()) -> Iterator[Analysis]:
    """Yield analyses by the store's model, of all contents or of those with tracks that pass ``filters``."""
    if filters:
        ids: list[int] = store.matching_contents(filters).tolist()
        for start in range(0, len(ids), BATCH):
            yield from _read_batch(store, ids[start : start + BATCH])
        return
    last = 0
    while True:
        query = (
            select(emotions.c.content_id)
            .where(_of_model(store), emotions.c.content_id > last)
            .order_by(emotions.c.content_id)
            .limit(BATCH)
        )
        batch = [row.content_id for row in store.rows(query)]
        if not batch:
            return
        yield from _read_batch(store, batch)
        last = batch[-1]


def write_analyses(
    store: Store, model: AnalysisModel, batch: Sequence[Analysis], n_axes: int | None = None
) -> list[ImportState]:
    """Write analyses in one transaction; return the state of each, in order.

    ``known``: the library has as much of that content by that model. ``refused``: its vectors have another
    length than those of that model in the library, or it has not as many scores as there are tags.

    Parameters
    ----------
    n_axes : length of the fused vectors, if the model is at hand; None to take that of the first one there is
    """
    with transaction(store) as connection:
        model_id = register(connection, model.model, model.features)
        check_features(connection, model_id, model.features)
        check_tags(connection, model_id, model.tags)
        n_fused = n_axes * FLOAT_BYTES if n_axes else _size(connection, emotions.c.fused, model_id)
        n_vector = _size(connection, windows.c.place, model_id)
        states: list[ImportState] = []
        fitting: dict[bytes, Analysis] = {}  # the first of each content
        for analysis in batch:
            fused, vector = (_length(data) for data in (analysis.fused, analysis.windows[0].vector))
            n_fused, n_vector = n_fused or fused, n_vector or vector
            has_scores = _length(analysis.heard) == (SCORE_DTYPE.itemsize * len(model.tags) or None)
            fits = has_scores and fused in (None, n_fused) and vector in (None, n_vector)
            first = fits and fitting.setdefault(analysis.content, analysis) is analysis
            states.append("new" if first else "known" if fits else "refused")
        new = _write_new(connection, model_id, model.tags, fitting)
        if new:
            renew_generation(connection)
    return [
        "known" if state == "new" and analysis.content not in new else state
        for state, analysis in zip(states, batch, strict=True)
    ]


def _of_model(store: Store) -> Any:
    return emotions.c.model_id == id_of(store.model)


def _read_batch(store: Store, ids: Sequence[int]) -> list[Analysis]:
    query = (
        select(
            contents.c.hash,
            contents.c.old_hash,
            contents.c.duration_s,
            emotions,
            tempo_keys,
            tag_scores.c.scores,
        )
        .join(emotions, emotions.c.content_id == contents.c.id)
        .outerjoin(tempo_keys, tempo_keys.c.content_id == contents.c.id)
        .outerjoin(
            tag_scores,
            and_(tag_scores.c.content_id == contents.c.id, tag_scores.c.model_id == emotions.c.model_id),
        )
        .where(_of_model(store), emotions.c.content_id.in_(ids))
        .order_by(emotions.c.content_id)
    )
    with store.connect() as connection:
        rows = connection.execute(query).all()
        if not rows:
            return []
        analyzed = select(windows).where(
            windows.c.model_id == rows[0].model_id, windows.c.content_id.in_([row.content_id for row in rows])
        )
        parts: dict[int, list[AnalyzedWindow]] = {}
        for row in connection.execute(analyzed.order_by(windows.c.content_id, windows.c.start_s)):
            part = AnalyzedWindow(row.start_s, row.end_s, row.valence, row.arousal, row.place)
            parts.setdefault(row.content_id, []).append(part)
    return [_analysis(row, parts.get(row.content_id, [])) for row in rows]


def _analysis(row: Row[Any], parts: Sequence[AnalyzedWindow]) -> Analysis:
    tempo_key = None
    if row.maker is not None:
        tempo_key = TempoKey(row.tempo, row.tempo_confidence, row.key, row.key_confidence)
    shared = {name: getattr(row, name) for name in _SHARED}
    return Analysis(
        content=row.hash,
        duration_s=row.duration_s,
        windows=tuple(parts),
        tempo_key=tempo_key,
        tempo_maker=row.maker,
        hash_version=HASH_VERSION if row.hash != row.old_hash else 1,
        heard=row.scores,
        **shared,
    )


_SHARED = (
    "coverage",
    "valence",
    "arousal",
    "valence_sd",
    "arousal_sd",
    "embedding",
    "statistics",
    "fused",
    "partial",
    "analyzed_at",
)
"""Fields that an analysis and a row of emotions have in common."""


def _length(data: bytes | None) -> int | None:
    return None if data is None else len(data)


def _size(connection: Connection, column: Any, model_id: int) -> int | None:
    """Return the number of bytes of a vector of that model; None where there is none yet."""
    query = select(func.length(column)).where(column.table.c.model_id == model_id, column.is_not(None))
    size: int | None = connection.execute(query.limit(1)).scalar()
    return size


def _write_new(
    connection: Connection, model_id: int, tags: Sequence[str], batch: Mapping[bytes, Analysis]
) -> set[bytes]:
    """Write what the library lacks of some contents; return their hashes."""
    ids = _content_ids(connection, batch)
    of_model = (emotions.c.model_id == model_id, emotions.c.content_id.in_(ids.values()))
    columns = (emotions.c.content_id, emotions.c.coverage, emotions.c.fused.is_not(None))
    known = {
        id_: (coverage, has_vector)
        for id_, coverage, has_vector in connection.execute(select(*columns).where(*of_model))
    }
    lacking = [
        (ids[content], analysis)
        for content, analysis in batch.items()
        if not _has_all(analysis, *known.get(ids[content], ("", False)))
    ]
    keys = [{"content_id": id_, "model_id": model_id} for id_, _ in lacking]
    stale = [id_ for id_, _ in lacking if id_ in known]
    heard.delete_scores(connection, model_id, stale)
    for table in (windows, emotions):
        connection.execute(delete(table).where(table.c.model_id == model_id, table.c.content_id.in_(stale)))
    if lacking:
        calibrated = calibrated_columns(
            connection,
            model_id,
            np.array([(analysis.valence, analysis.arousal) for _, analysis in lacking]),
            np.stack([np.frombuffer(analysis.embedding, "<f4") for _, analysis in lacking]),
        )
        rows = [
            key | {name: getattr(analysis, name) for name in _SHARED} | own | {"stamp": stamp()}
            for key, (_, analysis), own in zip(keys, lacking, calibrated, strict=True)
        ]
        connection.execute(insert(emotions), rows)
        parts = [
            {
                **key,
                "start_s": part.start_s,
                "end_s": part.end_s,
                "valence": part.valence,
                "arousal": part.arousal,
                "place": part.vector,
            }
            for key, (_, analysis) in zip(keys, lacking, strict=True)
            for part in analysis.windows
        ]
        connection.execute(insert(windows), parts)
        scores = [(id_, analysis.heard) for id_, analysis in lacking if analysis.heard is not None]
        heard.write_scores(connection, model_id, tags, scores)
    return {analysis.content for _, analysis in lacking} | _write_tempo_keys(connection, ids, batch)


def _has_all(analysis: Analysis, coverage: str, has_vector: bool) -> bool:
    """Return whether the library has as much of a content as this analysis."""
    return coverage in ("full", analysis.coverage) and (has_vector or analysis.fused is None)


def _content_ids(connection: Connection, batch: Mapping[bytes, Analysis]) -> dict[bytes, int]:
    """Return ids of contents by hash; add those that are new."""

    older = [content for content, analysis in batch.items() if analysis.hash_version < HASH_VERSION]

    def known() -> dict[bytes, int]:
        found = select(contents.c.hash, contents.c.id).where(contents.c.hash.in_(batch))
        had = select(contents.c.old_hash, contents.c.id).where(contents.c.old_hash.in_(older))
        return {row[0]: row[1] for query in (had, found) for row in connection.execute(query)}

    ids = known()
    added = [
        {
            "hash": content,
            "duration_s": analysis.duration_s,
            "old_hash": content if analysis.hash_version < HASH_VERSION else None,
        }
        for content, analysis in batch.items()
        if content not in ids
    ]
    if added:
        connection.execute(insert(contents), added)
        ids = known()
    return ids


def _write_tempo_keys(
    connection: Connection, ids: Mapping[bytes, int], batch: Mapping[bytes, Analysis]
) -> set[bytes]:
    """Write tempo and key where the library has none; return hashes of those contents."""
    query = select(tempo_keys.c.content_id).where(tempo_keys.c.content_id.in_(ids.values()))
    known = set(connection.execute(query).scalars())
    rows = {
        content: {"content_id": ids[content], "maker": analysis.tempo_maker, **asdict(analysis.tempo_key)}
        for content, analysis in batch.items()
        if analysis.tempo_key is not None and ids[content] not in known
    }
    if rows:
        connection.execute(insert(tempo_keys), [*rows.values()])
    return set(rows)
