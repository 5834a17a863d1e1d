"""What else can be made of the same source tasks: the order of their mean ranks, and RGPE."""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

import numpy as np
from scipy.stats import rankdata

from archwalk.agents.transfer.agent import TransferAgent
from archwalk.agents.transfer.outlook import Described, to_targets
from archwalk.agents.transfer.sources import SourceSettings, learn_from
from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.learning.transfer_kernel import Singles
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
        self.sources_NK = (profiles_NK - profiles_NK.mean(axis=0)) / profiles_NK.std(axis=0).clip(1e-6)
        self.rows_EN: list[Singles] = []

    def propose(self) -> Codes:
        """The best source's favourite of all first, then the highest upper bound."""
        if not len(self.rewards_E):
            return self._best_new(self.sources_NK.mean(axis=1))
        return self._best_new(self._bound())

    def _bound(self) -> Floats:
        pool = self.settings.whole
        assert pool is not None
        for id in self.asked_E[len(self.rows_EN) :]:
            self.rows_EN.append(pool.description_row(self.candidates.rows(np.array([id]))))
        targets_E = to_targets(finite_rewards(self.rewards_E), self.settings.shape.bound_share)
        cross_EN = np.stack(self.rows_EN)
        matrix_EE = cross_EN[:, self.asked_E].astype(np.float64)
        inverse_EE = np.linalg.inv(matrix_EE + _NOISE * np.eye(len(targets_E))).astype(np.float64)
        alpha_E = inverse_EE @ targets_E
        weights_M = self._weights(targets_E, alpha_E, inverse_EE)
        own_N = alpha_E @ cross_EN
        variance_N = np.maximum(1 - np.einsum("en,en->n", inverse_EE @ cross_EN, cross_EN), 1e-6)
        bound_N: Floats = self.sources_NK @ weights_M[:-1] + weights_M[-1] * (own_N + np.sqrt(variance_N))
        return bound_N

    def _weights(self, targets_E: Floats, alpha_E: Floats, inverse_EE: Floats) -> Floats:
        """Of the sources, and of the own process at the end."""
        own_E = np.diagonal(inverse_EE)
        left_out_E, deviation_E = targets_E - alpha_E / own_E, np.sqrt(1 / own_E)
        drawn_SE = left_out_E + deviation_E * self.rng.standard_normal((_DRAWS, len(targets_E)))
        better_EE = targets_E[:, None] > targets_E
        rows_SE = self.rng.integers(
            0, len(targets_E), (_DRAWS, len(targets_E))
        )  # bootstrap, so that sources differ
        wrong_MEE = [
            better_EE & (source_E[:, None] <= source_E) for source_E in self.sources_NK[self.asked_E].T
        ]
        counts_SE = np.stack([np.bincount(row_E, minlength=len(targets_E)) for row_E in rows_SE])
        losses = [
            np.einsum("se,ef,sf->s", counts_SE, wrong_EE, counts_SE, optimize=True) for wrong_EE in wrong_MEE
        ]
        own_SEE = better_EE & (drawn_SE[:, :, None] <= targets_E[None, None, :])
        losses.append(np.einsum("se,sef,sf->s", counts_SE, own_SEE, counts_SE, optimize=True))
        best_MS = np.stack(losses) == np.min(losses, axis=0)
        weights_M: Floats = (best_MS / best_MS.sum(axis=0)).mean(axis=1)
        return weights_M


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
