"""What a scan writes: every batch is one transaction, so that a kill loses at most the batch in flight."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, Table, and_, delete, select, text, update
from sqlalchemy.dialects.sqlite import insert

from musimo.audio.tempo_key import TEMPO_KEY_ID
from musimo.errors import AudioError
from musimo.library.db import tempo_keys
from musimo.library.db import windows as window_places
from musimo.library.db.calibrations import own_mood
from musimo.library.db.known_files import GoneFile, KnownFile, known_contents, known_files
from musimo.library.db.queries import TAG_FIELDS, Store
from musimo.library.db.schema import contents, emotions, failures, models, roots, tracks, windows
from musimo.library.db.transactions import now, renew_generation, stamp, transaction
from musimo.library.scan.events import Arrival
from musimo.library.scan.roots import Identities, PlannedFile, Renaming, ScanFolder, locate
from musimo.library.scan.spelling import as_listed, holds_anything, is_other_name
from musimo.records import Coverage, Emotion, FileOpened, FloatArray, Tags, TempoKey, Window


@dataclass(frozen=True, slots=True)
class FileAnalysis:
    """A file that was heard, ready to be written; ``emotion`` is None where its sound was known before.

    ``partial`` is the share of the sound that could be heard, None where it is whole. ``places`` has, by
    window, as :meth:`musimo.emotion.space.SoundSpace.block_vectors` tells it, where the window lies.
    """

    planned: PlannedFile
    opened: FileOpened
    emotion: Emotion | None
    statistics: FloatArray | None
    partial: float | None = None
    tempo_key: TempoKey | None = None
    places: Mapping[Window, FloatArray] = field(default_factory=dict)

    @property
    def as_remembered(self) -> bool:
        """It was opened to be compared, and holds the sound that the library remembers."""
        return self.planned.remembered == self.opened.content


@dataclass(frozen=True, slots=True)
class FileFailure:
    """A file that could not be heard."""

    planned: PlannedFile
    error: AudioError


class Journal:
    """Writes of one scan into a store.

    Parameters
    ----------
    store : the library
    features : feature id of the model in use
    coverage : how much of each track this scan hears
    maker : id of what tells tempo and key
    """

    def __init__(self, store: Store, features: str, coverage: Coverage, maker: str = TEMPO_KEY_ID) -> None:
        self._store = store
        self._coverage = coverage
        self._maker = maker
        with self._transaction() as connection:
            named = insert(models).values(name=store.model, features=features).on_conflict_do_nothing()
            connection.execute(named)
            query = select(models.c.id).where(models.c.name == store.model)
            self._model_id: int = connection.execute(query).scalar_one()

    def claim(self, folder: bytes) -> ScanFolder:
        """The scan_folder of ``folder``: in a known root, or a new root that takes in those below it.

        A folder is known under any name that leads to it; it keeps the one it was scanned by first.
        """
        identities = Identities()
        with self._transaction() as connection:
            known = self._roots(connection)
            held = locate(folder, known, identities)
            if held is not None:
                root, rest = held
                return ScanFolder(known[root], root, rest and as_listed(root, rest) + b"/")
            added = connection.execute(insert(roots).values(path=folder, added_at=now()))
            root_id = int(added.lastrowid)
            for root, old_id in known.items():
                below = locate(root, (folder,), identities)
                if below is not None:
                    self._take_in(connection, old_id, root_id, below[1] + b"/")
            return ScanFolder(root_id, folder, b"")

    def knows(self, folder: bytes) -> bool:
        """Whether ``folder`` is a root, lies in one, or has one below it."""
        known, identities = self.roots(), Identities()
        return bool(locate(folder, known, identities)) or any(
            locate(root, (folder,), identities) for root in known
        )

    def roots(self) -> dict[bytes, int]:
        """Ids of the known roots, by path."""
        with self._transaction() as connection:
            return self._roots(connection)

    def known_files(self, scan_folder: ScanFolder) -> dict[bytes, KnownFile]:
        """What is known below a scan_folder, by path relative to the root."""
        with self._transaction() as connection:
            return known_files(connection, scan_folder, self._model_id, self._coverage, self._maker)

    def known_contents(self) -> set[bytes]:
        """Hashes of the sounds that need not be heard again."""
        with self._transaction() as connection:
            return known_contents(connection, self._model_id, self._coverage, self._maker)

    def n_without_tempo_key(self) -> int:
        """How many sounds were heard before, but are to be heard again for their tempo and key."""
        with self._transaction() as connection:
            return tempo_keys.n_lacking(connection, self._model_id, self._maker)

    def rename(self, renamings: Iterable[Renaming]) -> None:
        """Give files the names they are found by; where two rows are one file, that of the new name stays."""
        with self._transaction() as connection:
            merged = [
                _rename(connection, table, renaming) for renaming in renamings for table in (tracks, failures)
            ]
            if any(merged):
                renew_generation(connection)

    def write(self, heard: Iterable[FileAnalysis], failed: Iterable[FileFailure]) -> list[Arrival]:
        """Store one batch in one transaction; says of each heard file, in order, how it arrived."""
        with self._transaction() as connection:
            arrivals = [self._write_heard(connection, file) for file in heard]
            n_changed = sum(self._write_failed(connection, file) for file in failed)
            if n_changed or any(arrival != "unchanged" for arrival in arrivals):
                renew_generation(connection)
        return arrivals

    def mark_missing(self, gone: Iterable[GoneFile]) -> None:
        """Mark tracks whose files are gone; forget failures of files that are gone."""
        gone = list(gone)
        if not gone:
            return
        gone_at = now()
        with self._transaction() as connection:
            for file in gone:
                at_path = and_(tracks.c.root_id == file.root_id, tracks.c.path == file.path)
                newly = and_(at_path, tracks.c.missing_since.is_(None))
                connection.execute(update(tracks).where(newly).values(missing_since=gone_at))
                failed = and_(failures.c.root_id == file.root_id, failures.c.path == file.path)
                connection.execute(delete(failures).where(failed))
            if any(file.track_id is not None and not file.was_missing for file in gone):
                renew_generation(connection)

    def still_gone(self, gone: Iterable[GoneFile]) -> list[GoneFile]:
        """Those of ``gone`` that this scan did not find under another path."""
        with self._transaction() as connection:
            return [
                file
                for file in gone
                if file.track_id is None
                or connection.execute(
                    select(tracks.c.id).where(
                        tracks.c.id == file.track_id,
                        tracks.c.root_id == file.root_id,
                        tracks.c.path == file.path,
                    )
                ).first()
            ]

    def mark_found(self, track_ids: Sequence[int]) -> None:
        """Take back the mark of tracks whose files are there again, unchanged."""
        if not track_ids:
            return
        with self._transaction() as connection:
            for track_id in track_ids:
                connection.execute(update(tracks).where(tracks.c.id == track_id).values(missing_since=None))
            renew_generation(connection)

    @staticmethod
    def _roots(connection: Connection) -> dict[bytes, int]:
        rows = connection.execute(select(roots.c.path, roots.c.id))
        return {row.path: row.id for row in rows}

    def _transaction(self) -> AbstractContextManager[Connection]:
        return transaction(self._store)

    def _write_heard(self, connection: Connection, heard: FileAnalysis) -> Arrival:
        if heard.as_remembered and _tags_as_remembered(connection, heard):
            return "unchanged"
        content_id = self._write_content(connection, heard.opened)
        if heard.tempo_key is not None:
            tempo_keys.write(connection, content_id, heard.tempo_key, self._maker)
        more_known = self._coverage == "windows" and self._is_heard_in_full(connection, content_id)
        if heard.emotion is not None and heard.statistics is not None and not more_known:
            self._write_emotion(connection, content_id, heard, heard.emotion, heard.statistics)
        root_id, path = heard.planned.scan_folder.root_id, heard.planned.file.path
        facts: dict[str, Any] = {
            "root_id": root_id,
            "path": path,
            "size": heard.planned.file.size,
            "mtime_ns": heard.planned.file.mtime_ns,
            "content_id": content_id,
            "missing_since": None,
            **asdict(heard.opened.tags),
        }
        at_path = (failures.c.root_id == root_id, failures.c.path == path)
        connection.execute(delete(failures).where(*at_path))
        changed = update(tracks).where(tracks.c.root_id == root_id, tracks.c.path == path).values(facts)
        if connection.execute(changed).rowcount:
            return "changed"
        moved_from = self._moved_from(connection, content_id, heard.planned)
        if moved_from is not None:
            connection.execute(update(tracks).where(tracks.c.id == moved_from).values(facts))
            return "moved"
        connection.execute(insert(tracks).values(facts | {"added_at": now()}))
        return "new"

    def _write_content(self, connection: Connection, opened: FileOpened) -> int:
        found = connection.execute(select(contents.c.id).where(contents.c.hash == opened.content)).scalar()
        if found is not None:
            return int(found)
        added = connection.execute(insert(contents).values(hash=opened.content, duration_s=opened.duration_s))
        return int(added.lastrowid)

    def _is_heard_in_full(self, connection: Connection, content_id: int) -> bool:
        query = select(emotions.c.coverage == "full").where(
            emotions.c.content_id == content_id, emotions.c.model_id == self._model_id
        )
        return bool(connection.execute(query).scalar())

    def _write_emotion(
        self,
        connection: Connection,
        content_id: int,
        heard: FileAnalysis,
        emotion: Emotion,
        statistics: FloatArray,
    ) -> None:
        of_content = {"content_id": content_id, "model_id": self._model_id}
        facts = {
            "coverage": self._coverage,
            "valence": emotion.valence,
            "arousal": emotion.arousal,
            "valence_sd": emotion.valence_sd,
            "arousal_sd": emotion.arousal_sd,
            "embedding": _blob(emotion.embedding),
            "statistics": _blob(statistics),
            "fused": _blob(emotion.fused),
            "partial": heard.partial,
            "stamp": stamp(),
            "analyzed_at": now(),
            **own_mood(connection, self._model_id, emotion),
        }
        written = insert(emotions).values(of_content | facts)
        connection.execute(written.on_conflict_do_update(index_elements=list(of_content), set_=facts))
        stale = delete(windows).where(
            windows.c.content_id == content_id, windows.c.model_id == self._model_id
        )
        connection.execute(stale)
        rows = [
            of_content
            | {
                "start_s": part.window.start_s,
                "end_s": part.window.end_s,
                "valence": part.valence,
                "arousal": part.arousal,
                "place": window_places.stored(heard.places.get(part.window)),
            }
            for part in emotion.windows
        ]
        connection.execute(insert(windows), rows)

    def _moved_from(self, connection: Connection, content_id: int, planned: PlannedFile) -> int | None:
        """The one track with this sound whose file is gone; None where there is none, or more than one.

        A track that is known by another name of this very file is that one, whatever else is gone.
        """
        query = (
            select(tracks.c.id, tracks.c.root_id, roots.c.path.label("root"), tracks.c.path)
            .join(roots, roots.c.id == tracks.c.root_id)
            .where(tracks.c.content_id == content_id)
        )
        rows = connection.execute(query).all()
        here, path = planned.scan_folder, planned.file.path
        renamed = [row.id for row in rows if is_other_name(row.root, row.path, here.root, path)]
        gone = [
            row.id
            for row in rows
            if (holds_anything(row.root) or (row.root_id == here.root_id and os.path.isdir(row.root)))
            and not os.path.lexists(os.path.join(row.root, row.path))
        ]
        candidates = renamed or gone
        return candidates[0] if len(candidates) == 1 else None

    def _write_failed(self, connection: Connection, failed: FileFailure) -> bool:
        """Store a failure; says whether answers change by it: a track lost its sound, or its file is back."""
        at_path = {"root_id": failed.planned.scan_folder.root_id, "path": failed.planned.file.path}
        facts = {
            "size": failed.planned.file.size,
            "mtime_ns": failed.planned.file.mtime_ns,
            "stage": failed.error.stage,
            "reason": _storable(failed.error.reason),
            "failed_at": now(),
        }
        written = insert(failures).values(at_path | facts)
        connection.execute(written.on_conflict_do_update(index_elements=list(at_path), set_=facts))
        here = (tracks.c.root_id == at_path["root_id"], tracks.c.path == at_path["path"])
        back = update(tracks).where(*here, tracks.c.missing_since.is_not(None)).values(missing_since=None)
        changed = connection.execute(back).rowcount
        if failed.error.stage != "read":  # the file is there, but its old sound is not
            silent = update(tracks).where(*here, tracks.c.content_id.is_not(None)).values(content_id=None)
            changed += connection.execute(silent).rowcount
        return bool(changed)

    def _take_in(self, connection: Connection, old_root: int, new_root: int, prefix: bytes) -> None:
        for table in ("tracks", "failures"):
            connection.execute(
                text(
                    f"UPDATE {table} SET root_id = :new, path = CAST(:prefix || path AS BLOB)"
                    " WHERE root_id = :old"
                ),
                {"new": new_root, "prefix": prefix, "old": old_root},
            )
        connection.execute(delete(roots).where(roots.c.id == old_root))


def _rename(connection: Connection, table: Table, renaming: Renaming) -> bool:
    """Rename the row of one table, if there is one; says whether it went into another."""

    def row_at(root_id: int, path: bytes) -> Row[Any] | None:
        return connection.execute(
            select(table).where(table.c.root_id == root_id, table.c.path == path)
        ).first()

    row = row_at(renaming.root_id, renaming.path)
    if row is None:
        return False
    of_row = table.c.id == row.id
    other = row_at(renaming.to_root_id, renaming.to_path)
    if other is None:
        named = {"root_id": renaming.to_root_id, "path": renaming.to_path}
        connection.execute(update(table).where(of_row).values(named))
        return False
    connection.execute(delete(table).where(of_row))
    if table is tracks:
        first = min(row.added_at, other.added_at)
        connection.execute(update(table).where(table.c.id == other.id).values(added_at=first))
    return True


def _tags_as_remembered(connection: Connection, heard: FileAnalysis) -> bool:
    root_id, path = heard.planned.scan_folder.root_id, heard.planned.file.path
    columns = [tracks.c[name] for name in TAG_FIELDS]
    at_path = select(*columns).where(tracks.c.root_id == root_id, tracks.c.path == path)
    row = connection.execute(at_path).first()
    return row is not None and Tags(*row) == heard.opened.tags


def _storable(text: str) -> str:
    """``text`` without lone surrogates, which come from file names that are not UTF-8."""
    return text.encode("utf-8", "replace").decode()


def _blob(vector: FloatArray) -> bytes:
    return np.ascontiguousarray(vector, dtype="<f4").tobytes()
