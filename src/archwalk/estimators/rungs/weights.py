"""Weights that a training leaves for the next rung, in a folder that all workers see."""

import contextlib
from pathlib import Path

import torch
from torch import nn

from archwalk.data.states import read_state, write_state
from archwalk.errors import DataError


def keep(network: nn.Module, path: Path) -> None:
    """Write all that the network has learned."""
    write_state(path, {name: tensor.cpu() for name, tensor in network.state_dict().items()})


def restore(network: nn.Module, path: Path) -> bool:
    """Whether the network has now what `keep` wrote; not where there is no file, or one that is damaged."""
    try:
        state = read_state(path)
    except DataError:
        return False
    shapes = {name: tensor.shape for name, tensor in network.state_dict().items()}
    if shapes != {name: getattr(tensor, "shape", None) for name, tensor in state.items()}:
        return False  # PyTorch would load what fits before it complains
    network.load_state_dict({name: torch.as_tensor(tensor) for name, tensor in state.items()})
    return True


def forget_oldest(folder: Path, most_bytes: int) -> None:
    """Delete the files that were written first until all take no more than `most_bytes`."""
    files = sorted(folder.glob("*.safetensors"), key=lambda path: path.stat().st_mtime_ns)
    total = sum(path.stat().st_size for path in files)
    for path in files:
        if total <= most_bytes:
            return
        total -= path.stat().st_size
        with contextlib.suppress(OSError):
            path.unlink()
