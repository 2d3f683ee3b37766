"""Analyses out of a library and into another, by the hash of the sound; :mod:`musimo.library.portable`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

import numpy as np
from sqlalchemy import Connection, Row, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from musimo.errors import MusimoError
from musimo.library.db.calibrations import own_moods
from musimo.library.db.queries import Store
from musimo.library.db.schema import contents, emotions, models, tempo_keys, windows
from musimo.library.db.transactions import renew_generation, stamp, transaction
from musimo.library.portable import Analysis, Maker, Part
from musimo.records import Filter, TempoKey

BATCH = 256  # analyses in memory at once, and in one transaction: two megabytes, a fraction of a second
FLOAT_BYTES = 4

Fate = Literal["new", "known", "refused"]


def maker_of(store: Store) -> Maker:
    """The model that a store is seen through; LibraryError's hint where it has heard nothing."""
    query = select(models.c.name, models.c.features).where(models.c.name == store.model)
    with store.connect() as connection:
        row = connection.execute(query).first()
    if row is None:
        raise MusimoError(f"{store.model} has heard nothing of this library", "musimo scan FOLDER")
    return Maker(row.name, row.features)


def analyses(store: Store, filters: Sequence[Filter] = ()) -> Iterator[Analysis]:
    """All that the model of a store heard, of every sound it knows or of those with tracks that pass."""
    if filters:
        ids: list[int] = store.matching_contents(filters).tolist()
        for start in range(0, len(ids), BATCH):
            yield from _batch(store, emotions.c.content_id.in_(ids[start : start + BATCH]))
        return
    last = 0
    while True:
        query = (
            select(emotions.c.content_id)
            .where(_of_model(store), emotions.c.content_id > last)
            .order_by(emotions.c.content_id)
            .limit(BATCH)
        )
        with store.connect() as connection:
            batch = list(connection.execute(query).scalars())
        if not batch:
            return
        yield from _batch(store, emotions.c.content_id.in_(batch))
        last = batch[-1]


def keep(store: Store, maker: Maker, batch: Sequence[Analysis], n_axes: int | None = None) -> list[Fate]:
    """Write analyses in one transaction; says of each, in order, what became of it.

    Known is what the library has heard as much of by that model; refused, what lies in another space than the
    rest of that model's.

    Parameters
    ----------
    n_axes : numbers of a fused row, where the model is at hand; None: as many as the first there is has
    """
    with transaction(store) as connection:
        model_id = _model_id(connection, maker)
        n_fused = n_axes * FLOAT_BYTES if n_axes else _size(connection, emotions.c.fused, model_id)
        n_place = _size(connection, windows.c.place, model_id)
        fates: list[Fate] = []
        fitting: dict[bytes, Analysis] = {}  # of a sound that comes twice, the first
        for analysis in batch:
            fused, place = (_length(data) for data in (analysis.fused, analysis.windows[0].place))
            n_fused, n_place = n_fused or fused, n_place or place
            fits = fused in (None, n_fused) and place in (None, n_place)
            first = fits and fitting.setdefault(analysis.content, analysis) is analysis
            fates.append("new" if first else "known" if fits else "refused")
        new = _keep(connection, model_id, fitting)
        if new:
            renew_generation(connection)
    return [
        "known" if fate == "new" and analysis.content not in new else fate
        for fate, analysis in zip(fates, batch, strict=True)
    ]


def _of_model(store: Store) -> Any:
    named = select(models.c.id).where(models.c.name == store.model).scalar_subquery()
    return emotions.c.model_id == named


def _batch(store: Store, chosen: Any) -> list[Analysis]:
    query = (
        select(contents.c.hash, contents.c.duration_s, emotions, tempo_keys)
        .join(emotions, emotions.c.content_id == contents.c.id)
        .outerjoin(tempo_keys, tempo_keys.c.content_id == contents.c.id)
        .where(_of_model(store), chosen)
        .order_by(emotions.c.content_id)
    )
    with store.connect() as connection:
        rows = connection.execute(query).all()
        if not rows:
            return []
        heard = select(windows).where(
            windows.c.model_id == rows[0].model_id, windows.c.content_id.in_([row.content_id for row in rows])
        )
        parts: dict[int, list[Part]] = {}
        for row in connection.execute(heard.order_by(windows.c.content_id, windows.c.start_s)):
            part = Part(row.start_s, row.end_s, row.valence, row.arousal, row.place)
            parts.setdefault(row.content_id, []).append(part)
    return [_analysis(row, parts.get(row.content_id, [])) for row in rows]


def _analysis(row: Row[Any], parts: Sequence[Part]) -> Analysis:
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
"""What an analysis and a row of emotions both have."""


def _model_id(connection: Connection, maker: Maker) -> int:
    connection.execute(
        insert(models).values(name=maker.model, features=maker.features).on_conflict_do_nothing()
    )
    row = connection.execute(select(models).where(models.c.name == maker.model)).one()
    if row.features != maker.features:
        raise MusimoError(
            f"{maker.model} heard {maker.features} there, and {row.features} in this library",
            "one of the two was made by an odd version of musimo; scan instead",
        )
    return int(row.id)


def _length(data: bytes | None) -> int | None:
    return None if data is None else len(data)


def _size(connection: Connection, column: Any, model_id: int) -> int | None:
    """Bytes of a row of that model; None where there is none yet."""
    query = select(func.length(column)).where(column.table.c.model_id == model_id, column.is_not(None))
    size: int | None = connection.execute(query.limit(1)).scalar()
    return size


def _keep(connection: Connection, model_id: int, batch: Mapping[bytes, Analysis]) -> set[bytes]:
    """Write what the library does not know yet of some sounds; returns their hashes."""
    ids = _content_ids(connection, batch)
    of_model = (emotions.c.model_id == model_id, emotions.c.content_id.in_(ids.values()))
    columns = (emotions.c.content_id, emotions.c.coverage, emotions.c.fused.is_not(None))
    known = {
        id_: (coverage, placed)
        for id_, coverage, placed in connection.execute(select(*columns).where(*of_model))
    }
    wanted = [
        (ids[content], analysis)
        for content, analysis in batch.items()
        if not _has_all(analysis, *known.get(ids[content], ("", False)))
    ]
    here = [{"content_id": id_, "model_id": model_id} for id_, _ in wanted]
    for table in (windows, emotions):
        stale = [id_ for id_, _ in wanted if id_ in known]
        connection.execute(delete(table).where(table.c.model_id == model_id, table.c.content_id.in_(stale)))
    if wanted:
        own = own_moods(
            connection,
            model_id,
            np.array([(analysis.valence, analysis.arousal) for _, analysis in wanted]),
            np.stack([np.frombuffer(analysis.embedding, "<f4") for _, analysis in wanted]),
        )
        rows = [
            at | {name: getattr(analysis, name) for name in _SHARED} | ear | {"stamp": stamp()}
            for at, (_, analysis), ear in zip(here, wanted, own, strict=True)
        ]
        connection.execute(insert(emotions), rows)
        parts = [
            at | asdict(part)
            for at, (_, analysis) in zip(here, wanted, strict=True)
            for part in analysis.windows
        ]
        connection.execute(insert(windows), parts)
    return {analysis.content for _, analysis in wanted} | _keep_tempos(connection, ids, batch)


def _has_all(analysis: Analysis, coverage: str, placed: bool) -> bool:
    """Whether what a library has of a sound is as much as this."""
    return coverage in ("full", analysis.coverage) and (placed or analysis.fused is None)


def _content_ids(connection: Connection, batch: Mapping[bytes, Analysis]) -> dict[bytes, int]:
    """Ids of sounds by their hashes; those that were never met are added."""

    def known() -> dict[bytes, int]:
        found = select(contents.c.hash, contents.c.id).where(contents.c.hash.in_(batch))
        return {row.hash: row.id for row in connection.execute(found)}

    ids = known()
    added = [
        {"hash": content, "duration_s": analysis.duration_s}
        for content, analysis in batch.items()
        if content not in ids
    ]
    if added:
        connection.execute(insert(contents), added)
        ids = known()
    return ids


def _keep_tempos(
    connection: Connection, ids: Mapping[bytes, int], batch: Mapping[bytes, Analysis]
) -> set[bytes]:
    """Write tempo and key where none are known; returns the hashes of those sounds."""
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
