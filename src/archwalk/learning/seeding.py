"""Modules whose first weights depend on a seed alone."""

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import nn

M = TypeVar("M", bound=nn.Module)


def made_from(seed: int, make: Callable[[], M]) -> M:
    """A module whose first weights depend on `seed` alone: torch's layers draw them from the global generator."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()
