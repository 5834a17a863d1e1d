"""What else can be made of the same source tasks: the order of their mean ranks, and RGPE."""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from archwalk.agents.transfer.agent import TransferAgent
from archwalk.agents.transfer.outlook import Described, to_targets
from archwalk.agents.transfer.sources import SourceSettings, learn_from
from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.learning.transfer_kernel import GrowingPosterior
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.strategies.base import Trials
from archwalk.strategies.catalogue import StrategyFactory
from archwalk.strategies.per_trial import PerTrial, Searcher, finite_rewards

_DRAWS = 256
_NOISE = 0.1
"""Variance of the noise of RGPE's own process, whose targets have variance 1."""


class _SourceSearcher(Searcher):
    """Proposes one architecture after the other, of a space that is looked at as a whole."""

    settings: TransferAgent

    def __init__(self, trial: Trials, settings: TransferAgent) -> None:
        super().__init__(trial, settings)
        if settings.whole is None:
            raise UsageError(f"this baseline looks at whole spaces; {self.space.name} is too large for it")
        self.candidates: Described = settings.whole.candidates
        self.asked_E = np.empty(0, np.int64)
        self.rewards_E = np.empty(0)

    def learn(self, codes_KL: Codes, rewards_K: Floats) -> None:
        """Remember."""
        self.asked_E = np.concatenate([self.asked_E, codes_KL[:, 0]])
        self.rewards_E = np.concatenate([self.rewards_E, rewards_K])

    def _best_new(self, score_N: Floats) -> Codes:
        score_N = score_N.copy()
        score_N[self.asked_E] = -np.inf
        return self.candidates.codes_NL[[int(score_N.argmax())]]

    def state_dict(self) -> dict[str, Any]:
        """What was evaluated."""
        return super().state_dict() | {"asked": self.asked_E.copy(), "rewards": self.rewards_E.copy()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        super().load_state_dict(state)
        self.asked_E, self.rewards_E = np.array(state["asked"]), np.array(state["rewards"])


class MeanRankSearcher(_SourceSearcher):
    """By the mean rank over the sources, whatever it is told."""

    def __init__(self, trial: Trials, settings: TransferAgent) -> None:
        super().__init__(trial, settings)
        self.order_N = rankdata(self.candidates.profiles_NK, axis=0).mean(axis=1)

    def propose(self) -> Codes:
        """The next one."""
        return self._best_new(self.order_N)


class RGPESearcher(_SourceSearcher):
    """Ranking-weighted Gaussian process ensemble (Feurer et al., 2018): the mean of what the sources say and of a
    process of the task's own, each weighted by how often it ranks the evaluated architectures best.

    Of the own process it is asked what it says of each without having seen it, drawn anew `_DRAWS` times. Ours: a
    source is a network's word, not a process; the own one has a Matern kernel of the same distances of graphs.
    """

    def __init__(self, trial: Trials, settings: TransferAgent) -> None:
        super().__init__(trial, settings)
        profiles_NK = self.candidates.profiles_NK
        standard_NK = (profiles_NK - profiles_NK.mean(axis=0)) / profiles_NK.std(axis=0).clip(1e-6)
        self.sources_NK = standard_NK.astype(np.float64)
        self.posterior = GrowingPosterior(np.ones(len(self.candidates)), _NOISE)

    def propose(self) -> Codes:
        """The best source's favourite of all first, then the highest upper bound."""
        if not len(self.rewards_E):
            return self._best_new(self.sources_NK.mean(axis=1))
        return self._best_new(self._bound())

    def _bound(self) -> Floats:
        pool = self.settings.whole
        assert pool is not None
        targets_E = to_targets(finite_rewards(self.rewards_E), self.settings.shape.bound_share)
        for e in range(self.posterior.seen, len(targets_E)):
            row_N = pool.description_row(int(self.asked_E[e]))
            self.posterior.add(row_N, row_N[self.asked_E[:e]].astype(np.float64), 1.0)
        weights_M = self._weights(targets_E, *self.posterior.left_out(targets_E))
        own_N = self.posterior.mean(targets_E) + np.sqrt(self.posterior.variance_N)
        bound_N: Floats = self.sources_NK @ weights_M[:-1] + weights_M[-1] * own_N
        return bound_N

    def _weights(self, targets_E: Floats, left_out_E: Floats, deviation_E: Floats) -> Floats:
        """Of the sources, and of the own process at the end, of which is known what it says without each."""
        told = len(targets_E)
        drawn_SE = left_out_E + deviation_E * self.rng.standard_normal((_DRAWS, told))
        better_EE = targets_E[:, None] > targets_E
        rows_SE = self.rng.integers(0, told, (_DRAWS, told))  # bootstrap, so that sources differ
        places_SE = rows_SE + told * np.arange(_DRAWS)[:, None]
        counts_SE = np.bincount(places_SE.ravel(), minlength=_DRAWS * told).reshape(_DRAWS, told)
        singles_SE = counts_SE.astype(np.float32)  # whole numbers that are exact
        said_KE = self.sources_NK[self.asked_E].T
        wrong_KEE = better_EE & (said_KE[:, :, None] <= said_KE[:, None])
        below_KSE = singles_SE @ wrong_KEE.astype(np.float32)
        losses_KS = np.einsum("kse,se->ks", below_KSE, singles_SE)
        losses_MS = np.concatenate([losses_KS, _pairs_wrong(targets_E, drawn_SE, counts_SE)[None]])
        best_MS = losses_MS == losses_MS.min(axis=0)
        weights_M: Floats = (best_MS / best_MS.sum(axis=0)).mean(axis=1)
        return weights_M


def _pairs_wrong(targets_E: Floats, drawn_SE: Floats, counts_SE: NDArray[np.int64]) -> Floats:
    """Of each sample (S,): pairs of which the better one by its target was drawn at or below the other's target."""
    order_E = np.argsort(targets_E, kind="stable")
    ascending_E = targets_E[order_E]
    below_SE = np.zeros((len(counts_SE), len(targets_E) + 1))
    below_SE[:, 1:] = counts_SE[:, order_E].cumsum(axis=1)
    by_target_SE = below_SE[:, np.searchsorted(ascending_E, targets_E)]
    by_drawn_SE = np.take_along_axis(below_SE, np.searchsorted(ascending_E, drawn_SE), axis=1)
    wrong_S: Floats = (counts_SE * np.maximum(by_target_SE - by_drawn_SE, 0)).sum(axis=1)
    return wrong_S


class SourceSearch(PerTrial):
    """Trials that share what was learned from the sources: by an `agent` that was trained over them, or, where none is
    handed in, as the settings say.
    """

    settings_class: ClassVar[type[SourceSettings]] = SourceSettings

    def __init__(
        self, trials: Trials, settings: SourceSettings | None = None, agent: TransferAgent | None = None
    ) -> None:
        agent = agent or learn_from(settings or SourceSettings(), trials.space)
        super().__init__(trials, agent)
        self.training_queries, self.training_unique = agent.paid.queries, agent.paid.unique
        self.training_seconds = agent.paid.seconds

    @classmethod
    def prepared(cls, settings: SourceSettings, space: SearchSpace, target: str) -> StrategyFactory:
        """With what was learned already, so that no worker learns it again; see `learn_from`."""
        return partial(cls, agent=learn_from(settings, space, target))


class MeanRankSearch(SourceSearch):
    """The order of the mean rank over source tasks: what every transfer has to beat."""

    query = "an architecture, in the order of the mean rank over the sources"
    searcher_class = MeanRankSearcher


class RGPESearch(SourceSearch):
    """RGPE (Feurer et al. 2018): source tasks and a Gaussian process, weighted by how well each ranks what was seen."""

    query = "an architecture: the highest upper bound of the weighted ensemble; none twice"
    searcher_class = RGPESearcher


def search_with(name: str, agent: TransferAgent) -> StrategyFactory:
    """A baseline, which knows of the sources what the agent knows and has paid for it."""
    return partial(BASELINES[name], agent=agent)


BASELINES: dict[str, type[SourceSearch]] = {"mean-rank": MeanRankSearch, "rgpe": RGPESearch}
"""By name."""
