"""Search by a proxy: of a random sample the best untrained network is evaluated.

Samples N architectures, scores each as an untrained network (`estimators/zero_cost/`), which costs no query, and
evaluates the one of the highest score. So does NASWOT (Mellor, Turner, Storkey and Crowley, ICML 2021), whose paper
stops there; here every query is such a sample anew, so that a trial can have more than one.

The networks are those of `space.build`, narrower and shallower than the benchmarks trained where the space can scale
them (the paper's code has 16 channels on NAS-Bench-101 too), on random images or those of a data set: what is stated in
the settings. Ours: fewer and smaller images.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from archwalk.estimators.base import Floats
from archwalk.estimators.zero_cost import Scorer, View, load_proxy
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.strategies.base import Trials
from archwalk.strategies.checks import Count, check_settings
from archwalk.strategies.per_trial import PerTrial, Searcher


@dataclass(frozen=True)
class ZeroCostSettings:
    """`candidates` are N, which `proxy` ranks. Networks of `channels` at first and `cells` at each resolution see
    `batch` images of `resolution` pixels a side: of the data set (or folder) `images`, random ones where none is named.
    Their weights and the images depend on `seed` alone.
    """

    candidates: Count = 100
    proxy: str = "synflow"
    images: str = ""
    channels: Count = 16
    cells: Count = 1
    batch: Count = 32
    resolution: Count = 16
    seed: int = 0

    def __post_init__(self) -> None:
        check_settings(self)
        load_proxy(self.proxy)
        _ = self.view

    @property
    def view(self) -> View:
        """What is shown to the proxy. Raises UsageError."""
        return View(self.images, self.channels, self.cells, self.batch, self.resolution, self.seed)


@dataclass(frozen=True)
class NaswotSettings(ZeroCostSettings):
    """With the proxy of the paper."""

    proxy: str = "naswot"


def scorer(space: SearchSpace, settings: ZeroCostSettings) -> Scorer:
    """What scores the networks of a space under these settings, one for all trials; see `View.scorer`."""
    return _scorer(space, settings)  # type: ignore[arg-type] # spaces are hashable by identity


@lru_cache(maxsize=16)
def _scorer(space: SearchSpace, settings: ZeroCostSettings) -> Scorer:
    return settings.view.scorer(space, settings.proxy)


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
