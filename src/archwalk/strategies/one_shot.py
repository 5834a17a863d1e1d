"""What one-shot searches share: train a supernet, rank architectures by a proxy, have the best trained from scratch.

Mazyavkina et al. 2020, section 5.3: run the method, take the top K by proxy, train these, return the best. Here every
query is the next architecture of that ranking, so K is the budget (Mazyavkina et al.'s K is 3). Where the budget is
larger than the ranking, it begins again at the top. Architectures of equal proxy follow each other by lot: by their
ids, all trials would take the same.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from archwalk.errors import UsageError
from archwalk.estimators.base import Floats, SharedWeights
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.capabilities import numbered
from archwalk.strategies.base import Trials
from archwalk.strategies.per_trial import PerTrial, Searcher


class OneShotSearcher(Searcher):
    """One trial. A subclass fits the supernet and says what architectures are worth by its proxy.

    Raises UsageError where the benchmark's networks cannot share weights.
    """

    def __init__(self, trial: Trials, settings: Any) -> None:
        super().__init__(trial, settings)
        if trial.share_weights is None:
            raise UsageError(
                "networks that share weights are trained on benchmarks of agents, policy:MinAtar-Breakout say; "
                f"nothing shares weights on this one of {trial.space.name}"
            )
        self.ranked_RL: Codes | None = None
        self.proxy_R: Floats = np.empty(0)
        """What the proxy says of `ranked_RL`, descending."""

    @abstractmethod
    def _fit(self, shared: SharedWeights) -> None:
        """Take all turns of the supernet."""

    @abstractmethod
    def _candidates(self, shared: SharedWeights) -> tuple[Codes, Floats]:
        """Different architectures (R, L) with their proxies (R,)."""

    def propose(self) -> Codes:
        """The ranking, the best first."""
        if self.ranked_RL is None:
            self.ranked_RL = self._rank()
        return self.ranked_RL.copy()

    def _rank(self) -> Codes:
        assert self.trial.share_weights is not None
        shared = self.trial.share_weights(self.settings.steps, int(self.rng.integers(2**62)))
        self._fit(shared)
        codes_RL, proxy_R = self._candidates(shared)
        lot = self.rng.permutation(len(proxy_R))
        order = lot[np.argsort(-proxy_R[lot], kind="stable")]
        self.proxy_R = proxy_R[order]
        ranked: Codes = codes_RL[order]
        return ranked

    def learn(self, codes_KL: Codes, rewards_K: Floats) -> None:
        """Rewards are not looked at: they are of trainings from scratch."""

    def state_dict(self) -> dict[str, Any]:
        """See `Searcher.state_dict`."""
        ranked = None if self.ranked_RL is None else self.ranked_RL.copy()
        return super().state_dict() | {"ranked": ranked, "proxy": self.proxy_R.copy()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        super().load_state_dict(state)
        self.ranked_RL = None if state["ranked"] is None else np.array(state["ranked"])
        self.proxy_R = np.array(state["proxy"])


@dataclass(frozen=True)
class Agreement:
    """Spearman's rank correlation of the proxy with the rewards over the architectures that were evaluated; None where
    they are fewer than three or all alike.
    """

    correlation: float | None
    architectures: int


def agreement(searcher: OneShotSearcher, codes_QL: Codes, rewards_Q: Floats) -> Agreement:
    """Of one trial."""
    assert searcher.ranked_RL is not None
    unique_QL, at_Q = np.unique(codes_QL, axis=0, return_index=True)
    proxy_of = {row.tobytes(): p for row, p in zip(searcher.ranked_RL, searcher.proxy_R, strict=True)}
    proxy_Q, truth_Q = np.array([proxy_of[row.tobytes()] for row in unique_QL]), rewards_Q[at_Q]
    if len(unique_QL) < 3 or np.ptp(proxy_Q) == 0 or np.ptp(truth_Q) == 0:
        return Agreement(None, len(unique_QL))
    return Agreement(float(spearmanr(proxy_Q, truth_Q).statistic), len(unique_QL))


class OneShot(PerTrial):
    """Trials of a `OneShotSearcher`."""

    query = "an architecture trained from scratch, in the order of the proxy; the seconds are those of the supernet too"

    def findings(self, codes_TQL: Codes, rewards_TQ: Floats) -> list[Agreement]:
        """Whether the proxy of each trial says anything about the rewards."""
        return [
            agreement(searcher, codes_QL, rewards_Q)  # type: ignore[arg-type] # all are one-shot searchers
            for searcher, codes_QL, rewards_Q in zip(self.searchers, codes_TQL, rewards_TQ, strict=True)
        ]

    def sum_up(self, findings_T: Sequence[Agreement]) -> dict[str, Any]:
        """The mean correlation, None where a trial has none; of the architectures the least of all trials."""
        known = [one.correlation for one in findings_T if one.correlation is not None]
        correlation = float(np.mean(known)) if len(known) == len(findings_T) else None
        architectures = min(one.architectures for one in findings_T)
        return {"proxy": {"rank_correlation": correlation, "architectures": architectures}}


def everyone(space: SearchSpace) -> Codes | None:
    """All codes of a space that is numbered."""
    whole = numbered(space)
    return None if whole is None else np.arange(whole.size, dtype=np.int32)[:, None]
