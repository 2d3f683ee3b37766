"""Analyses from one library to another: all of them arrive, and nothing that a stranger wrote is believed."""

from __future__ import annotations

import base64
import gzip
import json
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from sqlalchemy import func, insert, select

from musimo.api import Library
from musimo.api.analyses import Imported
from musimo.api.session import Session
from musimo.audio.features import FEATURE_ID
from musimo.emotion.calibration import Calibration
from musimo.emotion.predictor import Predictor
from musimo.errors import LibraryError, MusimoError
from musimo.library.db import analyses as sharing
from musimo.library.db.analyses import (
    BATCH,
    Analysis,
    AnalysisModel,
    AnalyzedWindow,
    analysis_model,
    stored_analyses,
    write_analyses,
)
from musimo.library.db.calibrations import apply
from musimo.library.db.lock import hold
from musimo.library.db.queries import Store
from musimo.library.db.schema import contents, emotions, tempo_keys, windows
from musimo.library.db.schema import heard as heard_rows
from musimo.library.portable import (
    MAX_INVALID,
    InvalidLine,
    opened,
    read_analyses,
    read_header,
    to_lines,
)
from musimo.records import TempoKey
from musimo.search.where import parse
from tests.catalog import direction
from tests.conftest import PlainPredictor
from tests.sounds import sine

MAKER = AnalysisModel("mase_net-9-abc", FEATURE_ID)
HEARING = replace(MAKER, tags=("piano", "no vocals"))
SCORES = ((0.75, 0.5), (0, 0.25), (0.25, 1))


def analysis(n: int = 0, **changes: Any) -> Analysis:
    whole = Analysis(
        content=n.to_bytes(16, "big"),
        duration_s=180.5,
        coverage="windows",
        valence=0.25,
        arousal=0.75,
        valence_sd=0.01,
        arousal_sd=0.02,
        embedding=direction(1, n).astype("<f4").tobytes(),
        statistics=np.arange(579, dtype="<f4").tobytes(),
        fused=np.arange(128, dtype="<f4").tobytes(),
        partial=None,
        analyzed_at="2026-01-02T03:04:05+00:00",
        windows=(
            AnalyzedWindow(0.0, 45.0, 0.2, 0.7, np.arange(8, dtype="<f2").tobytes()),
            AnalyzedWindow(90.0, 135.0, 0.3, 0.8, np.ones(8, dtype="<f2").tobytes()),
        ),
        tempo_key=TempoKey(128.0, 0.9, "A minor", 0.5),
        tempo_maker="tempo-1",
    )
    return replace(whole, **changes)


def read_back(written: bytes) -> tuple[AnalysisModel, list[Analysis | InvalidLine]]:
    file = opened(BytesIO(written))
    return read_header(file), list(read_analyses(file))


def test_what_is_written_is_read() -> None:
    rows = [analysis(), analysis(1, tempo_key=None, tempo_maker=None, fused=None, partial=0.5)]
    written = b"".join(to_lines(MAKER, rows))
    assert read_back(written) == (MAKER, rows)
    assert read_back(gzip.compress(written)) == (MAKER, rows)


def test_tags_heard_are_written_and_read() -> None:
    rows = [analysis(n, heard=np.array([n, 0.25], "<f2").tobytes()) for n in range(2)]
    assert read_back(b"".join(to_lines(HEARING, rows))) == (HEARING, rows)
    assert read_back(b"".join(to_lines(MAKER, [analysis()])).replace(b'"tags"', b'"more"'))[0] == MAKER


@pytest.mark.parametrize("tags", [["Piano"], ["a", "a"], [7], ["\x1b[31m"], 7, ["x" * 41], ["a  b"]])
def test_names_of_tags_are_checked(tags: object) -> None:
    header = json.loads(next(to_lines(HEARING, [])))
    assert header["tags"] == ["piano", "no vocals"]
    with pytest.raises(MusimoError, match="holds no analyses"):
        read_header(BytesIO(json.dumps(header | {"tags": tags}).encode() + b"\n"))


def test_another_library_hears_the_same(store: Store) -> None:
    rows = [analysis(n, heard=np.array(scores, "<f2").tobytes()) for n, scores in enumerate(SCORES)]
    bare, short = analysis(7), analysis(8, heard=b"\0\0")
    states = write_analyses(store, HEARING, [*rows, bare, short])
    assert states == ["new", "new", "new", "refused", "refused"]
    assert list(stored_analyses(store)) == rows
    assert analysis_model(store) == HEARING
    full = replace(rows[0], coverage="full", heard=rows[2].heard)
    assert write_analyses(store, HEARING, [full]) == ["new"]
    assert list(stored_analyses(store)) == [full, *rows[1:]]
    with store.connect() as connection:
        columns = (heard_rows.c.content_id, heard_rows.c.tag, heard_rows.c.score)
        found = connection.execute(select(*columns)).all()
    assert sorted(map(tuple, found)) == [(1, "no vocals", 1.0), (3, "no vocals", 1.0)]
    for other in (replace(HEARING, tags=("no vocals", "piano")), replace(HEARING, tags=())):
        with pytest.raises(MusimoError, match="name other tags"):
            write_analyses(store, other, [replace(rows[0], content=b"9" * 16)])


def floats(*numbers: float, kind: str = "<f4") -> str:
    return base64.b64encode(np.array(numbers, kind).tobytes()).decode()


@pytest.mark.parametrize(
    "change",
    [
        {"content": "ff"},
        {"content": "zz" * 16},
        {"content": None},
        {"valence": 1.5},
        {"heard": base64.b64encode(b"\0").decode()},
        {"heard": base64.b64encode(np.array([1.5], "<f2").tobytes()).decode()},
        {"heard": base64.b64encode(np.array([-0.5], "<f2").tobytes()).decode()},
        {"heard": base64.b64encode(np.array([np.nan], "<f2").tobytes()).decode()},
        {"heard": [0.5]},
        {"valence": "0.5"},
        {"valence": True},
        {"arousal": None},
        {"duration": -1},
        {"duration": 1e300},
        {"coverage": "half"},
        {"partial": 2},
        {"analyzed_at": "yesterday"},
        {"embedding": floats(*[1.0] * 256)},
        {"embedding": floats(*[0.0] * 255)},
        {"embedding": "!"},
        {"statistics": floats(*[float("nan")] * 579)},
        {"statistics": [1, 2]},
        {"statistics": floats(*[3e38] * 579)},
        {"windows": [[0, 45, 0.5, 0.5, floats(float("inf"), kind="<f2")]]},
        {"fused": floats()},
        {"windows": []},
        {"windows": 7},
        {"windows": [[0, 45, 0.5, 0.5]]},
        {"windows": [[45, 0, 0.5, 0.5, None]]},
        {"windows": [[0, 45, 0.5, 0.5, None], [0, 45, 0.5, 0.5, None]]},
        {"windows": [[0, 45, 0.5, 0.5, None], [45, 90, 0.5, 0.5, floats(1, kind="<f2")]]},
        {"tempo": [120, 0.5, "H minor", 0.5, "x"]},
        {"tempo": [-1, 0.5, None, 0.5, "x"]},
        {"tempo": [120, 0.5, None, 0.5, "a\nb"]},
        {"tempo": {}},
    ],
    ids=str,
)
def test_no_number_is_believed(change: dict[str, Any]) -> None:
    head, line, end = to_lines(MAKER, [analysis()])
    said = json.loads(line) | change
    [broken] = read_back(b"".join((head, json.dumps(said).encode(), b"\n", end)))[1]
    assert isinstance(broken, InvalidLine)
    assert broken.line == 2
    assert broken.reason


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b"null", b"[" * 100_000, b"{}", b"\xff", b'{"content": NaN}', b"1" * 5_000]
)
def test_a_broken_line_costs_itself_alone(line: bytes) -> None:
    head, good, end = to_lines(MAKER, [analysis()])
    rows = read_back(b"".join((head, line, b"\n", good, end.replace(b"1", b"2"))))[1]
    assert [type(row) for row in rows] == [InvalidLine, Analysis]


def test_a_file_that_ends_early_says_so() -> None:
    written = b"".join(to_lines(MAKER, [analysis(n) for n in range(5)]))
    cut = written[: written.rindex(b'{"end"')]
    assert read_back(cut)[1][-1] == InvalidLine(7, "the file ends early")
    packed = gzip.compress(written)
    *_, last = read_back(packed[: len(packed) // 2])[1]
    assert isinstance(last, InvalidLine)
    assert "cannot be read on" in last.reason
    few = written.replace(b'{"end":5}', b'{"end":6}')
    assert isinstance(read_back(few)[1][-1], InvalidLine)


def test_nobody_is_kept_busy_by_broken_or_endless_lines() -> None:
    head = next(to_lines(MAKER, []))
    rows = read_back(gzip.compress(head + b"\n" * 10**6))[1]
    assert len(rows) == MAX_INVALID + 1
    long = head + b"[" + b" " * (2**24 + 9) + b"]\n" + [*to_lines(MAKER, [analysis()])][1]
    kinds = [type(row) for row in read_back(long)[1]]
    assert kinds == [InvalidLine, Analysis, InvalidLine]


@pytest.mark.parametrize(
    "head",
    [b"", b"text", b"{}", b"\x1f\x8bno gzip", b'{"musimo":"map","schema":1,"model":"a","features":"b"}\n'],
)
def test_what_holds_no_analyses_is_told(head: bytes) -> None:
    with pytest.raises(MusimoError, match="holds no analyses"):
        read_back(head)
    with pytest.raises(MusimoError, match="schema 2"):
        read_back(b'{"musimo":"analyses","schema":2,"model":"a","features":"b"}\n')


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "nas.db", MAKER.model, create=True)


def count(store: Store, table: Any) -> int:
    with store.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_analyses_arrive_once_and_whole(store: Store) -> None:
    rows = [analysis(n) for n in range(2 * BATCH + 3)]
    generation = store.generation()
    assert {*write_analyses(store, MAKER, rows)} == {"new"}
    assert store.generation() != generation
    generation = store.generation()
    assert {*write_analyses(store, MAKER, rows)} == {"known"}
    assert store.generation() == generation
    assert list(stored_analyses(store)) == rows
    assert analysis_model(store) == MAKER
    counts = [count(store, table) for table in (contents, emotions, windows, tempo_keys)]
    assert counts == [len(rows), len(rows), 2 * len(rows), len(rows)]


def test_what_was_heard_in_full_replaces_windows_and_not_the_other_way_round(store: Store) -> None:
    full = analysis(coverage="full", valence=0.9, windows=analysis().windows[:1])
    assert write_analyses(store, MAKER, [analysis()]) == ["new"]
    assert write_analyses(store, MAKER, [full]) == ["new"]
    assert write_analyses(store, MAKER, [analysis()]) == ["known"]
    assert list(stored_analyses(store)) == [full]


def test_what_lies_in_another_space_is_refused(store: Store) -> None:
    short = floats(*range(64))
    odd = analysis(1, fused=base64.b64decode(short))
    windows_ = tuple(replace(part, vector=b"\0\0") for part in analysis().windows)
    assert write_analyses(store, MAKER, [odd], n_axes=128) == ["refused"]
    assert write_analyses(store, MAKER, [analysis(), odd, analysis(2, windows=windows_)]) == [
        "new",
        "refused",
        "refused",
    ]
    with pytest.raises(MusimoError, match="features other"):
        write_analyses(store, AnalysisModel(MAKER.model, "other"), [analysis(3)])


def test_memory_stays_flat(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times as many analyses may not take twice the memory, in or out."""

    def peak(first: int, n: int) -> float:
        tracemalloc.start()
        made = to_lines(MAKER, (analysis(k) for k in range(first, first + n)))
        with (tmp_path / "a.jsonl").open("wb") as file:
            file.writelines(made)
        with (tmp_path / "a.jsonl").open("rb") as file:
            read_header(file)
            batch: list[Analysis] = []
            for row in read_analyses(file):
                assert isinstance(row, Analysis)
                batch.append(row)
                if len(batch) == 16:
                    write_analyses(store, MAKER, batch)
                    batch.clear()
        assert sum(1 for _ in stored_analyses(store)) >= n
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    monkeypatch.setattr(sharing, "BATCH", 16)
    peak(0, 16)
    few = peak(100, 32)
    assert peak(1_000, 320) < 2 * few


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    for n in range(3):
        soundfile.write(folder / f"{n}.flac", sine(200 + 70 * n, 0.5), 22_050)
    return folder


@pytest.fixture
def heard(music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """A library that has heard the music by the network that ships, so to say."""
    monkeypatch.setattr(Session, "load_predictor", lambda self, weights: PlainPredictor())
    monkeypatch.setenv("MUSIMO_JOBS", "0")
    library = Library.open(tmp_path / "gpu.db")
    library.scan(music)
    return library


def imported(library: Library, path: Path, stop: Callable[[], bool] = lambda: False) -> Imported:
    *_, done = library.analyses.load(path, stop)
    assert isinstance(done, Imported)
    return done


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_a_scan_after_an_import_hears_nothing(
    heard: Library, music: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    assert heard.analyses.export(path) == (heard.model, 3)
    nas = Library.open(tmp_path / "nas.db")
    assert imported(nas, path) == Imported(heard.model, 3, 0, 0)
    assert imported(nas, path) == Imported(heard.model, 0, 3, 0)

    def loaded(self: Library, weights: Path) -> Predictor:
        raise AssertionError("a sound is heard that is known")

    monkeypatch.setattr(Session, "load_predictor", loaded)
    moved = music.rename(tmp_path / "elsewhere")
    audit = nas.scan(moved)
    assert (audit.new, audit.failed) == (3, 0)
    rows = [(track.valence, track.arousal) for track in nas.tracks()]
    assert rows == [(track.valence, track.arousal) for track in heard.tracks()]
    first, second = (library.status() for library in (heard, nas))
    assert first == replace(second, library=first.library, roots=first.roots)


def test_an_import_into_a_scanned_library_renews_its_indexes(
    heard: Library, music: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    heard.analyses.export(path)
    soundfile.write(music / "more.flac", sine(999, 0.5), 22_050)
    heard.scan(music)
    heard.analyses.export(tmp_path / "all.jsonl")
    assert heard.analyses.export(tmp_path / "one.jsonl", [parse("path:more")])[1] == 1
    nas = Library.open(tmp_path / "nas.db")
    imported(nas, path)
    assert imported(nas, tmp_path / "all.jsonl") == Imported(heard.model, 1, 3, 0)
    nas.scan(music)
    assert Library.open(tmp_path / "nas.db").status().indexed == 4


def test_what_arrives_answers_by_the_owners_ear_and_leaves_as_the_network_had_it(
    heard: Library, music: Path, tmp_path: Path
) -> None:
    heard.analyses.export(tmp_path / "a.jsonl")
    nas = Library.open(tmp_path / "nas.db")
    nas.scan(music)
    coefficients = np.zeros((2, 259), np.float32)
    coefficients[0, 0] = -0.125  # is added to every valence
    apply(nas._session.store, Calibration(coefficients), 20)
    bent = [track.valence for track in nas.tracks()]
    soundfile.write(music / "more.flac", sine(999, 0.5), 22_050)
    heard.scan(music)
    heard.analyses.export(tmp_path / "all.jsonl")
    assert imported(nas, tmp_path / "all.jsonl").new == 1
    nas.scan(music)
    there, here = ([track.valence or 0.0 for track in library.tracks()] for library in (heard, nas))
    assert here[:-1] == bent
    np.testing.assert_allclose(here, np.subtract(there, 0.125).clip(0), atol=1e-6)
    nas.analyses.export(tmp_path / "back.jsonl")
    assert imported(heard, tmp_path / "back.jsonl").known == 4
    with (tmp_path / "back.jsonl").open("rb") as file:
        read_header(file)
        assert sorted(a.valence for a in read_analyses(file) if isinstance(a, Analysis)) == sorted(there)


def test_analyses_of_another_model_are_kept_beside(heard: Library, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(to_lines(MAKER, [analysis()])))
    before = heard.status()
    assert imported(Library.open(tmp_path / "gpu.db"), path) == Imported(MAKER.model, 1, 0, 0)
    assert Library.open(tmp_path / "gpu.db").status() == before
    other = Store.open(tmp_path / "gpu.db", MAKER.model)
    assert list(stored_analyses(other)) == [analysis()]
    path.write_bytes(b"".join(to_lines(AnalysisModel(heard.model, "other-features"), [analysis()])))
    with pytest.raises(MusimoError, match="other-features"):
        imported(heard, path)


def test_it_stops_between_batches_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(to_lines(MAKER, [analysis(n) for n in range(2 * BATCH)])))
    library = Library.open(tmp_path / "nas.db")
    stopped = imported(library, path, lambda: True)
    assert stopped == Imported(MAKER.model, BATCH, 0, 0, interrupted=True)
    assert imported(library, path) == Imported(MAKER.model, BATCH, BATCH, 0)


def test_one_writer_at_a_time_and_no_half_file(
    heard: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jsonl"
    heard.analyses.export(path)
    with hold(heard.settings.library), pytest.raises(LibraryError, match="is writing"):
        imported(heard, path)

    def full(*_: Any) -> Iterator[bytes]:
        yield b"half"
        raise OSError(28, "No space left on device")

    data = path.read_bytes()
    monkeypatch.setattr("musimo.api.analyses.to_lines", full)
    with pytest.raises(MusimoError, match="No space left"):
        heard.analyses.export(path)
    assert path.read_bytes() == data


def test_tempo_that_is_known_already_stays(store: Store) -> None:
    write_analyses(store, MAKER, [analysis(tempo_key=None, tempo_maker=None)])
    with store.engine.begin() as connection:
        ids = connection.execute(select(contents.c.id)).scalar_one()
        connection.execute(
            insert(tempo_keys).values(
                content_id=ids, maker="mine", tempo=90.0, tempo_confidence=1.0, key=None, key_confidence=0.0
            )
        )
    assert write_analyses(store, MAKER, [analysis()]) == ["known"]
    [row] = stored_analyses(store)
    assert (row.tempo_key, row.tempo_maker) == (TempoKey(90.0, 1.0, None, 0.0), "mine")
