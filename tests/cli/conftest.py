"""The command line without a network: in this process, with all it prints, down to the file descriptors."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from math import cos, radians, sin
from pathlib import Path
from typing import Any

import pytest

from musimo.api.session import Session
from musimo.cli.main import run
from musimo.records import FloatArray, Tags
from musimo.resources import weights_path
from musimo.search.indexes import Indexes
from tests.catalog import Catalog, Entry, PlainSpace, direction
from tests.conftest import PlainPredictor


@dataclass(frozen=True)
class Ran:
    """What a command line came to."""

    code: int
    out: bytes
    err: bytes

    @property
    def document(self) -> dict[str, Any]:
        """Its one JSON document, with the schema at its top and nothing around it."""
        text = self.out.decode()
        read: dict[str, Any] = json.loads(text)
        assert next(iter(read)) == "schema"
        assert read["schema"] == 1
        assert text.endswith("}\n")
        return read

    @property
    def titles(self) -> list[str]:
        return [row["title"] for row in self.document["results"]]


Shell = Callable[..., Ran]


@pytest.fixture(autouse=True)
def _plain_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "load_predictor", lambda self, weights: PlainPredictor())
    monkeypatch.setattr(Indexes, "_space", lambda self: PlainSpace())
    monkeypatch.setenv("MUSIMO_JOBS", "0")


@pytest.fixture
def shell(capfdbinary: pytest.CaptureFixture[bytes]) -> Shell:
    """Runs ``musimo`` with these arguments."""

    def call(*arguments: str | Path) -> Ran:
        capfdbinary.readouterr()
        code = run([str(argument) for argument in arguments])
        sys.stdout.flush()
        sys.stderr.flush()
        return Ran(code, *capfdbinary.readouterr())

    return call


ACTS_ON_A_TERMINAL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
AWAY = Path("/a drive/that is away/Music")
HOSTILE = "\x1b[31mred\x1b[0m\x9b2J\x07\r\n\u202eright to left"


def harmless(data: bytes) -> bool:
    """Whether a terminal would only print it."""
    return ACTS_ON_A_TERMINAL.search(data.decode()) is None


def angle(degrees: float) -> FloatArray:
    return direction(cos(radians(degrees)), sin(radians(degrees)))


@pytest.fixture(scope="session")
def library_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def tags(title: str, artist: str, album: str, genre: str, year: int) -> Tags:
        return Tags(title, artist, None, album, genre, year=year, codec="flac", bitrate=900)

    catalog = Catalog(tmp_path_factory.mktemp("made") / "library.db", AWAY, weights_path().stem)
    blue = ("Miles Davis", "Kind of Blue", "Jazz", 1959)
    catalog.add(
        Entry("Jazz/So What.flac", angle(0), 0.6, 0.2, tags("So What", *blue), 545),
        Entry("Jazz/Freddie.flac", angle(10), 0.7, 0.3, tags("Freddie Freeloader", *blue), 586),
        Entry(
            "Jazz/Milestones.flac", angle(15), 0.7, 0.5, tags("Milestones", "Miles Davis", "M", "Jazz", 1958)
        ),
        Entry("Jazz/Four.flac", angle(18), 0.7, 0.4, tags("Four", "Miles Davis", "W", "Jazz", 1956)),
        Entry(
            "Jazz/Giant.flac", angle(30), 0.5, 0.7, tags("Giant Steps", "John Coltrane", "GS", "Jazz", 1960)
        ),
        Entry(
            "Metal/One.flac",
            angle(90),
            0.1,
            0.8,
            tags("One", "Metallica", "Justice", "Metal", 1988),
            sound=b"1",
        ),
        Entry(
            "Metal/One (copy).flac", None, tags=tags("One", "Metallica", "Best", "Metal", 2000), sound=b"1"
        ),
        Entry("Metal/Paranoid.flac", angle(100), 0.2, 0.9, tags("Paranoid", "Sabbath", "P", "Metal", 1970)),
        Entry(b"odd/caf\xe9\n.mp3", angle(120), 0.5, 0.5),
        Entry("odd/hostile.mp3", angle(160), 0.9, 0.9, Tags(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)),
        Entry("odd/silent.mp3", None, tags=Tags("Never heard")),
    )
    catalog.fail("odd/broken.mp3", "decode", "no sound could be decoded")
    return catalog.store.path


@pytest.fixture
def library(home: Path, library_file: Path) -> Catalog:
    """Eleven tracks, most around a circle of sounds, one never analysed, and a file that failed."""
    return Catalog(Path(shutil.copy(library_file, home)), AWAY, weights_path().stem)
