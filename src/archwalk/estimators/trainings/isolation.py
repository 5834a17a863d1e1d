"""What a training does not share with the process that it is in: threads and PyTorch's generators."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import torch

import archwalk

WEIGHTS = 0
"""What a seed is for: first weights and all else that PyTorch's own generators draw."""


@contextmanager
def repeatable(device: str) -> Iterator[None]:
    """One thread, since sums depend on how many there are, and deterministic kernels; both put back at the end."""
    threads = torch.get_num_threads()
    if device == "cpu":
        torch.set_num_threads(1)
    try:
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True):
            yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def alone(device: str, seed: int) -> Iterator[None]:
    """As `repeatable`, and PyTorch's generators seeded; they are put back too."""
    devices = [torch.cuda.current_device()] if device != "cpu" else []
    with repeatable(device), torch.random.fork_rng(devices=devices):
        words = np.random.SeedSequence([seed, WEIGHTS]).generate_state(1, np.uint64)
        torch.manual_seed(int(words[0]))
        yield


def arithmetic_on(device: str) -> str:
    """What computes, and how precisely: two that differ in it have no score in common."""
    if device == "cpu":
        return "cpu float32"
    short = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    words = [name for name, is_short in zip(("products", "convolutions"), short, strict=True) if is_short]
    return f"{device} float32" + (f", {' and '.join(words)} in tf32" if words else "")


def machine_on(device: str) -> str:
    """What is quick or large about this machine: its processor, memory, and GPU where that trains."""
    parts = [_processor(), f"{_memory_gigabytes()} GB"]
    if device != "cpu":
        parts.append(torch.cuda.get_device_name(device))
    return ", ".join(parts)


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_gigabytes() -> int:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    except (AttributeError, OSError, ValueError):
        return 0


def versions_on(device: str) -> dict[str, str]:
    """What a training's figures may hang on."""
    where = "cpu" if device == "cpu" else torch.cuda.get_device_name(device)
    return {
        "archwalk": archwalk.__version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "device": where,
    }
