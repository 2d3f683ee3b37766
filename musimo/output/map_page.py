"""The map as one HTML page that asks the network for nothing.

Styles, script and data stand in the page itself. Its content security policy allows that style and that
script, by their hashes, and nothing else; the data are JSON in ASCII without a ``<``, which no tag can end,
and reach the page as text, never as markup.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from string import Template
from typing import Final

from musimo.output.colouring import CIVIDIS, COLOURS, OKABE_ITO, REST, Colour, Groups, colouring
from musimo.output.naming import artist_and_title, unicode_text
from musimo.output.scatter import View
from musimo.output.tables import clock
from musimo.output.text import cut, safe
from musimo.records import TempoKey
from musimo.records.fields import MOOD_DIGITS, SCORE_DIGITS, mood, number
from musimo.records.scale import RANGES, Scale, from_unit
from musimo.search.sound_map import SoundMap

TEXT_COLUMNS: Final = 200  # of a tag; more is no name
MARKUP: Final = {ord(character): f"\\u{ord(character):04x}" for character in "<>&"}


def page(drawn: SoundMap, scale: Scale, view: View = "mood", colour: Colour = "genre") -> bytes:
    """The page, opened at a view and with a colouring."""
    style, script = _shipped("map.css"), _shipped("map.js") + _shipped("map_panel.js")
    policy = (
        f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)};"
        " base-uri 'none'; form-action 'none'"
    )
    data = script_data({"view": view, "colour": colour, **content(drawn, scale)})
    html = Template(_shipped("map.html")).substitute(policy=policy, css=style, js=script, data=data)
    return html.encode()


def content(drawn: SoundMap, scale: Scale) -> dict[str, object]:
    """What the script draws, a list a column."""
    low, high = RANGES[scale]
    return {
        "neutral": from_unit(0.5, scale),
        "range": [low, high],
        "shown": number(drawn.explained, 3),
        "tracks": _columns(drawn, scale),
        "nearest": drawn.nearest.tolist(),
        "colours": {by: _colouring(drawn, by, scale) for by in COLOURS},
        "palette": {"groups": OKABE_ITO, "scale": CIVIDIS, "rest": REST},
    }


def script_data(value: Mapping[str, object]) -> str:
    """JSON that may stand inside a script element: ASCII, and no character that means anything to HTML."""
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
        "time": [clock(track.duration_s) for track in tracks],
        "pulse": [_pulse(track.tempo_key) for track in tracks],
        "valence": [mood(track.valence, scale) for track in tracks],
        "arousal": [mood(track.arousal, scale) for track in tracks],
        "x": [number(x, SCORE_DIGITS) for x in drawn.points[:, 0].tolist()],
        "y": [number(y, SCORE_DIGITS) for y in drawn.points[:, 1].tolist()],
    }


def _colouring(drawn: SoundMap, by: Colour, scale: Scale) -> dict[str, object]:
    made = colouring(drawn.tracks, by, scale)
    if isinstance(made, Groups):
        return {"names": [unicode_text(name) for name in made.names], "rest": made.rest, "of": made.of}
    of = [None if value is None else number(value, MOOD_DIGITS) for value in made.of]
    return {"low": made.low, "high": made.high, "digits": made.digits, "of": of}


def _pulse(told: TempoKey | None) -> str | None:
    """Tempo and key, as far as there are any."""
    if told is None:
        return None
    tempo = None if told.tempo is None else f"{told.tempo:.0f} bpm"
    return ", ".join(filter(None, [tempo, told.key])) or None


def _text(text: str | None) -> str | None:
    """A tag as a page shows it: what turns text around or cannot be seen is escaped, as on a terminal."""
    return None if text is None else unicode_text(cut(safe(text[: 4 * TEXT_COLUMNS]), TEXT_COLUMNS))


def _shipped(name: str) -> str:
    return files("musimo.output").joinpath(name).read_text("utf-8")


def _source(text: str) -> str:
    """How a policy names a style or script: by its hash."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
