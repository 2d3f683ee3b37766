"""Hearing in this process and in worker processes: the same events, whatever happens to a worker."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import defaultdict
from pathlib import Path

import pytest
import soundfile

from musimo.errors import AudioError
from musimo.library.scan import workers
from musimo.library.scan.messages import ExtractMessage, Finished, Message
from musimo.library.scan.workers import Task, extract_all
from musimo.records import ExtractedWindow, FileOpened, SheetTrack, Tags
from tests.sounds import melody, sine


@pytest.fixture
def tasks(tmp_path: Path) -> list[Task]:
    """Two sounds, a file that is none, and one that is not there."""
    for name, samples in (("a.wav", sine(220, 1)), ("b.wav", melody(100))):
        soundfile.write(tmp_path / name, samples, 22_050)
    (tmp_path / "c.mp3").write_bytes(b"no music" * 100)
    paths = [os.fsencode(tmp_path / name) for name in ("a.wav", "b.wav", "c.mp3", "gone.mp3")]
    return [Task(path, 1000) for path in paths]


def always(_content: bytes) -> bool:
    return True


def heard(tasks: list[Task], jobs: int) -> dict[int, list[ExtractMessage]]:
    messages = defaultdict(list)
    for number, message in extract_all(tasks, jobs, "windows", always):
        messages[number].append(message)
    return messages


def plain(message: ExtractMessage) -> object:
    """What can be compared: arrays as bytes, errors as their texts."""
    if isinstance(message, ExtractedWindow):
        return message.window, message.features.tobytes()
    if isinstance(message, AudioError):
        return message.stage, message.reason
    return message


def test_every_task_ends_in_one_last_event_and_workers_change_nothing(tasks: list[Task]) -> None:
    alone, together = heard(tasks, 0), heard(tasks, 2)
    assert sorted(alone) == sorted(together) == [0, 1, 2, 3]
    for number in alone:
        assert [plain(m) for m in alone[number]] == [plain(m) for m in together[number]]
    kinds = {number: [type(message) for message in alone[number]] for number in alone}
    assert kinds[0] == [FileOpened, ExtractedWindow, Finished]
    assert kinds[1] == [FileOpened, ExtractedWindow, ExtractedWindow, Finished], (
        "three windows in 100 s merge into two"
    )
    assert kinds[2] == kinds[3] == [AudioError]
    assert alone[1][1].features.shape[1] == 193  # type: ignore[union-attr]


@pytest.mark.parametrize("jobs", [0, 1])
def test_a_sound_that_is_not_wanted_is_opened_and_no_more(tasks: list[Task], jobs: int) -> None:
    asked: list[bytes] = []

    def wanted(content: bytes) -> bool:
        asked.append(content)
        return False

    [(_, opened), (_, last)] = extract_all(tasks[:1], jobs, "windows", wanted)
    assert isinstance(opened, FileOpened)
    assert asked == [opened.content]
    assert last == Finished()


def test_nothing_to_hear_starts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "COMMAND", ("/nowhere",))
    assert list(extract_all([], 4, "windows", always)) == []


def test_whoever_stops_listening_ends_the_workers(tasks: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    honest = subprocess.Popen

    def popen(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
        started.append(honest(*arguments, **options))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    events = extract_all(tasks * 10, 2, "windows", always)
    next(events)
    events.close()
    assert len(started) == 2
    assert all(process.poll() is not None for process in started)
    assert not [thread for thread in threading.enumerate() if "_serve" in thread.name]


def test_workers_that_cannot_be_started_fail_their_files(
    tasks: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "COMMAND", ("/nowhere/python",))
    assert [m.stage for [m] in heard(tasks, 2).values() if isinstance(m, AudioError)] == ["read"] * 4


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("sys.exit(7)", "exit code 7"),
        ("sys.stdout.buffer.write(bytes(9)); sys.stdout.flush(); time.sleep(60)", "crashed"),
    ],
)
def test_a_worker_that_misbehaves_costs_the_file_it_had(
    tmp_path: Path, tasks: list[Task], monkeypatch: pytest.MonkeyPatch, behaviour: str, reason: str
) -> None:
    """The first process does; those that follow are honest."""
    code = (
        "import os, sys, time\n"
        "from musimo.library.scan.messages import read\n"
        f"once = {str(tmp_path / 'once')!r}\n"
        "if not os.path.exists(once):\n"
        "    open(once, 'w').close()\n"
        "    read(sys.stdin.buffer)\n"
        f"    {behaviour}\n"
        "from musimo.library.scan.worker import main; main()\n"
    )
    monkeypatch.setattr(workers, "COMMAND", (sys.executable, "-c", code))
    messages = heard([tasks[0], tasks[0]], 1)
    [error] = messages[0]
    assert isinstance(error, AudioError)
    assert error.stage == "crashed"
    assert reason in error.reason
    assert messages[1][-1] == Finished()


def test_ctrl_c_is_not_for_the_workers(
    tmp_path: Path, tasks: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A terminal sends it to a whole process group, and a worker that is starting up would die of it."""
    code = (
        f"import os; open({str(tmp_path / 'group')!r}, 'w').write(str(os.getpgid(0)))\n"
        "from musimo.library.scan.worker import main; main()\n"
    )
    monkeypatch.setattr(workers, "COMMAND", (sys.executable, "-c", code))
    assert heard(tasks[:1], 1)[0][-1] == Finished()
    assert int((tmp_path / "group").read_text()) != os.getpgid(0)


def test_a_worker_that_is_silent_is_given_up(tasks: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "COMMAND", (sys.executable, "-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(workers, "MAX_IDLE_S", 0.2)
    [error] = heard(tasks[:1], 1)[0]
    assert isinstance(error, AudioError)
    assert (error.stage, error.reason) == ("timeout", "the decoder gave no sign of life for 0 s")


@pytest.mark.parametrize(("longest_s", "more_s"), [(86_400.0, 4.0), (50.0, 2.0)])
def test_patience_grows_with_size_and_duration_up_to_a_day(
    tasks: list[Task], monkeypatch: pytest.MonkeyPatch, longest_s: float, more_s: float
) -> None:
    limits: list[float] = []
    honest = workers._Worker._receive

    def receive(self: workers._Worker, limit_s: float) -> Message:
        limits.append(limit_s)
        return honest(self, limit_s)

    monkeypatch.setattr(workers._Worker, "_receive", receive)
    monkeypatch.setattr(workers, "LONGEST_S", longest_s)
    assert heard([Task(tasks[1].path, 5_000_000)], 1)[0][-1] == Finished()
    assert limits == pytest.approx([65.0] + [65.0 + more_s] * 4), "opened; wanted, two clips, finished"


GREEDY = """
from musimo.library.scan import worker

def hear(path, coverage, wanted):
    return bytearray(2 * worker.MAX_MEMORY)

worker.extract_windows = hear
worker.main()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the limit does not hold for mapped memory")
def test_a_file_that_takes_all_memory_fails_and_the_worker_goes_on(
    tasks: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "COMMAND", (sys.executable, "-c", GREEDY))
    messages = heard(tasks[:2], 1)
    assert [plain(one) for [one] in messages.values()] == [
        ("decode", "decoding it takes more memory than there is")
    ] * 2


SHEET = (
    SheetTrack(0.0, 2.0, Tags(title="One", track=1)),
    SheetTrack(2.0, 4.0, Tags(title="Zwölf\n\x1b[31m", artist="B", track=2)),
    SheetTrack(4.0, None, Tags(track=3)),
)


def test_workers_extract_the_tracks_of_a_sheet_as_this_process_does(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "album.wav", melody(6), 22_050)
    album = os.fsencode(tmp_path / "album.wav")
    known_second = Task(album, 1000, sheet=SHEET, is_known=lambda opened: opened.start_s == 2.0)
    tasks = [Task(album, 1000, sheet=SHEET), known_second, Task(album, 1000, sheet=SHEET[1:2])]
    alone, together = heard(tasks, 0), heard(tasks, 2)
    for number in range(3):
        assert [plain(m) for m in alone[number]] == [plain(m) for m in together[number]]
    kinds = {number: [type(message) for message in together[number]] for number in together}
    one = [FileOpened, ExtractedWindow]
    assert kinds[0] == [*one, *one, *one, Finished]
    assert kinds[1] == [*one, FileOpened, *one, Finished], "the second one is known"
    assert kinds[2] == [*one, Finished]
    opened = [message for message in together[0] if isinstance(message, FileOpened)]
    assert [(one.start_s, one.end_s, one.duration_s) for one in opened] == [
        (0.0, 2.0, 2.0),
        (2.0, 4.0, 2.0),
        (4.0, 6.0, 2.0),
    ]
    assert [one.tags.title for one in opened] == ["One", "Zwölf\n\x1b[31m", None]
    assert len({one.content for one in opened}) == 3
