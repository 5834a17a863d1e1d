"""NASWOT: architecture search without training (Mellor, Turner, Storkey and Crowley, ICML 2021).

Samples N architectures, scores each as an untrained network (`estimators/zero_cost.py`), which costs no query, and
evaluates the one of the highest score. The paper stops there; here every query is such a sample anew, so that a trial
can have more than one.

The networks are those of `space.build`, narrower and shallower than the benchmarks trained (the paper's code has 16
channels on NAS-Bench-101 too), on random images: what is stated in the settings. Ours: fewer and smaller images.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import torch

from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.estimators.zero_cost import naswot
from archwalk.learning.seeding import made_from
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.networks import ScalableSize, build_network, check_task, default_size
from archwalk.spaces.task import Task
from archwalk.strategies.base import Trials
from archwalk.strategies.checks import check_at_least_one
from archwalk.strategies.per_trial import PerTrial, Searcher

_CACHED_SCORES = 100_000


@dataclass(frozen=True)
class NaswotSettings:
    """`candidates` are N. Networks of `channels` at first and `cells` at each resolution see `batch` random images of
    `resolution` pixels a side; their weights and the images depend on `seed` alone.
    """

    candidates: int = 100
    channels: int = 16
    cells: int = 1
    batch: int = 32
    resolution: int = 16
    seed: int = 0

    def __post_init__(self) -> None:
        check_at_least_one(self, "candidates", "channels", "cells", "batch", "resolution")
        if self.batch < 2:
            raise UsageError("batch must be at least 2: images are compared")
        if self.resolution < 8:
            raise UsageError(f"resolution must be at least 8: it is halved twice; not {self.resolution}")


class Proxy:
    """NASWOT's score of the architectures of a space that builds image classifiers. Each is computed once."""

    def __init__(self, space: SearchSpace, settings: NaswotSettings) -> None:
        self.task = Task((3, settings.resolution, settings.resolution), 10)
        check_task(space, self.task)
        self.space = space
        self.settings = settings
        size = default_size(space)
        self.size = size.scaled(settings.channels, settings.cells) if isinstance(size, ScalableSize) else size
        generator = torch.Generator().manual_seed(settings.seed)
        self.images = torch.randn(
            settings.batch, 3, settings.resolution, settings.resolution, generator=generator
        )
        self._score = lru_cache(_CACHED_SCORES)(self._of)

    def scores(self, codes_BL: Codes) -> Floats:
        """Scores (B,) of codes (B, L); -inf for networks that cannot tell two images apart."""
        return np.array([self._score(code_L.tobytes()) for code_L in codes_BL])

    def _of(self, code: bytes) -> float:
        code_L = np.frombuffer(code, np.int32)
        network = made_from(
            self.settings.seed, lambda: build_network(self.space, code_L, self.task, self.size)
        )
        return naswot(network, self.images)


@lru_cache(maxsize=4)
def _shared_proxy(space: SearchSpace, settings: NaswotSettings) -> Proxy:
    """One for all trials: a space is the same to the cache if it is the same object."""
    return Proxy(space, settings)


class NaswotSearcher(Searcher):
    """One trial; it learns nothing."""

    def __init__(self, trial: Trials, settings: NaswotSettings) -> None:
        super().__init__(trial, settings)
        self.proxy = _shared_proxy(self.space, settings)  # type: ignore[arg-type] # spaces are hashable by identity

    def propose(self) -> Codes:
        """The best of a sample by the proxy, (1, L)."""
        sampled_NL = self.space.sample(self.rng, self.settings.candidates)
        best = int(self.proxy.scores(sampled_NL).argmax())
        return sampled_NL[best : best + 1]

    def learn(self, codes_KL: Codes, rewards_K: Floats) -> None:
        """Rewards are not looked at."""


class Naswot(PerTrial):
    """See the module."""

    query = "an architecture, the best by the proxy of a sample that was scored untrained"
    settings_class: ClassVar[type[Any]] = NaswotSettings
    searcher_class = NaswotSearcher
