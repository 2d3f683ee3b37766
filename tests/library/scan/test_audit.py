"""The audit always adds up: random folders, changed at random between scans that stop and fail at random.

Files hold a line that names their sound, and a reader of such lines stands in for the decoders; all else is a
scan as it is. What should come of it is counted once more, in another way, from the disk itself.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from musimo.audio.formats import is_music
from musimo.audio.paths import AnyPath
from musimo.errors import AudioError
from musimo.library.db.journal import Journal
from musimo.library.db.queries import Store
from musimo.library.scan import worker
from musimo.library.scan.events import Audit, FileFailed, FileStored
from musimo.library.scan.scan import ScanOptions, scan
from musimo.library.scan.walk import MARKER
from musimo.records import Coverage, ExtractedWindow, FileOpened, FloatArray, Tags, Window
from tests.conftest import PlainPredictor

N_SOUNDS = 6
FOLDERS = (b"", b"x", b"x/y", b"z \xff", b"@eaDir", b".Trash-7")
NAMES = (b"a.mp3", b"b.flac", b"\xc3\xbc\n.ogg", b"\xff.wav", b"-c.M4A", b"notes.txt")
WINDOW = Window(0.0, 45.0)


def frames(sound: int) -> FloatArray:
    """Features of a sound that :class:`PlainPredictor` feels as no other: its level is its number."""
    made = np.full((1, 193), -100.0, np.float32)
    made[0, 0] += 10 * (sound + 1)
    return made


AROUSALS = [felt.arousal for [felt] in PlainPredictor().predict([[frames(n)] for n in range(N_SOUNDS)])]


@dataclass
class World:
    """A folder of music and the library that follows it."""

    place: Path
    times: Iterator[int] = field(default_factory=lambda: count(10**18, 10**9))
    behind_its_back: set[tuple[bytes, int, int]] = field(default_factory=set)  # changed, but looks the same
    faults: dict[bytes, str] = field(default_factory=dict)  # path: the stage at which it fails now
    heard: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.top = os.fsencode(self.place / "music")
        self.outside = os.fsencode(self.place / "outside")
        for folder in (self.top, self.outside):
            os.mkdir(folder)
        self.store = Store.open(self.place / "library.db", "plain-1")

    def write(self, path: bytes, line: bytes, *, at_ns: int | None = None) -> None:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with suppress(FileNotFoundError):
            os.unlink(path)  # a link is replaced, not followed
        Path(os.fsdecode(path)).write_bytes(line)
        at_ns = next(self.times) if at_ns is None else at_ns
        os.utime(path, ns=(at_ns, at_ns))

    def files(self) -> list[bytes]:
        """Regular files, wherever they are."""
        found = [os.path.join(folder, name) for folder, _, names in os.walk(self.top) for name in names]
        return sorted(path for path in found if os.path.isfile(path) and not os.path.islink(path))

    def hear(
        self, path: AnyPath, coverage: Coverage, wanted: Callable[[bytes], bool]
    ) -> Iterator[FileOpened | ExtractedWindow]:
        """In the place of :func:`musimo.audio.extract.extract_windows`."""
        assert isinstance(path, bytes)
        if path in self.faults:
            raise AudioError(self.faults[path], "a fault of the day")
        line = Path(os.fsdecode(path)).read_bytes()
        if not line.startswith(b"sound "):
            raise AudioError("decode", "no sound in it")
        _, sound, title = line.split(b" ")
        content = sound * 16
        yield FileOpened(Tags(title.decode()), content, 45.0, (WINDOW,))
        if wanted(content):
            self.heard.append(content)
            features = frames(int(sound))
            yield ExtractedWindow(WINDOW, features, np.zeros(8, np.float32))


def change(world: World, draw: Callable[[st.SearchStrategy[int]], int]) -> None:
    """Do one thing to the folder."""

    def one_of(choices: tuple[bytes, ...] | list[bytes]) -> bytes:
        return choices[draw(st.integers(0, len(choices) - 1))]

    path = os.path.join(world.top, one_of(FOLDERS), one_of(NAMES))
    if os.path.isdir(path):
        return
    line = b"sound %d title%d" % (draw(st.integers(0, N_SOUNDS - 1)), draw(st.integers(0, 9)))
    files = world.files()
    kinds: tuple[str, ...] = ("add", "add", "garbage", "outside", "inside", "dangling", "marker")
    if files:
        kinds += ("add", "copy", "rename", "rename", "delete", "swap", "retag", "stealth", "folder")
    kind = kinds[draw(st.integers(0, len(kinds) - 1))]
    if kind == "add":
        world.write(path, line)
    elif kind == "garbage":
        world.write(path, b"garbage")
    elif kind in ("outside", "inside", "dangling"):
        target = {"outside": world.outside + b"/far.mp3", "dangling": b"nowhere"}.get(kind) or one_of(
            files or [b"?"]
        )
        if kind == "outside" and not os.path.exists(target):
            world.write(target, line)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if not os.path.lexists(path):
            os.symlink(target, path)
    elif kind == "marker":
        marker = os.path.join(world.top, one_of(FOLDERS[1:4]), MARKER)
        if os.path.exists(marker):
            os.unlink(marker)
        elif os.path.isdir(os.path.dirname(marker)):
            world.write(marker, b"")
    elif kind == "folder":
        old, new = (os.path.join(world.top, one_of(FOLDERS[1:])) for _ in range(2))
        if os.path.isdir(old) and not os.path.exists(new) and not new.startswith(old):
            os.makedirs(os.path.dirname(new), exist_ok=True)
            os.rename(old, new)
    else:
        change_file(world, kind, one_of(files), path, one_of(files), line)


def change_file(world: World, kind: str, file: bytes, path: bytes, other: bytes, line: bytes) -> None:
    """Do one thing to a file that is there."""
    status = os.stat(file)
    text_ = Path(os.fsdecode(file)).read_bytes()
    if kind == "copy":
        world.write(path, text_)
    elif kind == "rename":
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.rename(file, path)
    elif kind == "delete":
        os.unlink(file)
    elif kind == "swap" and other != file:
        os.rename(file, world.outside + b"/aside")
        os.rename(other, file)
        os.rename(world.outside + b"/aside", other)
    elif kind == "retag" and text_.startswith(b"sound "):
        world.write(file, text_[:-1] + b"x")
    elif kind == "stealth" and text_.startswith(b"sound ") and len(text_) == len(line):
        world.write(file, line, at_ns=status.st_mtime_ns)
        world.behind_its_back.add((file, status.st_size, status.st_mtime_ns))


def look(world: World, folder: bytes) -> tuple[set[bytes], set[bytes], int]:
    """Music, links of music that lead nowhere, and the number of other files, by the rules of a walk."""
    music: set[bytes] = set()
    broken: set[bytes] = set()
    ignored = 0
    names = os.listdir(folder)
    if MARKER in names:
        return music, broken, 0
    for name in names:
        path = os.path.join(folder, name)
        if os.path.isdir(path):
            if name not in (b"@eaDir", b".Trash-7"):
                below = look(world, path)
                music, broken, ignored = music | below[0], broken | below[1], ignored + below[2]
        elif not is_music(name):
            ignored += 1
        elif not os.path.exists(path):
            broken.add(path)
        elif not os.path.islink(path) or not os.path.realpath(path).startswith(world.top + b"/"):
            music.add(path)
    return music, broken, ignored


def known(store: Store, statement: str) -> set[object]:
    with store.engine.connect() as connection:
        return set(connection.execute(text(statement)).scalars())


EMOTIONS = "SELECT hash FROM contents JOIN emotions ON content_id = contents.id"


def scan_and_check(world: World, options: ScanOptions, stop_after: int | None) -> None:
    """Scan, and hold what is told and stored against the disk."""
    store = world.store
    music, broken, ignored = look(world, world.top)
    before, ids_before = known(store, EMOTIONS), known(store, "SELECT id FROM tracks")
    missing_before = {track.path_bytes for track in store.missing_tracks()}
    world.heard.clear()
    asked = count()
    journal = Journal(store, "plain-features", "windows")
    events = list(scan(journal, [world.top], PlainPredictor, options, lambda: next(asked) == stop_after))
    audit = events[-1]
    assert isinstance(audit, Audit)

    told = [event.path for event in events if isinstance(event, FileStored | FileFailed)]
    assert len(told) == len(set(told)), "one file, one outcome"
    assert set(told) <= music | broken
    assert len(told) == audit.new + audit.changed + audit.moved + audit.failed - audit.known_failures
    assert audit.seen + audit.left == len(music) + len(broken) + ignored
    assert audit.ignored == ignored
    assert bool(audit.left) == audit.interrupted

    assert before <= known(store, EMOTIONS), "what was heard is kept"
    assert ids_before <= known(store, "SELECT id FROM tracks"), "a scan deletes no track"
    assert not before & set(world.heard), "what was heard is not heard again"
    with store.engine.connect() as connection:
        assert not connection.execute(text("PRAGMA foreign_key_check")).all()

    counts, present, missing = store.counts(), list(store.all_tracks()), store.missing_tracks()
    failed = {failure.path_bytes for failure in store.failures()}
    assert counts.tracks == len(present) + len(missing)
    assert counts.missing == len(missing)
    assert counts.analyzed == sum(track.valence is not None for track in present)
    assert counts.failed == len(store.failures()) == len(failed)
    if audit.interrupted:
        return
    assert audit.failed == len(failed & (music | broken))
    assert broken <= failed
    feelings = {track.path_bytes: track.arousal for track in present}
    good = music - failed
    assert good <= feelings.keys()
    for path in good:
        status = os.stat(path)
        if (path, status.st_size, status.st_mtime_ns) not in world.behind_its_back:
            sound = int(Path(os.fsdecode(path)).read_bytes().split(b" ")[1])
            assert feelings[path] == pytest.approx(AROUSALS[sound])
    missing_now = {track.path_bytes for track in missing}
    if audit.refused:
        assert missing_now <= missing_before, "a refusal marks nothing"
    else:
        assert failed <= music | broken
        assert feelings.keys() <= music | broken
        assert audit.missing == len(missing)
        assert not missing_now & music


@pytest.fixture(scope="module")
def empty_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "library.db"
    Store.open(path, "plain-1", create=True)
    return path


@given(st.data())
@settings(max_examples=30)
def test_the_audit_adds_up(empty_library: Path, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        shutil.copy(empty_library, name)
        world = World(Path(name).resolve())
        patch.setattr(worker, "extract_windows", world.hear)
        for _ in range(data.draw(st.integers(1, 6))):
            for _ in range(data.draw(st.integers(0, 8))):
                change(world, data.draw)
            music = sorted(look(world, world.top)[0])
            faults = data.draw(st.lists(st.sampled_from(music), max_size=3)) if music else []
            stages = st.sampled_from(["read", "decode", "crashed", "timeout"])
            world.faults = {path: data.draw(stages) for path in faults}
            options = ScanOptions(
                batch_size=data.draw(st.integers(1, 4)),
                retry_failed=data.draw(st.booleans()),
                accept_missing=data.draw(st.booleans()),
            )
            scan_and_check(world, options, data.draw(st.none() | st.integers(0, 12)))
        world.faults = {}
        scan_and_check(world, ScanOptions(retry_failed=True, accept_missing=True), None)
        with closing(world.store.engine.raw_connection()) as connection:
            assert connection.cursor().execute("PRAGMA integrity_check").fetchall() == [("ok",)]
