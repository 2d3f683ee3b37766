"""Analyses in a file that goes from one library to another: one JSON object a line, plain or gzipped.

The first line says which model heard them by which features, then comes a line for every sound, then one that
counts them. A file may come from anybody: nothing is unpickled, every number is checked, no line and no list
may be longer than an honest one.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import IO, Any, Final, NoReturn

import numpy as np

from musimo import __version__
from musimo.audio.statistics import N_STATISTICS
from musimo.errors import MusimoError
from musimo.records import CONTENT_BYTES, TempoKey

KIND: Final = "analyses"
SCHEMA: Final = 1
MAX_LINE: Final = 2**24  # bytes; a week of music, heard in full, takes half of it
MAX_BROKEN: Final = 1_000  # lines, after which the rest is not looked at
MAX_NAME: Final = 200  # characters of a model, features, a maker
MAX_SECONDS: Final = 7 * 86_400.0  # as long as a sound may be
MAX_TEMPO: Final = 1_000.0  # beats a minute
N_EMBEDDING: Final = 256
MAX_ABSOLUTE: Final = 1e6  # of a number in a row: honest ones stay below 1,000, and squares of more overflow
MAX_AXES: Final = 4_096  # of a place, many times those there are
GZIP: Final = b"\x1f\x8b"
NAME: Final = re.compile(r"[\w.+:-]+", re.ASCII)
KEY: Final = re.compile(r"[A-G][#b]? (major|minor)")
TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]{5,15}(\+00:00|Z)")


@dataclass(frozen=True, slots=True)
class Maker:
    """Who heard the analyses of a file: a model, and the features it heard."""

    model: str
    features: str


@dataclass(frozen=True, slots=True)
class Part:
    """What was heard of one window; ``place`` is little-endian float16, None where it is not known."""

    start_s: float
    end_s: float
    valence: float
    arousal: float
    place: bytes | None


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that one model heard of one sound; embedding, statistics and fused are little-endian float32.

    ``tempo_maker`` is the id of what told ``tempo_key``.
    """

    content: bytes
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
    windows: tuple[Part, ...]
    tempo_key: TempoKey | None
    tempo_maker: str | None


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that is no analysis, and why."""

    line: int
    reason: str


def lines(maker: Maker, analyses: Iterable[Analysis]) -> Iterator[bytes]:
    """The lines of a file."""
    said = {"musimo": KIND, "schema": SCHEMA, "model": maker.model, "features": maker.features}
    yield _line({**said, "written_by": __version__})
    n = 0
    for n, analysis in enumerate(analyses, 1):  # noqa: B007 - how many there were
        yield _line(_said(analysis))
    yield _line({"end": n})


def opened(file: IO[bytes]) -> IO[bytes]:
    """The lines of an open file, whether it is gzipped or not; of a pipe too, which cannot be read twice."""
    ahead = io.BufferedReader(file)  # type: ignore[type-var]
    zipped = ahead.peek(len(GZIP)).startswith(GZIP)
    return gzip.GzipFile(fileobj=ahead) if zipped else ahead  # type: ignore[return-value]


def read_maker(file: IO[bytes]) -> Maker:
    """Who made a file, from its first line.

    Raises
    ------
    MusimoError : it holds no analyses, or of a newer schema
    """
    try:
        said = _loaded(file.readline(MAX_LINE))
        schema = {KIND: said["schema"]}[said["musimo"]]
        maker = Maker(_name(said["model"]), _name(said["features"]))
    except (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError) as error:
        raise MusimoError(
            "it holds no analyses of musimo", "make such a file: musimo export --analyses FILE"
        ) from error
    if schema != SCHEMA:
        raise MusimoError(
            f"it is written in schema {str(schema)[:20]}; this musimo reads {SCHEMA}",
            "install a newer musimo, or export it again by this one",
        )
    return maker


def read_analyses(file: IO[bytes]) -> Iterator[Analysis | Broken]:
    """Every line behind the first, one event each; a file that ends early ends in a broken one."""
    n_read = n_broken = 0
    number = 1
    while True:
        number += 1
        try:
            line = file.readline(MAX_LINE + 1)
            said = _loaded(_whole(file, line))
            if said.keys() == {"end"}:
                if said["end"] != n_read + n_broken:
                    yield Broken(number, f"{str(said['end'])[:20]} analyses should have come before it")
                return
            yield _meant(said)
            n_read += 1
        except (OSError, EOFError, zlib.error) as error:  # gzip's complaints
            yield Broken(number, f"the file cannot be read on: {error}")
            return
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
            if not line:
                yield Broken(number, "the file ends early")
                return
            n_broken += 1
            yield Broken(number, f"{error}" if type(error) is ValueError else "it is no analysis")
            if n_broken >= MAX_BROKEN:
                yield Broken(number, f"{n_broken} lines are broken: the rest is not looked at")
                return


def _whole(file: IO[bytes], line: bytes) -> bytes:
    """The line; one that is too long is passed over."""
    if len(line) <= MAX_LINE:
        return line
    while line and not line.endswith(b"\n"):
        line = file.readline(MAX_LINE)
    raise ValueError("the line is too long")


def _line(said: dict[str, Any]) -> bytes:
    return json.dumps(said, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _loaded(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is no JSON") from error
    if not isinstance(said, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - as all that is wrong with a line
    return said


def _no_number(_name: str) -> NoReturn:
    raise ValueError("no number")


def _said(analysis: Analysis) -> dict[str, Any]:
    key = analysis.tempo_key
    tempo = key and [key.tempo, key.tempo_confidence, key.key, key.key_confidence, analysis.tempo_maker]
    return {
        "content": analysis.content.hex(),
        "duration": analysis.duration_s,
        "coverage": analysis.coverage,
        "valence": analysis.valence,
        "arousal": analysis.arousal,
        "valence_sd": analysis.valence_sd,
        "arousal_sd": analysis.arousal_sd,
        "partial": analysis.partial,
        "analyzed_at": analysis.analyzed_at,
        "embedding": _text(analysis.embedding),
        "statistics": _text(analysis.statistics),
        "fused": _text(analysis.fused),
        "windows": [
            [part.start_s, part.end_s, part.valence, part.arousal, _text(part.place)]
            for part in analysis.windows
        ],
        "tempo": tempo,
    }


def _meant(said: dict[str, Any]) -> Analysis:
    """The analysis that a line holds; ValueError says what is wrong with it."""
    tempo_key, tempo_maker = _tempo(said["tempo"])
    windows = tuple(map(_part, said["windows"]))
    if not windows or any(a.start_s >= b.start_s for a, b in pairwise(windows)):
        raise ValueError("its windows do not follow one another")
    if len({part.place and len(part.place) for part in windows}) > 1:
        raise ValueError("its windows lie in different spaces")
    return Analysis(
        content=_content(said["content"]),
        duration_s=_number(said["duration"], "duration", MAX_SECONDS),
        coverage=_one_of(said["coverage"], "coverage", ("windows", "full")),
        valence=_number(said["valence"], "valence"),
        arousal=_number(said["arousal"], "arousal"),
        valence_sd=_number(said["valence_sd"], "valence_sd"),
        arousal_sd=_number(said["arousal_sd"], "arousal_sd"),
        embedding=_unit(_floats(said["embedding"], "embedding", "<f4", N_EMBEDDING)),
        statistics=_floats(said["statistics"], "statistics", "<f4", N_STATISTICS),
        fused=_optional(said["fused"], lambda text: _floats(text, "fused", "<f4")),
        partial=_optional(said["partial"], lambda share: _number(share, "partial")),
        analyzed_at=_matching(said["analyzed_at"], "analyzed_at", TIME),
        windows=windows,
        tempo_key=tempo_key,
        tempo_maker=tempo_maker,
    )


def _part(said: Any) -> Part:
    start_s, end_s, valence, arousal, place = said
    start_s, end_s = _number(start_s, "windows", MAX_SECONDS), _number(end_s, "windows", MAX_SECONDS)
    if start_s > end_s:
        raise ValueError("a window ends before it begins")
    return Part(
        start_s,
        end_s,
        _number(valence, "windows"),
        _number(arousal, "windows"),
        _optional(place, lambda text: _floats(text, "windows", "<f2")),
    )


def _tempo(said: Any) -> tuple[TempoKey | None, str | None]:
    if said is None:
        return None, None
    tempo, tempo_confidence, key, key_confidence, maker = said
    return TempoKey(
        _optional(tempo, lambda bpm: _number(bpm, "tempo", MAX_TEMPO)),
        _number(tempo_confidence, "tempo"),
        _optional(key, lambda name: _matching(name, "tempo", KEY)),
        _number(key_confidence, "tempo"),
    ), _name(maker)


def _content(said: Any) -> bytes:
    if type(said) is not str or not re.fullmatch(f"[0-9a-f]{{{2 * CONTENT_BYTES}}}", said):
        raise ValueError("content is no hash of a sound")
    return bytes.fromhex(said)


def _number(said: Any, name: str, most: float = 1.0) -> float:
    if type(said) not in (int, float) or not (isfinite(said) and 0 <= said <= most):
        raise ValueError(f"{name} is no number from 0 to {most:g}")
    return float(said)


def _floats(said: Any, name: str, kind: str, n: int | None = None) -> bytes:
    """Base64 of so many finite floats, as bytes."""
    if type(said) is not str:
        raise ValueError(f"{name} is no text")
    data = base64.b64decode(said, validate=True)
    size = np.dtype(kind).itemsize
    if not data or len(data) % size or len(data) > size * MAX_AXES or (n and len(data) != size * n):
        raise ValueError(f"{name} does not hold as many numbers as it should")
    if not (np.abs(np.frombuffer(data, kind).astype(np.float64)) <= MAX_ABSOLUTE).all():
        raise ValueError(f"{name} holds what is no number, or one beyond all measure")
    return data


def _unit(embedding: bytes) -> bytes:
    length = float(np.linalg.norm(np.frombuffer(embedding, "<f4").astype(np.float64)))
    if length > 1.001:  # float32 rounds by a thousandth of that
        raise ValueError("embedding is longer than 1")
    return embedding


def _optional(said: Any, meant: Callable[[Any], Any]) -> Any:
    return None if said is None else meant(said)


def _one_of(said: Any, name: str, known: tuple[str, ...]) -> str:
    if said not in known:
        raise ValueError(f"{name} is none of {', '.join(known)}")
    return str(said)


def _matching(said: Any, name: str, pattern: re.Pattern[str]) -> str:
    if type(said) is not str or not pattern.fullmatch(said):
        raise ValueError(f"{name} is not written as it should be")
    return said


def _name(said: Any) -> str:
    if type(said) is not str or not 0 < len(said) <= MAX_NAME or not NAME.fullmatch(said):
        raise ValueError("no name of a model")
    return said


def _text(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()
