"""The map as one HTML page that requests nothing from the network.

Style, script and data are inside the page. Its content security policy allows that style and that script,
by their hashes, and nothing else. The data are JSON in ASCII without ``<``, which no tag can end; the script
adds them to the page as text, never as markup.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from string import Template
from typing import Final

from musimo.output.coloring import COLOR_BY, ColorBy, Groups, coloring
from musimo.output.colors import CIVIDIS, OKABE_ITO, OTHER
from musimo.output.map_picture import View
from musimo.output.naming import artist_and_title, unicode_text
from musimo.output.tables import duration
from musimo.output.text import cut, safe
from musimo.records import Heard, TempoKey
from musimo.records.fields import MOOD_DIGITS, SCORE_DIGITS, mood, number
from musimo.records.scale import RANGES, Scale, from_unit
from musimo.search.sound_map import SoundMap

TEXT_COLUMNS: Final = 200  # of a tag
MAX_HEARD: Final = 5  # tags of a track
MARKUP: Final = {ord(character): f"\\u{ord(character):04x}" for character in "<>&"}


def page(drawn: SoundMap, scale: Scale, view: View = "mood", color: ColorBy = "genre") -> bytes:
    """Return the page, which opens with a view and a coloring."""
    style, script = _shipped("map.css"), _shipped("map.js") + _shipped("map_panel.js")
    policy = (
        f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)};"
        " base-uri 'none'; form-action 'none'"
    )
    data = script_data({"view": view, "color": color, **content(drawn, scale)})
    html = Template(_shipped("map.html")).substitute(policy=policy, css=style, js=script, data=data)
    return html.encode()


def content(drawn: SoundMap, scale: Scale) -> dict[str, object]:
    """Return what the script draws: a list for each column."""
    low, high = RANGES[scale]
    return {
        "neutral": from_unit(0.5, scale),
        "range": [low, high],
        "shown": number(drawn.explained, 3),
        "tracks": _columns(drawn, scale),
        "nearest": drawn.nearest.tolist(),
        "colors": {by: _coloring(drawn, by, scale) for by in COLOR_BY},
        "palette": {"groups": OKABE_ITO, "scale": CIVIDIS, "rest": OTHER},
    }


def script_data(value: Mapping[str, object]) -> str:
    """Return JSON for a script element: ASCII, without characters that have a meaning in HTML."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.translate(MARKUP)


def _columns(drawn: SoundMap, scale: Scale) -> dict[str, list[object]]:
    tracks = drawn.tracks
    titles = [artist_and_title(track) for track in tracks]
    return {
        "title": [_text(title) for _, title in titles],
        "artist": [_text(artist) for artist, _ in titles],
        "album": [_text(track.tags.album) for track in tracks],
        "genre": [_text(track.tags.genre) for track in tracks],
        "year": [track.tags.year for track in tracks],
        "time": [duration(track.duration_s) for track in tracks],
        "heard": [_heard(track.heard) for track in tracks],
        "pulse": [_pulse(track.tempo_key) for track in tracks],
        "valence": [mood(track.valence, scale) for track in tracks],
        "arousal": [mood(track.arousal, scale) for track in tracks],
        "x": [number(x, SCORE_DIGITS) for x in drawn.points[:, 0].tolist()],
        "y": [number(y, SCORE_DIGITS) for y in drawn.points[:, 1].tolist()],
    }


def _coloring(drawn: SoundMap, by: ColorBy, scale: Scale) -> dict[str, object]:
    made = coloring(drawn.tracks, by, scale)
    if isinstance(made, Groups):
        return {"names": [unicode_text(name) for name in made.names], "rest": made.rest, "of": made.of}
    of = [None if value is None else number(value, MOOD_DIGITS) for value in made.of]
    return {"low": made.low, "high": made.high, "digits": made.digits, "of": of}


def _pulse(tempo_key: TempoKey | None) -> str | None:
    """Return tempo and key, as far as they are known."""
    if tempo_key is None:
        return None
    tempo = None if tempo_key.tempo is None else f"{tempo_key.tempo:.0f} bpm"
    return ", ".join(filter(None, [tempo, tempo_key.key])) or None


def _heard(heard: Heard | None) -> str | None:
    """Return the strongest tags heard, if there are any."""
    return _text(", ".join(one.tag for one in (heard or ())[:MAX_HEARD])) or None


def _text(text: str | None) -> str | None:
    """Return a tag for display: bidirectional controls and invisible characters are escaped."""
    return None if text is None else unicode_text(cut(safe(text[: 4 * TEXT_COLUMNS]), TEXT_COLUMNS))


def _shipped(name: str) -> str:
    return files("musimo.output").joinpath(name).read_text("utf-8")


def _source(text: str) -> str:
    """Return the source expression of an inline style or script: its hash."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
