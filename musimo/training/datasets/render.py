"""Render MIDI files to audio with FluidSynth; keep the renderings."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from musimo.errors import MusimoError, UsageError
from musimo.settings import usable_cores
from musimo.training.datasets.loading import OnNotice

GAIN = 0.5
SAMPLE_RATE = 44_100  # Hz; a lower rate would alias the overtones of the soundfont's samples
SYSTEM_SOUNDFONTS = (
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",  # Debian, Ubuntu
    "/usr/share/soundfonts/FluidR3_GM.sf2",  # Arch, Fedora
    "/opt/homebrew/share/soundfonts/default.sf2",
)
INSTALL = "apt-get install fluidsynth fluid-soundfont-gm"


def usable_soundfonts(paths: Sequence[str]) -> list[Path]:
    """Return these soundfonts, or the one of the system if none is given.

    Raises
    ------
    UsageError : a file is missing or not a soundfont, or two have the same name
    """
    if not paths:
        system = [Path(path) for path in SYSTEM_SOUNDFONTS if Path(path).is_file()]
        if not system:
            raise UsageError("no General MIDI soundfont to render MIDI files with", INSTALL)
        return system[:1]
    fonts = [Path(path).expanduser() for path in paths]
    for font in fonts:
        if not font.is_file():
            raise UsageError(f"no soundfont {font}", INSTALL)
        with font.open("rb") as file:
            if file.read(12)[8:] != b"sfbk":
                raise UsageError(f"{font} is not a soundfont (SF2 or SF3)")
    if len({font.stem for font in fonts}) < len(fonts):
        raise UsageError(
            "two soundfonts have the same name", "rename one of them; clips are named after them"
        )
    return fonts


def render(midis: Sequence[Path], soundfont: Path, cache: Path, on_notice: OnNotice) -> list[Path]:
    """Render MIDI files to FLAC; return the files in the same order. Existing renderings are kept.

    Parameters
    ----------
    midis : files with distinct names
    cache : folder; renderings with another soundfont or gain are in another folder below it

    Raises
    ------
    UsageError : FluidSynth is not installed
    MusimoError : a file cannot be rendered
    """
    folder = cache / f"{soundfont.stem}-{soundfont.stat().st_size}-gain{GAIN}"
    targets = [folder / f"{midi.stem}.flac" for midi in midis]
    missing = [pair for pair in zip(midis, targets, strict=True) if not pair[1].is_file()]
    if missing:
        program = shutil.which("fluidsynth")
        if program is None:
            raise UsageError("FluidSynth, which renders MIDI files, is not installed", INSTALL)
        on_notice(f"rendering {len(missing)} MIDI files with {soundfont.name}, a few seconds each")
        folder.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(usable_cores()) as pool:
            list(pool.map(partial(_render, program, soundfont), *zip(*missing, strict=True)))
    return targets


def _render(program: str, soundfont: Path, midi: Path, target: Path) -> None:
    unfinished = target.with_name(f"{target.name}.part")
    command = [program, "-ni", "-q", "-g", str(GAIN), "-r", str(SAMPLE_RATE), "-T", "flac"]
    done = subprocess.run(
        [*command, "-F", str(unfinished), str(soundfont), str(midi)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0 or not unfinished.is_file() or not unfinished.stat().st_size:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise MusimoError(f"FluidSynth could not render {midi}: {reason}")
    unfinished.replace(target)
