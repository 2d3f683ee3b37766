"""Analyses in a file, to copy them from one library to another: JSON Lines, plain or gzipped.

The first line names the model, its features and the tags it hears; then comes one line per content, then one
with their count. A file may come from anybody: nothing is unpickled, every number is checked, and the length
of lines and lists is limited.
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
from musimo.library.db.analyses import Analysis, AnalysisModel, AnalyzedWindow
from musimo.library.db.schema import HASH_VERSION
from musimo.records import CONTENT_BYTES, TempoKey
from musimo.records.heard import SCORE_DTYPE, check_tag_names

KIND: Final = "analyses"
SCHEMA: Final = 3
SCHEMAS: Final = (1, 3)  # that can be read; 1 has content hashes of version 1, 2 was never written
MAX_LINE: Final = 2**24  # bytes; a week of music, analyzed in full, takes half of it
MAX_INVALID: Final = 1_000  # lines, after which reading stops
MAX_NAME: Final = 200  # characters of the name of a model or method
MAX_SECONDS: Final = 7 * 86_400.0  # of the longest track
MAX_TEMPO: Final = 1_000.0  # beats a minute
N_EMBEDDING: Final = 256
MAX_ABSOLUTE: Final = (
    1e6  # of a number in a vector: valid ones stay below 1,000, and squares of larger ones overflow
)
MAX_AXES: Final = 4_096  # of a vector, many times the usual length
GZIP: Final = b"\x1f\x8b"
NAME: Final = re.compile(r"[\w.+:-]+", re.ASCII)
KEY: Final = re.compile(r"[A-G][#b]? (major|minor)")
TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]{5,15}(\+00:00|Z)")


@dataclass(frozen=True, slots=True)
class InvalidLine:
    """A line that cannot be read, and why."""

    line: int
    reason: str


def to_lines(model: AnalysisModel, analyses: Iterable[Analysis]) -> Iterator[bytes]:
    """Yield the lines of a file."""
    header = {"musimo": KIND, "schema": SCHEMA, "model": model.model, "features": model.features}
    yield _line({**header, "tags": model.tags, "written_by": __version__})
    n = 0
    for n, analysis in enumerate(analyses, 1):  # noqa: B007 - the count follows
        yield _line(_to_json(analysis))
    yield _line({"end": n})


def opened(file: IO[bytes]) -> IO[bytes]:
    """Return the file, decompressed if it is gzipped; it may be a pipe, which cannot be read twice."""
    ahead = io.BufferedReader(file)  # type: ignore[type-var]
    zipped = ahead.peek(len(GZIP)).startswith(GZIP)
    return gzip.GzipFile(fileobj=ahead) if zipped else ahead  # type: ignore[return-value]


def read_header(file: IO[bytes]) -> AnalysisModel:
    """Read the first line of a file.

    Raises
    ------
    MusimoError : the file holds no analyses, or has a newer schema
    """
    try:
        header = _loaded(file.readline(MAX_LINE))
        schema = {KIND: header["schema"]}[header["musimo"]]
        tags = check_tag_names(header.get("tags", []))
        model = AnalysisModel(_name(header["model"]), _name(header["features"]), tags)
    except (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError) as error:
        raise MusimoError(
            "it holds no analyses of musimo", "create such a file: musimo export --analyses FILE"
        ) from error
    if schema not in SCHEMAS:
        raise MusimoError(
            f"it is written in schema {str(schema)[:20]}; this musimo reads {SCHEMA} and older",
            "install a newer musimo, or export it again with this one",
        )
    return model


def read_analyses(file: IO[bytes]) -> Iterator[Analysis | InvalidLine]:
    """Yield the analyses after the first line; a file that ends early ends in an invalid line."""
    n_read = n_invalid = 0
    number = 1
    while True:
        number += 1
        try:
            line = file.readline(MAX_LINE + 1)
            values = _loaded(_checked_length(file, line))
            if values.keys() == {"end"}:
                if values["end"] != n_read + n_invalid:
                    yield InvalidLine(
                        number, f"{str(values['end'])[:20]} analyses should have come before it"
                    )
                return
            yield _from_json(values)
            n_read += 1
        except (OSError, EOFError, zlib.error) as error:  # errors of gzip
            yield InvalidLine(number, f"the file cannot be read on: {error}")
            return
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
            if not line:
                yield InvalidLine(number, "the file ends early")
                return
            n_invalid += 1
            yield InvalidLine(number, f"{error}" if type(error) is ValueError else "it is no analysis")
            if n_invalid >= MAX_INVALID:
                yield InvalidLine(number, f"{n_invalid} lines are broken: the rest is not read")
                return


def _checked_length(file: IO[bytes], line: bytes) -> bytes:
    """Return the line; skip one that is too long, and raise ValueError."""
    if len(line) <= MAX_LINE:
        return line
    while line and not line.endswith(b"\n"):
        line = file.readline(MAX_LINE)
    raise ValueError("the line is too long")


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _loaded(line: bytes) -> dict[str, Any]:
    try:
        values = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is no JSON") from error
    if not isinstance(values, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - every fault of a line is a ValueError
    return values


def _no_number(_name: str) -> NoReturn:
    raise ValueError("no number")


def _to_json(analysis: Analysis) -> dict[str, Any]:
    key = analysis.tempo_key
    tempo = key and [key.tempo, key.tempo_confidence, key.key, key.key_confidence, analysis.tempo_maker]
    return {
        "content": analysis.content.hex(),
        "hash": analysis.hash_version,
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
            [part.start_s, part.end_s, part.valence, part.arousal, _text(part.vector)]
            for part in analysis.windows
        ],
        "tempo": tempo,
        "heard": _text(analysis.heard),
    }


def _from_json(values: dict[str, Any]) -> Analysis:
    """Return the analysis in a line; raise ValueError with the fault."""
    tempo_key, tempo_maker = _tempo(values["tempo"])
    windows = tuple(map(_window, values["windows"]))
    if not windows or any(a.start_s >= b.start_s for a, b in pairwise(windows)):
        raise ValueError("its windows do not follow one another")
    if len({part.vector and len(part.vector) for part in windows}) > 1:
        raise ValueError("its windows lie in different spaces")
    return Analysis(
        content=_content(values["content"]),
        duration_s=_number(values["duration"], "duration", MAX_SECONDS),
        coverage=_one_of(values["coverage"], "coverage", ("windows", "full")),
        valence=_number(values["valence"], "valence"),
        arousal=_number(values["arousal"], "arousal"),
        valence_sd=_number(values["valence_sd"], "valence_sd"),
        arousal_sd=_number(values["arousal_sd"], "arousal_sd"),
        embedding=_unit(_floats(values["embedding"], "embedding", "<f4", N_EMBEDDING)),
        statistics=_floats(values["statistics"], "statistics", "<f4", N_STATISTICS),
        fused=_optional(values["fused"], lambda text: _floats(text, "fused", "<f4")),
        partial=_optional(values["partial"], lambda share: _number(share, "partial")),
        analyzed_at=_matching(values["analyzed_at"], "analyzed_at", TIME),
        windows=windows,
        tempo_key=tempo_key,
        tempo_maker=tempo_maker,
        hash_version=_hash_version(values.get("hash", 1)),
        heard=_optional(values.get("heard"), _scores),
    )


def _window(value: Any) -> AnalyzedWindow:
    start_s, end_s, valence, arousal, vector = value
    start_s, end_s = _number(start_s, "windows", MAX_SECONDS), _number(end_s, "windows", MAX_SECONDS)
    if start_s > end_s:
        raise ValueError("a window ends before it begins")
    return AnalyzedWindow(
        start_s,
        end_s,
        _number(valence, "windows"),
        _number(arousal, "windows"),
        _optional(vector, lambda text: _floats(text, "windows", "<f2")),
    )


def _scores(value: Any) -> bytes:
    data = _floats(value, "heard", SCORE_DTYPE.str)
    scores = np.frombuffer(data, SCORE_DTYPE)
    if not ((scores >= 0) & (scores <= 1)).all():
        raise ValueError("heard holds what is no number from 0 to 1")
    return data


def _tempo(value: Any) -> tuple[TempoKey | None, str | None]:
    if value is None:
        return None, None
    tempo, tempo_confidence, key, key_confidence, maker = value
    return TempoKey(
        _optional(tempo, lambda bpm: _number(bpm, "tempo", MAX_TEMPO)),
        _number(tempo_confidence, "tempo"),
        _optional(key, lambda name: _matching(name, "tempo", KEY)),
        _number(key_confidence, "tempo"),
    ), _name(maker)


def _content(value: Any) -> bytes:
    if type(value) is not str or not re.fullmatch(f"[0-9a-f]{{{2 * CONTENT_BYTES}}}", value):
        raise ValueError("content is no hash")
    return bytes.fromhex(value)


def _hash_version(value: Any) -> int:
    if type(value) is not int or not 1 <= value <= HASH_VERSION:
        raise ValueError("hash is no version of a content hash")
    return value


def _number(value: Any, name: str, most: float = 1.0) -> float:
    if type(value) not in (int, float) or not (isfinite(value) and 0 <= value <= most):
        raise ValueError(f"{name} is no number from 0 to {most:g}")
    return float(value)


def _floats(value: Any, name: str, kind: str, n: int | None = None) -> bytes:
    """Decode base64 to the bytes of ``n`` finite floats."""
    if type(value) is not str:
        raise ValueError(f"{name} is no text")
    data = base64.b64decode(value, validate=True)
    size = np.dtype(kind).itemsize
    if not data or len(data) % size or len(data) > size * MAX_AXES or (n and len(data) != size * n):
        raise ValueError(f"{name} does not hold as many numbers as it should")
    if not (np.abs(np.frombuffer(data, kind).astype(np.float64)) <= MAX_ABSOLUTE).all():
        raise ValueError(f"{name} holds what is no number, or one that is too large")
    return data


def _unit(embedding: bytes) -> bytes:
    length = float(np.linalg.norm(np.frombuffer(embedding, "<f4").astype(np.float64)))
    if length > 1.001:  # float32 rounds by a thousandth of that
        raise ValueError("embedding is longer than 1")
    return embedding


def _optional(value: Any, parse: Callable[[Any], Any]) -> Any:
    return None if value is None else parse(value)


def _one_of(value: Any, name: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"{name} is none of {', '.join(known)}")
    return str(value)


def _matching(value: Any, name: str, pattern: re.Pattern[str]) -> str:
    if type(value) is not str or not pattern.fullmatch(value):
        raise ValueError(f"{name} is not written as it should be")
    return value


def _name(value: Any) -> str:
    if type(value) is not str or not 0 < len(value) <= MAX_NAME or not NAME.fullmatch(value):
        raise ValueError("no name of a model")
    return value


def _text(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()
