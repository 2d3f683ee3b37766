"""Devices of a training, and isolated random states."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from musimo.errors import DeviceError

CPU = torch.device("cpu")
USE_CPU = "use --device cpu"


def training_device(name: str) -> torch.device:
    """Return the device of that name; ``auto`` prefers a CUDA GPU, then Apple's, then the CPU.

    Raises
    ------
    DeviceError : there is no such device, or it does not work
    """
    if name == "auto":
        with warnings.catch_warnings():  # torch warns of outdated drivers; the result suffices
            warnings.simplefilter("ignore")
            name = "cuda" if torch.cuda.is_available() else "mps" if _mps_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DeviceError(
            f"{name!r} is not the name of a device", "use auto, cpu, cuda, cuda:1 or mps"
        ) from error
    if device.type not in ("cpu", "cuda", "mps"):
        raise DeviceError(f"musimo does not train on {name!r}", "use auto, cpu, cuda, cuda:1 or mps")
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:  # torch raises AssertionError if built without CUDA
        reason = str(error).partition("\n")[0]
        raise DeviceError(f"the device {name} cannot be used: {reason}", USE_CPU) from error
    return device


def _mps_available() -> bool:
    return torch.backends.mps.is_available()


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch within the block; restore its random state afterwards."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


@contextmanager
def torch_threads(n: int) -> Iterator[None]:
    """Let torch's operators use ``n`` threads within the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)
