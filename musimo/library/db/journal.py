"""What a scan writes. Every batch is one transaction, so that a kill loses at most the current batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from itertools import groupby
from typing import Any

import numpy as np
from sqlalchemy import Connection, and_, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from musimo.audio.decoded_fraction import present_fraction
from musimo.audio.tempo_key import TEMPO_KEY_ID
from musimo.library.db import heard, models, paths, rehash, sheets, tempo_keys
from musimo.library.db.calibrations import calibrated_columns
from musimo.library.db.files import (
    Arrival,
    FileAnalysis,
    FileFailure,
    GoneFile,
    KnownFile,
    KnownPath,
    KnownSheet,
    OlderContent,
    PlannedFile,
    Renaming,
    ScanFolder,
)
from musimo.library.db.known_files import known_contents, known_files, older_contents
from musimo.library.db.queries import Store
from musimo.library.db.schema import HASH_VERSION, contents, emotions, failures, roots, tracks, windows
from musimo.library.db.tracks import TAG_FIELDS
from musimo.library.db.transactions import now, renew_generation, stamp, transaction
from musimo.library.db.windows import to_blob
from musimo.records import Coverage, Emotion, FloatArray, Tags

MovedFrom = Callable[[PlannedFile, Sequence[KnownPath]], int | None]
"""Chooses, of the tracks that have the content of a new file, the id of the one that moved there; or None."""


class Journal:
    """Writes of one scan into a store.

    Parameters
    ----------
    store : the library
    features : id of the features of the model in use
    coverage : how much of each track this scan analyzes
    maker : id of the method that estimates tempo and key
    """

    def __init__(self, store: Store, features: str, coverage: Coverage, maker: str = TEMPO_KEY_ID) -> None:
        self._store = store
        self._coverage = coverage
        self._maker = maker
        self._tags: tuple[str, ...] = ()
        with self._transaction() as connection:
            self._model_id = models.register(connection, store.model, features)

    def name_tags(self, tags: Sequence[str]) -> None:
        """Store the names of the tags that the model hears; what it hears can be written then."""
        if tuple(tags) == self._tags:
            return
        self._tags = tuple(tags)
        with self._transaction() as connection:
            heard.name_tags(connection, self._model_id, self._tags)

    def roots(self) -> dict[bytes, int]:
        """Return ids of the roots, by path."""
        with self._transaction() as connection:
            return paths.root_ids(connection)

    def add_root(self, folder: bytes, below: Mapping[int, bytes]) -> int:
        """Add a root and let it absorb the roots below it; return its id.

        Parameters
        ----------
        folder : absolute path
        below : by id of each root below ``folder``, its path relative to ``folder``, with a slash at the end
        """
        with self._transaction() as connection:
            root_id = paths.add_root(connection, folder)
            for old_id, prefix in below.items():
                paths.absorb_root(connection, old_id, root_id, prefix)
            return root_id

    def known_files(self, scan_folder: ScanFolder) -> dict[bytes, KnownFile]:
        """Return the known files below a folder, by path relative to the root."""
        with self._transaction() as connection:
            return known_files(connection, scan_folder, self._model_id, self._coverage, self._maker)

    def known_contents(self) -> set[bytes]:
        """Return hashes of the contents that need no analysis."""
        with self._transaction() as connection:
            return known_contents(connection, self._model_id, self._coverage, self._maker)

    def older_contents(self) -> dict[bytes, OlderContent] | None:
        """Return the contents that need no analysis, by their older hash.

        None where the library knows nothing by an older hash.
        """
        with self._transaction() as connection:
            if not rehash.has_older_hashes(connection):
                return None
            return older_contents(connection, self._model_id, self._coverage, self._maker)

    def n_outdated_tempo_keys(self) -> int:
        """Count the contents that were analyzed, but by an older method for tempo and key."""
        with self._transaction() as connection:
            return tempo_keys.n_outdated(connection, self._model_id, self._maker)

    def delete_unused_roots(self, folders: Iterable[bytes]) -> None:
        """Delete those of the roots at ``folders`` that have neither tracks nor failures."""
        folders = list(folders)
        if folders:
            with self._transaction() as connection:
                paths.delete_unused_roots(connection, folders)

    def rename(self, renamings: Iterable[Renaming]) -> None:
        """Give files the paths they are found by; where both paths have a row, that of the new path stays."""
        with self._transaction() as connection:
            merged = [
                paths.rename_row(connection, table, renaming)
                for renaming in renamings
                for table in paths.TABLES
            ]
            if any(merged):
                renew_generation(connection)

    def known_sheets(self, scan_folder: ScanFolder) -> dict[bytes, KnownSheet]:
        """Return the cue sheets below a folder as they were last read, by path relative to the root."""
        with self._transaction() as connection:
            return sheets.known_sheets(connection, scan_folder)

    def write_sheets(self, root_id: int, gone: Iterable[bytes], read: Mapping[bytes, KnownSheet]) -> None:
        """Store the cue sheets that were read, by path, and forget those that are gone."""
        if gone or read:
            with self._transaction() as connection:
                sheets.write_sheets(connection, root_id, gone, read)

    def write(
        self, analyzed: Iterable[FileAnalysis], failed: Iterable[FileFailure], moved_from: MovedFrom
    ) -> list[Arrival]:
        """Store one batch in one transaction; return how each analysis arrived, in order.

        Analyses of the tracks of one file come one after the other. Of what was known at its path, nothing
        else is left.
        """
        arrivals: list[Arrival] = []
        with self._transaction() as connection:
            for _, group in groupby(analyzed, lambda one: one.planned):
                tracks_of_file = list(group)
                of_file = [self._write_analyzed(connection, one, moved_from) for one in tracks_of_file]
                if _delete_others(connection, tracks_of_file) and set(of_file) == {"unchanged"}:
                    of_file[0] = "changed"
                arrivals += of_file
            n_changed = sum(_write_failed(connection, file) for file in failed)
            if n_changed or any(arrival != "unchanged" for arrival in arrivals):
                renew_generation(connection)
        return arrivals

    def mark_missing(self, gone: Iterable[GoneFile]) -> None:
        """Mark tracks whose files are gone as missing; delete failures of files that are gone."""
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
        """Return those of ``gone`` that this scan did not find under another path."""
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
        """Remove the mark of missing tracks whose files are present again, unchanged."""
        if not track_ids:
            return
        with self._transaction() as connection:
            paths.unmark_missing(connection, track_ids)
            renew_generation(connection)

    def _transaction(self) -> AbstractContextManager[Connection]:
        return transaction(self._store)

    def _write_analyzed(self, connection: Connection, file: FileAnalysis, moved_from: MovedFrom) -> Arrival:
        root_id, path = file.planned.scan_folder.root_id, file.planned.file.path
        connection.execute(delete(failures).where(failures.c.root_id == root_id, failures.c.path == path))
        is_track = file.opened.end_s is not None
        confirmed = is_track or file.verified or file.planned.old_content is not None
        unchanged = confirmed and _same_facts(connection, file)
        if unchanged and (file.planned.old_content is None or is_track) and not (is_track and file.emotion):
            return "unchanged"
        content_id, older_id = rehash.content_of(
            connection, file.planned, file.opened, analyzed=file.emotion is not None
        )
        if file.tempo_key is not None:
            tempo_keys.write(connection, content_id, file.tempo_key, self._maker)
        more_known = self._coverage == "windows" and self._is_analyzed_in_full(connection, content_id)
        if file.emotion is not None and file.statistics is not None and not more_known:
            self._write_emotion(connection, content_id, file, file.emotion, file.statistics)
        start_s = file.opened.start_s or 0.0
        facts: dict[str, Any] = {
            "root_id": root_id,
            "path": path,
            "start_s": start_s,
            "end_s": file.opened.end_s,
            "sheet": file.planned.sheet_digest,
            "size": file.planned.file.size,
            "mtime_ns": file.planned.file.mtime_ns,
            "content_id": content_id,
            "missing_since": None,
            "hash_version": HASH_VERSION,
            "partial": present_fraction(file.opened),
            **asdict(file.opened.tags),
        }
        here = tracks.c.root_id == root_id, tracks.c.path == path
        changed = update(tracks).where(*here, tracks.c.start_s == start_s).values(facts)
        if connection.execute(changed).rowcount:
            if older_id is not None:
                rehash.delete_unused(connection, older_id)
            return "unchanged" if unchanged and older_id is None and file.emotion is None else "changed"
        moved_id = moved_from(file.planned, _paths_of_content(connection, content_id))
        if moved_id is not None:
            connection.execute(update(tracks).where(tracks.c.id == moved_id).values(facts))
        else:
            first = connection.execute(select(func.min(tracks.c.added_at)).where(*here)).scalar()
            connection.execute(insert(tracks).values(facts | {"added_at": first or now()}))
        if older_id is not None:
            rehash.delete_unused(connection, older_id)
        return "new" if moved_id is None else "moved"

    def _is_analyzed_in_full(self, connection: Connection, content_id: int) -> bool:
        query = select(emotions.c.coverage == "full").where(
            emotions.c.content_id == content_id, emotions.c.model_id == self._model_id
        )
        return bool(connection.execute(query).scalar())

    def _write_emotion(
        self,
        connection: Connection,
        content_id: int,
        file: FileAnalysis,
        emotion: Emotion,
        statistics: FloatArray,
    ) -> None:
        of_content = {"content_id": content_id, "model_id": self._model_id}
        predicted = np.array([[emotion.valence, emotion.arousal]])
        [calibrated] = calibrated_columns(connection, self._model_id, predicted, emotion.embedding[None])
        facts = {
            "coverage": self._coverage,
            "valence": emotion.valence,
            "arousal": emotion.arousal,
            "valence_sd": emotion.valence_sd,
            "arousal_sd": emotion.arousal_sd,
            "embedding": _blob(emotion.embedding),
            "statistics": _blob(statistics),
            "fused": _blob(emotion.fused),
            "partial": file.partial,
            "stamp": stamp(),
            "analyzed_at": now(),
            **calibrated,
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
                "place": to_blob(file.window_vectors.get(part.window)),
            }
            for part in emotion.windows
        ]
        connection.execute(insert(windows), rows)
        heard.delete_scores(connection, self._model_id, [content_id])
        if emotion.tags.size:
            scores = [(content_id, heard.to_blob(emotion.tags))]
            heard.write_scores(connection, self._model_id, self._tags, scores)


def _paths_of_content(connection: Connection, content_id: int) -> list[KnownPath]:
    query = (
        select(tracks.c.id, tracks.c.root_id, roots.c.path.label("root"), tracks.c.path)
        .join(roots, roots.c.id == tracks.c.root_id)
        .where(tracks.c.content_id == content_id)
    )
    return [KnownPath(*row) for row in connection.execute(query)]


def _write_failed(connection: Connection, failed: FileFailure) -> bool:
    """Store a failure; return whether a track lost its content or is no longer missing."""
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
    found = update(tracks).where(*here, tracks.c.missing_since.is_not(None)).values(missing_since=None)
    changed = connection.execute(found).rowcount
    if failed.error.stage != "read":  # the file is present, but its old content is not
        lost = update(tracks).where(*here, tracks.c.content_id.is_not(None)).values(content_id=None)
        changed += connection.execute(lost).rowcount
    return bool(changed)


def _delete_others(connection: Connection, tracks_of_file: Sequence[FileAnalysis]) -> bool:
    """Delete tracks of a file that its sheet, or the file without one, no longer has; return whether any."""
    planned = tracks_of_file[0].planned
    others = (
        tracks.c.root_id == planned.scan_folder.root_id,
        tracks.c.path == planned.file.path,
        tracks.c.start_s.not_in([one.opened.start_s or 0.0 for one in tracks_of_file]),
    )
    return bool(connection.execute(delete(tracks).where(*others)).rowcount)


def _same_facts(connection: Connection, file: FileAnalysis) -> bool:
    """Return whether a track is known as it is now; of one of a sheet, which is not verified, all of it."""
    planned, opened = file.planned, file.opened
    columns = [tracks.c.partial, tracks.c.end_s, tracks.c.sheet, *(tracks.c[name] for name in TAG_FIELDS)]
    at_path = select(*columns).where(
        tracks.c.root_id == planned.scan_folder.root_id,
        tracks.c.path == planned.file.path,
        tracks.c.start_s == (opened.start_s or 0.0),
    )
    if opened.end_s is not None:
        at_path = at_path.join(contents, contents.c.id == tracks.c.content_id).where(
            contents.c.hash == opened.content,
            tracks.c.size == planned.file.size,
            tracks.c.mtime_ns == planned.file.mtime_ns,
            tracks.c.missing_since.is_(None),
        )
    row = connection.execute(at_path).first()
    if row is None or tuple(row[:3]) != (present_fraction(opened), opened.end_s, planned.sheet_digest):
        return False
    return Tags(*row[3:]) == opened.tags


def _storable(text: str) -> str:
    """Replace lone surrogates, which come from file names that are not UTF-8."""
    return text.encode("utf-8", "replace").decode()


def _blob(vector: FloatArray) -> bytes:
    return np.ascontiguousarray(vector, dtype="<f4").tobytes()
