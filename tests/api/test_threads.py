"""One library, asked from many threads, while another process scans into it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
import soundfile

from musimo import Library, Selection
from musimo.api.session import Session
from tests.conftest import PlainPredictor
from tests.sounds import melody

N_THREADS = 8
N_BEFORE, N_AFTER = 5, 9
EVERY = Selection(None, (), None, None, fold_versions=False)
ROOT = Path(__file__).resolve().parents[2]

# Scans one file after the other, each in a scan of its own, so that the library changes again and again.
SCANNER = """
import sys
from pathlib import Path
from musimo.api.session import Session
from musimo import Library
from tests.conftest import PlainPredictor
Session.load_predictor = lambda self, weights: PlainPredictor()
folder, files = Path(sys.argv[1]), sorted(Path(sys.argv[2]).iterdir())
library = Library.open()
for file in files:
    (folder / file.name).write_bytes(file.read_bytes())
    assert library.scan(folder).new == 1
"""


@pytest.fixture
def music(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Tracks of the library; what is to come lies in the folder ``later`` beside them."""
    monkeypatch.setattr(Session, "load_predictor", lambda self, weights: PlainPredictor())
    monkeypatch.setenv("MUSIMO_JOBS", "0")
    for folder, numbers in (("music", range(N_BEFORE)), ("later", range(N_BEFORE, N_AFTER))):
        (tmp_path / folder).mkdir()
        for n in numbers:
            soundfile.write(tmp_path / folder / f"{n:02}.wav", melody(1, 22_050, n), 22_050)
    soundfile.write(tmp_path / "outside.wav", melody(1, 22_050, 99), 22_050)
    return tmp_path / "music"


def asking(library: Library, number: int, done: Event, outside: Path) -> int:
    """Ask again and again until all is scanned, and check every answer; returns how often."""
    name, n = f"{number % N_BEFORE:02}.wav", 0
    known: set[str] = set()
    while True:
        last = done.is_set()
        found = library.similar(name, selection=EVERY, explain=number % 2 == 0)
        assert [track.path.name for track in found.seeds] == [name]
        assert [row.rank for row in found] == list(range(1, len(found) + 1))
        assert [row.similarity for row in found] == sorted((row.similarity for row in found), reverse=True)
        names = {row.track.path.name for row in found}
        assert known <= names, "a scan that adds tracks takes none away"
        assert name not in names
        assert len(names) == len(found) >= N_BEFORE - 1
        known = names
        track = library.show(name).track
        assert track.path.name == name
        nearest = library.mood(track.valence or 0, track.arousal or 0, selection=EVERY)
        assert nearest[0].distance == pytest.approx(0, abs=1e-6)
        assert len(nearest) >= N_BEFORE
        assert library.status().failed == 0
        if number == 0:
            assert len(library.similar(outside, selection=EVERY)) >= N_BEFORE
        n += 1
        if last:
            assert len(names) == N_AFTER - 1, "what was scanned by another is seen without opening anew"
            return n


def test_all_answers_are_right_while_another_process_scans(music: Path) -> None:
    library = Library.open()
    assert library.scan(music).new == N_BEFORE
    done, outside = Event(), music.parent / "outside.wav"
    with ThreadPoolExecutor(N_THREADS) as pool:
        answers = [pool.submit(asking, library, number, done, outside) for number in range(N_THREADS)]
        try:
            scan = [sys.executable, "-c", SCANNER, str(music), str(music.parent / "later")]
            scanned = subprocess.run(scan, cwd=ROOT, capture_output=True, text=True, check=False)
        finally:
            done.set()
        assert scanned.stderr == ""
        assert scanned.returncode == 0
        assert all(answer.result() >= 1 for answer in answers)
    alone = Library.open()
    assert alone.similar("00.wav", selection=EVERY) == library.similar("00.wav", selection=EVERY)


def test_a_first_question_from_many_threads_opens_the_library_once(
    music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Library.open().scan(music)
    for index in Library.open().settings.library.parent.glob("*.index"):
        index.unlink()
    opened: list[Session] = []
    opening = Session._open

    def slowly(self: Session) -> object:
        opened.append(self)
        time.sleep(0.05)  # long enough for the others to come
        return opening(self)

    monkeypatch.setattr(Session, "_open", slowly)
    library = Library.open()
    shutil.rmtree(music)
    with ThreadPoolExecutor(N_THREADS) as pool:
        found = list(pool.map(lambda _: library.similar("00.wav"), range(N_THREADS)))
    assert len(opened) == 1
    assert all(result == found[0] for result in found)
