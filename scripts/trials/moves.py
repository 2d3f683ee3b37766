"""Trials of moved, renamed and retagged files: their analyses are kept."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import mutagen

from scripts.trials.harness import Harness, Row, Trial, audit_adds_up, difference

CHANGES = 4  # between two scans; less than a fifth of two dozen files, so that no scan is refused
MOOD = ("valence", "arousal")


def move_files(harness: Harness, rounds: int) -> Trial:
    """Rename, move, copy, swap, retag and delete files, and move the root: no content is analyzed again."""
    trial = Trial("moves, retags, copies, swaps, relocate")
    folder = harness.folder()
    music = harness.copy_excerpts(folder / "music")
    library = folder / "library.db"
    trial.check(harness.scan(library, music).code == 0, "an undisturbed scan ends well")
    before = {str(row["path"]): row for row in harness.export(library)}
    analyzed_before = harness.n_analyzed()
    emotions = {Path(path): _mood(row) for path, row in before.items()}
    done: list[str] = []
    for number in range(rounds):
        for _ in range(CHANGES):
            done.append(_change(harness, emotions, music, number))
        options = ["--accept-missing"] if number % 5 == 4 else []
        if number % 3 == 2:
            music, emotions = _relocate(trial, harness, library, music, emotions, folder / f"music {number}")
            done.append("relocated")
        ended = harness.scan(library, music, *options)
        trial.check(ended.code == 0 and audit_adds_up(ended.document), f"round {number}: {ended}")
        found = {str(row["path"]): row for row in harness.export(library)}
        moods = {path: _mood(row) for path, row in found.items()}
        wanted = {str(path): mood for path, mood in emotions.items()}
        trial.check(moods.keys() == wanted.keys(), f"round {number}: the tracks are not the files")
        lost = [path for path, mood in wanted.items() if moods.get(path) != mood]
        trial.check(not lost, f"round {number}: the emotion of {len(lost)} tracks has changed")
    trial.check(
        harness.n_analyzed() == analyzed_before,
        f"{harness.n_analyzed() - analyzed_before} files were analyzed again",
    )
    fresh = folder / "fresh.db"
    harness.scan(fresh, music)
    wrong = difference(harness.export(library), harness.export(fresh))
    trial.check(not wrong, f"the export is that of a fresh library: {wrong}")
    trial.times = len(done)
    counts = {kind: done.count(kind) for kind in dict.fromkeys(sorted(done))}
    trial.remark = ", ".join(f"{n} {kind}" for kind, n in counts.items())
    return trial


def _mood(row: Row) -> tuple[object, ...]:
    return tuple(row[name] for name in MOOD)


def _change(harness: Harness, emotions: dict[Path, tuple[object, ...]], music: Path, number: int) -> str:
    """Apply one random change to the files, and to ``emotions``."""
    draw = harness.draw
    path = draw.choice(sorted(emotions))
    new = _free(draw.choice([path.parent, music, music / f"new {number}", music / "a" / "b é" / "c"]), path)
    kind = draw.choice(["renamed", "moved", "copied", "swapped", "retagged", "deleted"])
    if kind in ("renamed", "moved"):
        target = _free(path.parent, path) if kind == "renamed" else new
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
        emotions[target] = emotions.pop(path)
    elif kind == "copied":
        new.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, new)
        emotions[new] = emotions[path]
    elif kind == "swapped":
        other = draw.choice([one for one in sorted(emotions) if one.suffix == path.suffix])
        if other == path:
            return "left"
        aside = path.with_name("aside")
        path.rename(aside)
        other.rename(path)
        aside.rename(other)
        emotions[path], emotions[other] = emotions[other], emotions[path]
    elif kind == "retagged":
        file = mutagen.File(path, easy=True)
        file["title"] = f"Title {number} {draw.random()}"
        file.save()
    else:  # only if the content exists twice, so that none disappears
        if sum(mood == emotions[path] for mood in emotions.values()) < 2:
            return "left"
        path.unlink()
        del emotions[path]
    return kind


def _free(folder: Path, path: Path) -> Path:
    """Return an unused file name in ``folder``."""
    number = 0
    while (target := folder / f"{path.stem[:30]} {number}{path.suffix}").exists():
        number += 1
    return target


def _relocate(
    trial: Trial,
    harness: Harness,
    library: Path,
    music: Path,
    emotions: dict[Path, tuple[object, ...]],
    new: Path,
) -> tuple[Path, dict[Path, tuple[object, ...]]]:
    """Move the root folder, and relocate the library."""
    music.rename(new)
    done = harness.run_command(library, "relocate", music, new)
    trial.check(done.code == 0, f"relocate: {done}")
    return new, {new / os.path.relpath(path, music): mood for path, mood in emotions.items()}
