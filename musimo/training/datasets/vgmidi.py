"""VGMIDI: 200 piano arrangements of game music, valence and arousal annotated per measure by 30 listeners.

Source
    https://github.com/lucasnfe/vgmidi. L. Ferreira, J. Whitehead (2019), "Learning to Generate Music with
    Sentiment", Proc. ISMIR.
License
    None stated, and the music belongs to the owners of the games: research use only; cite the paper.
Layout
    The MIDI files, and either the annotations of each listener as published (``vgmidi_raw_1.json`` and
    ``vgmidi_raw_2.json``) or their means in ``va_curves.json`` ({midi file: {"valence": [...], "arousal":
    [...]}}), anywhere below the folder. Pieces without a MIDI file are left out.
Audio
    FluidSynth renders each piece once with each soundfont; the renderings stay in the cache folder, about
    3 MB per minute.
Scale
    -1..1, mapped to 1-9 by ``5 + 4 x``. A label is the mean of the curve over 30 s of a piece. A measure of
    the annotation is four quarter notes, whatever the time signature; its times follow the tempo of the MIDI
    file, which may differ by seconds from evenly spaced measures.
Checks
    Both curves have the same length and are within -1..1; listeners who did not annotate a whole piece are
    left out.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musimo.errors import UsageError
from musimo.records import Window
from musimo.training.clips import LabeledClip
from musimo.training.datasets.loading import OnNotice, find_files, first_named
from musimo.training.datasets.midi import quarter_times
from musimo.training.datasets.render import render, usable_soundfonts

WINDOW_S = 30.0  # the length of the clips of most labeled data sets
QUARTERS_PER_MEASURE = 4
RAW = ("vgmidi_raw_1.json", "vgmidi_raw_2.json")

Curve = NDArray[np.float64]


def load(folder: Path, cache: Path, on_notice: OnNotice, soundfonts: Sequence[str] = ()) -> list[LabeledClip]:
    """Return the windows of all pieces by soundfont, piece and time; render pieces that are not in the cache.

    Parameters
    ----------
    cache : folder of the renderings
    soundfonts : SF2 or SF3 files; none = the General MIDI soundfont of the system

    Raises
    ------
    UsageError : the folder does not have the layout above, a curve is invalid, or FluidSynth or a soundfont
        is missing
    MusimoError : a piece cannot be rendered
    """
    files = find_files(folder)
    midis = {path.name: path for path in reversed(files) if path.suffix.lower() in (".mid", ".midi")}
    curves = read_curves(files)
    names = sorted(curves.keys() & midis.keys())
    if not names:
        raise UsageError(
            f"{folder} does not hold VGMIDI",
            f"put its folder labelled/ (MIDI files, vgmidi_raw_1.json and vgmidi_raw_2.json) into {folder}",
        )
    if len(names) < len(curves):
        on_notice(f"vgmidi: {len(curves) - len(names)} of {len(curves)} pieces left out: no MIDI file")
    clips = []
    for soundfont in usable_soundfonts(soundfonts):
        renderings = render([midis[name] for name in names], soundfont, cache, on_notice)
        for name, rendering in zip(names, renderings, strict=True):
            clips += piece_clips(midis[name], rendering, soundfont.stem, curves[name])
    return clips


def piece_clips(midi: Path, rendering: Path, soundfont: str, curve: Curve) -> list[LabeledClip]:
    """Return the windows of one rendering, with their ratings: as many as fit without overlap, evenly spread.

    Parameters
    ----------
    midi, rendering : the piece and its rendering
    soundfont : name, which becomes part of the clips' names
    curve : valence and arousal of each measure, -1..1 [shape=(n_measures, 2)]
    """
    try:
        edges = quarter_times(midi.read_bytes(), np.arange(len(curve) + 1.0) * QUARTERS_PER_MEASURE)
    except ValueError as error:
        raise UsageError(f"{midi}: {error}") from error
    series, game = series_and_game(midi.stem)
    clips = []
    for window in windows(float(edges[-1])):
        valence, arousal = 5 + 4 * mean_over(curve, edges, window)
        clips.append(
            LabeledClip(
                name=f"{midi.stem} [{soundfont}] {window.start_s:03.0f}",
                path=rendering,
                group=series,
                valence=float(valence),
                arousal=float(arousal),
                genres=("Video game",),
                album=game,
                window=window,
            )
        )
    return clips


def windows(duration_s: float) -> list[Window]:
    """Return windows of 30 s without overlap, evenly spread; one window for a shorter piece."""
    if duration_s <= WINDOW_S:
        return [Window(0.0, duration_s)]
    n = int(duration_s // WINDOW_S)
    starts = np.linspace(0.0, duration_s - WINDOW_S, n) if n > 1 else [(duration_s - WINDOW_S) / 2]
    return [Window(float(start), float(start + WINDOW_S)) for start in starts]


def mean_over(curve: Curve, edges: NDArray[np.float64], window: Window) -> NDArray[np.float64]:
    """Return the mean of a curve over a window, each measure weighted by the time it overlaps the window.

    Parameters
    ----------
    curve : [shape=(n, 2)]
    edges : starts of the measures and end of the last one, s [shape=(n + 1,)]
    """
    shared = np.minimum(edges[1:], window.end_s) - np.maximum(edges[:-1], window.start_s)
    return np.average(curve, axis=0, weights=np.maximum(shared, 0.0))


def series_and_game(stem: str) -> tuple[str, str]:
    """Return series and game of a piece ``Series_Console_Game_Piece``; the game twice without a series."""
    series, _, game, *_ = [*stem.split("_"), "", "", ""]
    if not game:
        return stem, ""
    return (game if series.casefold() == "other" else series), game


def read_curves(files: Sequence[Path]) -> dict[str, Curve]:
    """Return mean valence and arousal per measure, -1..1 [shape=(n_measures, 2)], by MIDI file name."""
    means = first_named(files, "va_curves.json")
    if means is not None:
        return {name: _curve(entry, f"{means}: {name}") for name, entry in _json(means).items()}
    curves = {}
    for path in filter(None, (first_named(files, name) for name in RAW)):
        curves.update(_means_of_listeners(_json(path), path))
    return curves


def _means_of_listeners(table: dict[str, Any], path: Path) -> dict[str, Curve]:
    """Average the annotations ({id_listener: {valence, arousal}}) of each piece ({id: {midi, measures}})."""
    annotations = defaultdict(list)
    for name, entry in table.get("annotations", {}).items():
        annotations[name.rpartition("_")[0]].append((name, entry))
    curves = {}
    for piece, about in table.get("pieces", {}).items():
        n = int(about["measures"])
        complete = [
            _curve(entry, f"{path}: {name}")
            for name, entry in annotations[piece]
            if len(entry["valence"]) == len(entry["arousal"]) == n
        ]
        if complete:
            curves[str(about["midi"])] = np.mean(complete, axis=0)
    return curves


def _curve(entry: dict[str, Any], where: str) -> Curve:
    try:
        curve = np.array([entry["valence"], entry["arousal"]], dtype=np.float64).T
    except (KeyError, TypeError, ValueError):
        curve = np.full((1, 2), np.nan)
    if curve.ndim != 2 or not len(curve) or not (np.abs(curve) <= 1).all():
        raise UsageError(f"{where}: valence and arousal must be curves of one length within -1..1")
    return curve


def _json(path: Path) -> dict[str, Any]:
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(table, dict):
        raise UsageError(f"{path} is not a JSON object")
    return table
