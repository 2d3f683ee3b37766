"""Where a training runs, and how its chance is kept apart from everyone else's."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from musimo.errors import DeviceError

USE_CPU = "use --device cpu"


def training_device(name: str) -> torch.device:
    """The device of that name; ``auto`` takes a CUDA GPU, else Apple's, else the CPU.

    Raises
    ------
    DeviceError : no such device, or it does not work
    """
    if name == "auto":
        with warnings.catch_warnings():  # torch warns of drivers too old, where the answer says it all
            warnings.simplefilter("ignore")
            name = "cuda" if torch.cuda.is_available() else "mps" if _mps_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DeviceError(f"{name!r} names no device", "use auto, cpu, cuda, cuda:1 or mps") from error
    if device.type not in ("cpu", "cuda", "mps"):
        raise DeviceError(f"musimo does not train on {name!r}", "use auto, cpu, cuda, cuda:1 or mps")
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:  # torch asserts that it was built with CUDA
        reason = str(error).partition("\n")[0]
        raise DeviceError(f"the device {name} cannot be used: {reason}", USE_CPU) from error
    return device


def _mps_available() -> bool:
    return torch.backends.mps.is_available()


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Within, torch's chance comes from ``seed``; afterwards it goes on as if nothing had been drawn."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


@contextmanager
def torch_threads(n: int) -> Iterator[None]:
    """Let torch's operations use ``n`` cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)
