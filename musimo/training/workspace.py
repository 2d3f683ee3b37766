"""Where a run finds what it needs, and leaves what it makes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from musimo.errors import UsageError
from musimo.training.config import TrainingConfig
from musimo.training.devices import training_device
from musimo.training.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Workspace:
    """Folders, device and cores of a run.

    Parameters
    ----------
    data : holds the rated data sets, a folder each
    music : unlabelled music, for the distilled kind
    teacher : weights of MSD-MusiCNN, ``.npz``, for the distilled kind
    out : caches, checkpoints and results; of one recipe
    device : name of where networks are trained: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``
    n_processes : cores to use
    """

    data: Path
    music: Path
    teacher: Path
    out: Path
    device: str = "auto"
    n_processes: int = 1

    def torch_device(self) -> torch.device:
        """The device; errors as of `training_device`."""
        return training_device(self.device)


def open_workspace(workspace: Workspace, recipe: Recipe) -> None:
    """Make the folder of results, or go on with it.

    Raises
    ------
    UsageError : it holds the work of another recipe
    """
    note, text = workspace.out / "recipe.txt", repr(result_settings(recipe))
    if note.is_file() and note.read_text(encoding="utf-8") != text:
        raise UsageError(
            f"{workspace.out} holds the work of another recipe",
            "name another folder with --out, or delete it",
        )
    workspace.out.mkdir(parents=True, exist_ok=True)
    note.write_text(text, encoding="utf-8")


def result_settings(recipe: Recipe) -> Recipe:
    """A recipe without what changes no number that is kept: its words, and what else is measured."""
    if isinstance(recipe, TrainingConfig):
        return replace(recipe, version="", training_data="", recipe="", cross=(), n_seeds=1)
    return replace(recipe, version="", training_data="", cross=(), n_seeds=1)
