"""Search by a proxy: of a random sample the best untrained network is evaluated.

Samples N architectures, scores each as an untrained network (`estimators/zero_cost/`), which costs no query, and
evaluates the one of the highest score. So does NASWOT (Mellor, Turner, Storkey and Crowley, ICML 2021), whose paper
stops there; here every query is such a sample anew, so that a trial can have more than one.

The networks are those of `space.build`, narrower and shallower than the benchmarks trained where the space can scale
them (the paper's code has 16 channels on NAS-Bench-101 too), on random images: what is stated in the settings. Ours:
fewer and smaller images.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.estimators.zero_cost import Scorer, load_proxy, random_batch
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.capabilities import IMAGES, require
from archwalk.spaces.networks import ScalableSize, default_size, default_task
from archwalk.spaces.task import CLASSIFICATION, Task
from archwalk.strategies.base import Trials
from archwalk.strategies.checks import Count, check_settings
from archwalk.strategies.per_trial import PerTrial, Searcher

_TRIED = 5


@dataclass(frozen=True)
class ZeroCostSettings:
    """`candidates` are N, which `proxy` ranks. Networks of `channels` at first and `cells` at each resolution see
    `batch` random images of `resolution` pixels a side; their weights and the images depend on `seed` alone.
    """

    candidates: Count = 100
    proxy: str = "synflow"
    channels: Count = 16
    cells: Count = 1
    batch: Count = 32
    resolution: Count = 16
    seed: int = 0

    def __post_init__(self) -> None:
        check_settings(self)
        load_proxy(self.proxy)
        if self.batch < 2:
            raise UsageError("batch must be at least 2: images are compared, and normalised together")
        if self.resolution < 8:
            raise UsageError(f"resolution must be at least 8: it is halved twice; not {self.resolution}")


@dataclass(frozen=True)
class NaswotSettings(ZeroCostSettings):
    """With the proxy of the paper."""

    proxy: str = "naswot"


def scorer(space: SearchSpace, settings: ZeroCostSettings) -> Scorer:
    """What scores the networks of a space under these settings, one for all trials.

    Raises UsageError for a space whose networks read no images, or are none that the proxy can score.
    """
    return _scorer(space, settings)  # type: ignore[arg-type] # spaces are hashable by identity


@lru_cache(maxsize=4)
def _scorer(space: SearchSpace, settings: ZeroCostSettings) -> Scorer:
    require(space, IMAGES, f"the proxy {settings.proxy}")
    size = default_size(space)
    if isinstance(size, ScalableSize):
        size = size.scaled(settings.channels, settings.cells)
    task = _shown(default_task(space), settings.resolution)
    batch = random_batch(task, settings.batch, settings.seed)
    made = Scorer(space, load_proxy(settings.proxy), task, batch, size=size, seed=settings.seed)
    tried_BL = space.sample(np.random.default_rng(settings.seed), _TRIED)
    if not any(np.isfinite(made.scores(code_L[None])[0]) for code_L in tried_BL):  # the first one, as a rule
        raise UsageError(
            f"the proxy {settings.proxy} has no score for any of {_TRIED} networks of {space.name}"
        )
    return made


def _shown(own: Task | None, resolution: int) -> Task:
    """What networks are shown: smaller images than their own, but to agents, whose observations are what they are."""
    if own is None:
        return Task((3, resolution, resolution), 10)
    if own.kind != CLASSIFICATION:
        return own
    return replace(own, shape=(own.shape[0], resolution, resolution))


class ZeroCostSearcher(Searcher):
    """One trial; it learns nothing."""

    def __init__(self, trial: Trials, settings: ZeroCostSettings) -> None:
        super().__init__(trial, settings)
        self.scorer = scorer(self.space, settings)

    def propose(self) -> Codes:
        """The best of a sample by the proxy, (1, L)."""
        sampled_NL = self.space.sample(self.rng, self.settings.candidates)
        best = int(self.scorer.scores(sampled_NL).argmax())
        return sampled_NL[best : best + 1]

    def learn(self, codes_KL: Codes, rewards_K: Floats) -> None:
        """Rewards are not looked at."""


class ZeroCost(PerTrial):
    """See the module."""

    query = "an architecture, the best by the proxy of a sample that was scored untrained"
    settings_class: ClassVar[type[Any]] = ZeroCostSettings
    searcher_class = ZeroCostSearcher


class Naswot(ZeroCost):
    """NASWOT: the untrained network that tells random images apart best is evaluated (Mellor et al. 2021)."""

    settings_class: ClassVar[type[Any]] = NaswotSettings
