"""What a training does not share with the process that it is in: threads and PyTorch's generators."""

from collections.abc import Iterator
from contextlib import contextmanager

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


def versions_on(device: str) -> dict[str, str]:
    """What a training's figures may hang on."""
    where = "cpu" if device == "cpu" else torch.cuda.get_device_name(device)
    return {
        "archwalk": archwalk.__version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "device": where,
    }
