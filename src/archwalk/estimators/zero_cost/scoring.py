"""Architectures by a proxy: each is built once, its weights by a seed alone."""

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import nn

from archwalk.errors import InvalidArchitectureError
from archwalk.estimators.base import Floats
from archwalk.estimators.zero_cost.base import Batch, Proxy
from archwalk.learning.seeding import made_from
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.networks import build_network, check_task
from archwalk.spaces.task import Task

_CACHED_SCORES = 100_000


class Scorer:
    """A proxy's scores of the networks of a space for one task, in one size, on one batch.

    Raises UsageError for a task that the space's networks are not for.
    """

    def __init__(
        self, space: SearchSpace, proxy: Proxy, task: Task, batch: Batch, *, size: Any = None, seed: int = 0
    ) -> None:
        check_task(space, task)
        self.space, self.proxy, self.task, self.batch = space, proxy, task, batch
        self.size, self.seed = size, seed
        self._score = lru_cache(_CACHED_SCORES)(self._of)

    def scores(self, codes_BL: Codes) -> Floats:
        """Scores (B,) of codes (B, L); -inf where an architecture has no network for the task, or one of no use."""
        return np.array([self._score(code_L.astype(np.int32).tobytes()) for code_L in codes_BL])

    def _of(self, code: bytes) -> float:
        code_L = np.frombuffer(code, np.int32)
        try:
            network = made_from(self.seed, lambda: build_network(self.space, code_L, self.task, self.size))
        except (InvalidArchitectureError, RuntimeError, ValueError):
            return -np.inf
        try:
            return self.proxy.score(network, self.batch)
        except (RuntimeError, ValueError):
            if self._reads(network):
                raise  # a fault of the proxy
            return -np.inf

    def _reads(self, network: nn.Module) -> bool:
        """Whether a network can read the batch, whose shape may not fit."""
        try:
            with torch.no_grad():
                network.eval()(self.batch.inputs[:2])
        except (RuntimeError, ValueError):
            return False
        return True
