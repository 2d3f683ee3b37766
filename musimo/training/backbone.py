"""Train the backbone in several processes, and load the result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
import torch.distributed as dist

from musimo.training.corpus import n_values_of, open_corpus
from musimo.training.devices import torch_threads
from musimo.training.distill import Batch, Distillation, DistillConfig, Scales, Student
from musimo.training.processes import run_in_processes


def train_backbone(
    folders: Sequence[tuple[Path, int]],
    config: DistillConfig,
    checkpoint: Path,
    n_processes: int,
    device: torch.device,
) -> Iterator[Batch]:
    """Train the backbone, or resume it from its checkpoint, with one process per core.

    Parameters
    ----------
    folders : folder of each corpus, and the teacher steps of its rows
    config : hyperparameters
    checkpoint : file with the state of the training
    n_processes : on the CPU; a GPU has one
    device : where the student is trained

    Yields
    ------
    Batch : of the first process

    Raises
    ------
    MusimoError : one of the processes crashed
    """
    n = n_processes if device.type == "cpu" else 1
    meeting = checkpoint.with_name("meeting").absolute()
    meeting.unlink(missing_ok=True)  # of an interrupted run
    shares = [(rank, n, folders, config, checkpoint, meeting, str(device)) for rank in range(n)]
    for batch in run_in_processes(_train_rank, shares):
        if batch is not None:
            yield batch
    meeting.unlink(missing_ok=True)


def _train_rank(
    rank: int,
    n_processes: int,
    folders: Sequence[tuple[Path, int]],
    config: DistillConfig,
    checkpoint: Path,
    meeting: Path,
    device: str,
) -> Iterator[Batch | None]:
    """Train as process ``rank``; after each batch yield it from the first process, None from the others."""
    corpora = [open_corpus(folder, None, n_steps, n_values_of(folder), "r") for folder, n_steps in folders]
    if n_processes > 1:
        dist.init_process_group("gloo", f"file://{meeting}", rank=rank, world_size=n_processes)
    training = Distillation(corpora, config, checkpoint, rank, n_processes, torch.device(device))
    with torch_threads(1):
        for batch in training.batches():
            yield batch if rank == 0 else None
    if n_processes > 1:
        dist.destroy_process_group()


def batches_done(checkpoint: Path) -> int:
    """Return the number of batches behind a checkpoint; 0 if there is none."""
    if not checkpoint.is_file():
        return 0
    return int(torch.load(checkpoint, map_location="cpu", weights_only=True)["n_done"])


def load_backbone(checkpoint: Path, config: DistillConfig) -> tuple[Student, Scales]:
    """Load student and scales of a completed training."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    student = Student(config.network, state["student"]["of_embedding.bias"].numel())
    student.load_state_dict(state["student"])
    return student.eval(), Scales(**state["scales"])
