"""How large a network is, before any of it is allocated; and a limit on what the process may allocate."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from archwalk.spaces.task import Shape

_BYTES = 4
_FEW_WEIGHTS = 1 << 22
_SLACK = 1 << 30
"""Bytes of address space for what PyTorch itself maps while it works."""


@dataclass(frozen=True)
class Size:
    """What a training holds in memory."""

    parameters: int
    activations: int
    """Numbers that one batch leaves for the pass backward."""

    @property
    def megabytes(self) -> float:
        """An estimate, ours: weights, gradients, Adam's two moments; activations, and as much again to work with."""
        return _BYTES * (4 * self.parameters + 2 * self.activations) / 2**20

    def __str__(self) -> str:
        return f"{self.parameters:,} weights and {self.activations:,} activations a batch need {self.megabytes:,.0f} MB"


def measure(
    make: Callable[[str], nn.Module], device: str, shape: Shape, batch: int
) -> tuple[Size, nn.Module | None]:
    """The size of a network that trains on batches of images of a shape; and the network, where its weights are few.

    `make` builds it on a device. It does so on PyTorch's `meta` first, where tensors have a shape and no content:
    231 M weights cost nothing. What a batch leaves behind is counted there too; where the weights are few, on `device`
    with two and with three images, which is quicker, and tells what more leave: that network is as `make` has left it,
    and so are the random numbers after it. Raises what building or running raises where shapes do not fit.
    """
    with torch.device("meta"):
        network = make("meta").train()
    parameters = sum(p.numel() for p in network.parameters() if p.requires_grad)
    if sum(tensor.numel() for tensor in (*network.parameters(), *network.buffers())) > _FEW_WEIGHTS:
        return Size(parameters, _activations(network, shape, batch, "meta")), None
    network = make(device).train()
    statistics = [buffer.clone() for buffer in network.buffers()]
    with torch.random.fork_rng(devices=[] if device == "cpu" else [device]):
        two, three = (_activations(network, shape, images, device) for images in (2, 3))
    for buffer, before in zip(network.buffers(), statistics, strict=True):
        buffer.copy_(before)
    return Size(parameters, two + (three - two) * (batch - 2)), network


def _activations(network: nn.Module, shape: Shape, batch: int, device: str) -> int:
    """Numbers that a batch leaves for the pass backward."""
    weights = {_storage(tensor) for tensor in (*network.parameters(), *network.buffers())}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[_storage(tensor)] = tensor.untyped_storage().nbytes() // tensor.element_size()
        return tensor

    with torch.device(device), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        scores = network(torch.zeros((batch, *shape)))
    activations = sum(numbers for storage, numbers in kept.items() if storage not in weights)
    del scores  # until here its graph keeps the tensors, so no storage is counted for two
    return activations


def _storage(tensor: Tensor) -> int:
    """What tells the memory of one tensor from that of another; views share it."""
    return int(tensor.untyped_storage()._cdata)


def limit_address_space(megabytes: int) -> None:
    """Let this process map that much more than it has now: the net below the estimate. Linux alone."""
    if sys.platform != "linux":
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    now = pages * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = now + megabytes * 2**20 + _SLACK
    soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out."""
    words = ("can't allocate memory", "not enough memory", "out of memory", "bad_alloc", "bad allocation")
    known: Any = (MemoryError, torch.cuda.OutOfMemoryError)
    return isinstance(error, known) or (
        isinstance(error, RuntimeError) and any(word in str(error).lower() for word in words)
    )
