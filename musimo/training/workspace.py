"""The workspace of a run: folders, device and cores."""

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
    """Inputs, outputs and resources of a run.

    Parameters
    ----------
    data : folder of the rated data sets, one folder each
    music : folder of unlabeled music, for the distilled kind
    teachers : weights of MSD-MusiCNN and of MTT-MusiCNN, ``.npz``, for the distilled kind
    out : folder of caches, checkpoints and results, of one recipe
    device : of the training: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``
    n_processes : cores to use
    """

    data: Path
    music: Path
    teachers: tuple[Path, ...]
    out: Path
    device: str = "auto"
    n_processes: int = 1

    def torch_device(self) -> torch.device:
        """Return the device; raise as `training_device`."""
        return training_device(self.device)


def open_workspace(workspace: Workspace, recipe: Recipe) -> None:
    """Create the folder of results, or reuse that of the same recipe.

    Raises
    ------
    UsageError : it contains results of another recipe
    """
    note, text = workspace.out / "recipe.txt", repr(result_settings(recipe))
    if note.is_file() and note.read_text(encoding="utf-8") != text:
        raise UsageError(
            f"{workspace.out} contains results of another recipe",
            "name another folder with --out, or delete it",
        )
    workspace.out.mkdir(parents=True, exist_ok=True)
    note.write_text(text, encoding="utf-8")


def result_settings(recipe: Recipe) -> Recipe:
    """Return a recipe without the settings that change no cached result: texts, and further evaluations."""
    if isinstance(recipe, TrainingConfig):
        return replace(recipe, version="", training_data="", recipe="", cross=(), n_seeds=1)
    return replace(recipe, version="", training_data="", cross=(), n_seeds=1)
