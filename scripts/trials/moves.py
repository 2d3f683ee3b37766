"""Trials of files that change their place, name and tags: what is known of their sound stays known."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import mutagen

from scripts.trials.harness import Row, Stage, Trial, adds_up, difference

CHANGES = 4  # between two scans; fewer than a fifth of two dozen files, so that none is refused
MOOD = ("valence", "arousal")


def move_files(stage: Stage, rounds: int) -> Trial:
    """Rename, move, copy, swap, retag and delete by chance, move the whole root: no sound is heard again."""
    trial = Trial("moves, retags, copies, swaps, relocate")
    place = stage.folder()
    music = stage.copy_pieces(place / "music")
    library = place / "library.db"
    trial.check(stage.scan(library, music).code == 0, "an undisturbed scan ends well")
    before = {str(row["path"]): row for row in stage.export(library)}
    heard = stage.n_heard()
    sounds = {Path(path): _mood(row) for path, row in before.items()}
    done: list[str] = []
    for number in range(rounds):
        for _ in range(CHANGES):
            done.append(_change(stage, sounds, music, number))
        options = ["--accept-missing"] if number % 5 == 4 else []
        if number % 3 == 2:
            music, sounds = _relocate(trial, stage, library, music, sounds, place / f"music {number}")
            done.append("relocated")
        ended = stage.scan(library, music, *options)
        trial.check(ended.code == 0 and adds_up(ended.document), f"round {number}: {ended}")
        found = {str(row["path"]): row for row in stage.export(library)}
        moods = {path: _mood(row) for path, row in found.items()}
        wanted = {str(path): mood for path, mood in sounds.items()}
        trial.check(moods.keys() == wanted.keys(), f"round {number}: the tracks are not the files")
        lost = [path for path, mood in wanted.items() if moods.get(path) != mood]
        trial.check(not lost, f"round {number}: the emotion of {len(lost)} tracks is another")
    trial.check(stage.n_heard() == heard, f"{stage.n_heard() - heard} files were heard again")
    fresh = place / "fresh.db"
    stage.scan(fresh, music)
    wrong = difference(stage.export(library), stage.export(fresh))
    trial.check(not wrong, f"the export is that of a fresh library: {wrong}")
    trial.times = len(done)
    counts = {kind: done.count(kind) for kind in dict.fromkeys(sorted(done))}
    trial.remark = ", ".join(f"{n} {kind}" for kind, n in counts.items())
    return trial


def _mood(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in MOOD)


def _change(stage: Stage, sounds: dict[Path, tuple[Any, ...]], music: Path, number: int) -> str:
    """Do one thing to the files; ``sounds`` follows."""
    draw = stage.draw
    path = draw.choice(sorted(sounds))
    new = _free(draw.choice([path.parent, music, music / f"new {number}", music / "a" / "b é" / "c"]), path)
    kind = draw.choice(["renamed", "moved", "copied", "swapped", "retagged", "deleted"])
    if kind in ("renamed", "moved"):
        target = _free(path.parent, path) if kind == "renamed" else new
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
        sounds[target] = sounds.pop(path)
    elif kind == "copied":
        new.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, new)
        sounds[new] = sounds[path]
    elif kind == "swapped":
        other = draw.choice([one for one in sorted(sounds) if one.suffix == path.suffix])
        if other == path:
            return "left"
        aside = path.with_name("aside")
        path.rename(aside)
        other.rename(path)
        aside.rename(other)
        sounds[path], sounds[other] = sounds[other], sounds[path]
    elif kind == "retagged":
        file = mutagen.File(path, easy=True)
        file["title"] = f"Title {number} {draw.random()}"
        file.save()
    else:  # only where the sound is there twice, so that as many files come as go
        if sum(mood == sounds[path] for mood in sounds.values()) < 2:
            return "left"
        path.unlink()
        del sounds[path]
    return kind


def _free(folder: Path, path: Path) -> Path:
    """A name in ``folder`` that no file has."""
    number = 0
    while (target := folder / f"{path.stem[:30]} {number}{path.suffix}").exists():
        number += 1
    return target


def _relocate(
    trial: Trial, stage: Stage, library: Path, music: Path, sounds: dict[Path, tuple[Any, ...]], new: Path
) -> tuple[Path, dict[Path, tuple[Any, ...]]]:
    """Move the whole root, and tell the library."""
    music.rename(new)
    done = stage.ask(library, "relocate", music, new)
    trial.check(done.code == 0, f"relocate: {done}")
    return new, {new / os.path.relpath(path, music): mood for path, mood in sounds.items()}
