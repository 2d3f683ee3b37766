"""The library from Python: three lines do what the commands do."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from musimo import Library
from musimo.api import seeds
from musimo.api.session import Session
from musimo.errors import AudioError, LibraryError, NotFoundError, UsageError, WeightsError
from musimo.records import AnalyzedFile, FailedFile
from musimo.resources import weights_path
from musimo.search.selection import Selection
from musimo.search.where import parse
from tests.catalog import Catalog, Entry, direction
from tests.conftest import PlainPredictor
from tests.sounds import Samples, encode, melody, noise

RATE = 22_050
EVERYTHING = Selection(limit=None, max_per_artist=None, max_per_album=None)


@pytest.fixture(autouse=True)
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[PlainPredictor]:
    """The networks that were loaded: plain ones."""
    networks: list[PlainPredictor] = []

    def load(session: Session, weights: Path) -> PlainPredictor:
        networks.append(PlainPredictor())
        return networks[-1]

    monkeypatch.setattr(Session, "load_predictor", load)
    monkeypatch.setenv("MUSIMO_JOBS", "0")
    return networks


def tune(seed: int) -> Samples:
    """Half a minute of melody in a colour of its own."""
    hiss = noise(30, RATE, seed) * np.float32(0.3 * seed)
    colour = np.convolve(hiss, np.ones(4 * seed - 3) / seed, "same")
    sound: Samples = (melody(30, RATE, seed) / seed + colour).astype(np.float32)
    return sound


@pytest.fixture(scope="module")
def tunes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tunes")
    for seed in (1, 2, 3, 4):
        soundfile.write(folder / f"{seed}.flac", tune(seed), RATE)
    return folder


@pytest.fixture
def music(tmp_path: Path, tunes: Path) -> Path:
    return Path(shutil.copytree(tunes, tmp_path / "music"))


def names(rows: object) -> list[str]:
    return [os.path.basename(os.fsdecode(row.track.path_bytes)) for row in rows]  # type: ignore[attr-defined] # noqa: PTH119


def test_three_lines_make_a_library_and_ask_it(music: Path) -> None:
    library = Library.open()
    audit = library.scan(music)
    similar = library.similar(music / "1.flac")
    assert (audit.new, audit.seen, audit.failed) == (4, 4, 0)
    assert sorted(names(similar)) == ["2.flac", "3.flac", "4.flac"]
    assert [row.rank for row in similar] == [1, 2, 3]
    assert all(0 <= row.similarity <= 1 for row in similar)
    [nearest, *_] = library.mood(similar[0].track.valence or 0, similar[0].track.arousal or 0)
    assert nearest.distance == pytest.approx(0, abs=1e-6)
    assert library.status().indexed == 4


def test_an_excerpt_from_outside_finds_its_track_first(music: Path, tmp_path: Path) -> None:
    library = Library.open()
    library.scan(music)
    for seed in (1, 2, 3, 4):
        excerpt = encode(tmp_path / "excerpt.mp3", tune(seed)[5 * RATE : 25 * RATE], RATE)
        rows = library.similar(str(excerpt))
        assert names(rows)[0] == f"{seed}.flac"
        assert rows[0].similarity > 0.6
        assert len(rows) == 4, "an outside file is no track of the library, and leaves none out"


def test_an_exact_copy_outside_is_the_query_itself(music: Path, tmp_path: Path) -> None:
    library = Library.open()
    library.scan(music)
    copy = shutil.copy(music / "2.flac", tmp_path / "copy.flac")
    assert "2.flac" not in names(library.similar(copy))


def test_sound_and_mood_are_answered_from_indexes_of_their_own(music: Path, home: Path) -> None:
    library = Library.open()
    library.scan(music)
    assert len([*home.glob("library.db.similar*.index")]) == 1
    answers = {by: library.similar("1.flac", by=by) for by in ("both", "sound", "mood")}
    assert {index.name for index in home.glob("library.db.similar*")} == {
        f"library.db.similar{by}.index" for by in ("", "-sound", "-mood")
    }
    assert all(sorted(names(rows)) == ["2.flac", "3.flac", "4.flac"] for rows in answers.values())
    assert len({tuple(row.similarity for row in rows) for rows in answers.values()}) == 3


def test_a_network_of_ones_own_replaces_the_one_that_ships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mase_net-9.9-00000000.safetensors"
    monkeypatch.setenv("MUSIMO_WEIGHTS", str(mine))
    with pytest.raises(WeightsError, match=r"there is no weights file .*mase_net-9") as caught:
        Library.open().scan(tmp_path)
    assert "--weights" in caught.value.hint
    mine.write_bytes(weights_path().read_bytes())
    assert Library.open().model == mine.stem
    monkeypatch.delenv("MUSIMO_WEIGHTS")
    assert Library.open().model == weights_path().stem


def test_asking_with_a_track_of_the_library_hears_nothing(music: Path, loaded: list[PlainPredictor]) -> None:
    Library.open().scan(music)
    assert len(loaded) == 1
    shutil.rmtree(music)
    library = Library.open()
    assert len(library.similar(music / "1.flac")) == len(library.similar("3.flac")) == 3
    assert len(loaded) == 1


@pytest.mark.parametrize("damage", ["deleted", "cut", "foreign"])
def test_an_index_is_only_a_cache(music: Path, home: Path, damage: str) -> None:
    library = Library.open()
    library.scan(music)
    similar, moods = library.similar(music / "1.flac"), library.mood(0.5, 0.5)
    indexes = [*home.glob("library.db.*.index")]
    assert len(indexes) == 2
    for index in indexes:
        match damage:
            case "deleted":
                index.unlink()
            case "cut":
                index.write_bytes(index.read_bytes()[:-10])
            case "foreign":
                index.write_bytes(b"something else")
    library = Library.open()
    assert library.similar(music / "1.flac") == similar
    assert library.mood(0.5, 0.5) == moods
    assert all(b"musimo-index" in index.read_bytes() for index in indexes)


def test_what_a_scan_changes_the_next_answer_knows(music: Path) -> None:
    library, second = Library.open(), Library.open()
    library.scan(music)
    assert len(second.similar("1.flac")) == 3
    soundfile.write(music / "5.flac", tune(5), RATE)
    (music / "2.flac").unlink()
    audit = library.scan(music)
    assert (audit.new, audit.missing) == (1, 1)
    assert sorted(names(second.similar("1.flac"))) == ["3.flac", "4.flac", "5.flac"]


def test_files_are_analysed_without_a_library(music: Path, home: Path) -> None:
    library = Library.open()
    fake = music / "fake.mp3"
    fake.write_text("not music\n" * 50)
    first, second = library.analyze(music / "1.flac", os.fsencode(fake))
    assert isinstance(first, AnalyzedFile)
    assert isinstance(second, FailedFile)
    assert 0 <= first.emotion.valence <= 1
    assert np.linalg.norm(first.emotion.embedding) == pytest.approx(1, abs=1e-6)
    assert [*home.iterdir()] == []


def test_a_home_in_a_path_is_found(music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(music.parent))
    library = Library.open("~/mine.db")
    assert library.scan("~/music").new == 4
    assert (music.parent / "mine.db").is_file()
    assert len(library.similar("~/music/1.flac")) == 3
    [heard] = library.analyze("~/music/1.flac")
    assert isinstance(heard, AnalyzedFile)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of 300 sounds around half a circle, and one that was never heard."""
    folder = tmp_path_factory.mktemp("made")
    catalog = Catalog(folder / "library.db", folder / "away", Library.open(folder).model)
    vectors = [direction(np.cos(angle), np.sin(angle)) for angle in np.linspace(0, 3, 300)]
    catalog.add(*(Entry(f"{n:03}.mp3", vector, n / 300, 0.5) for n, vector in enumerate(vectors)))
    catalog.add(Entry("unheard.mp3"))
    return catalog.store.path


class TestSelection:
    @pytest.fixture
    def library(self, home: Path, made: Path) -> Library:
        shutil.copy(made, home)
        return Library.open()

    def test_everything_is_answered_where_everything_is_asked_for(self, library: Library) -> None:
        """More than one look into the index, and more than one look-up of tracks."""
        rows = library.similar("000.mp3", selection=EVERYTHING)
        assert len(rows) == 299
        assert len({row.track.id for row in rows}) == 299
        assert len(library.mood(0, 0.5, selection=EVERYTHING)) == 300
        assert len([*library.tracks()]) == 301

    def test_a_filter_never_thins_the_answer(self, library: Library) -> None:
        far = Selection(limit=5, where=[parse("valence:0.9..")], max_per_artist=None, max_per_album=None)
        assert len(library.similar("000.mp3", selection=far)) == 5
        assert names(library.mood(0, 0.5, selection=far))[0] == "270.mp3"

    def test_without_a_seed_there_is_no_question(self, library: Library) -> None:
        with pytest.raises(UsageError):
            library.similar()

    def test_a_track_that_was_never_heard_says_so(self, library: Library) -> None:
        with pytest.raises(NotFoundError, match="not analyzed"):
            library.similar("unheard.mp3")
        assert library.show("unheard.mp3").windows == ()

    def test_where_the_model_that_answers_has_heard_nothing_the_answer_is_what_to_do(
        self, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As after an upgrade of a library that kept no weights, before the next scan."""
        seed = seeds.seed(library._session, "000.mp3")
        following = tmp_path / "mase_net-next.safetensors"
        shutil.copy(weights_path(), following)
        monkeypatch.setenv("MUSIMO_WEIGHTS", str(following))
        newer = Library.open()
        where = Selection(where=[parse("path:mp3")])
        for ask in (
            lambda: newer.similar(seed, selection=where),
            lambda: newer.similar("001.mp3"),
            lambda: newer.mood(0.5, 0.5, selection=where),
        ):
            with pytest.raises(NotFoundError, match=r"mase_net-next, only by mase_net-0") as caught:
                ask()
            assert "musimo scan FOLDER" in caught.value.hint


def test_errors_are_of_the_house(tmp_path: Path, music: Path) -> None:
    library = Library.open()
    with pytest.raises(LibraryError, match="there is no library"):
        library.similar("anything")
    library.scan(music)
    with pytest.raises(NotFoundError):
        library.similar("nothing of that name")
    with pytest.raises(UsageError):
        library.similar("flac")
    (tmp_path / "fake.mp3").write_text("not music\n" * 50)
    with pytest.raises(AudioError, match=r"cannot analyze .*fake\.mp3: "):
        library.similar(tmp_path / "fake.mp3")
    with pytest.raises(NotFoundError, match="is not in the library"):
        library.show(tmp_path / "fake.mp3")
