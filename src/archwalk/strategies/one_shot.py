"""What one-shot searches share: train a supernet, rank architectures by a proxy, have the best trained from scratch.

P2 section 5.3: run the method, take the top K by proxy, train these, return the best. Here every query is the next
architecture of that ranking, so K is the budget (P2's K is 3). Where the budget is larger than the ranking, it begins
again at the top. Architectures of equal proxy follow each other by lot: by their ids, all trials would take the same.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from archwalk.errors import UsageError
from archwalk.estimators.base import Floats, SharedWeights
from archwalk.spaces.base import Codes, EnumerableSpace
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
        self.seconds_before = 0.0
        """See `Strategy`."""

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
        self.seconds_before = shared.seconds_before
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


def proxy_findings(searchers: Sequence[Searcher], codes_TQL: Codes, rewards_TQ: Floats) -> dict[str, Any]:
    """Whether the proxy says anything: Spearman's rank correlation with the rewards, over the `architectures` (least of
    all trials) that were evaluated; the mean over trials, None where fewer than three were or all are alike.
    """
    found, counts = [], []
    for searcher, codes_QL, rewards_Q in zip(searchers, codes_TQL, rewards_TQ, strict=True):
        if not isinstance(searcher, OneShotSearcher) or searcher.ranked_RL is None:
            return {}
        unique_QL, at_Q = np.unique(codes_QL, axis=0, return_index=True)
        proxy_of = {row.tobytes(): p for row, p in zip(searcher.ranked_RL, searcher.proxy_R, strict=True)}
        proxy_Q, truth_Q = np.array([proxy_of[row.tobytes()] for row in unique_QL]), rewards_Q[at_Q]
        counts.append(len(unique_QL))
        if len(unique_QL) > 2 and np.ptp(proxy_Q) > 0 and np.ptp(truth_Q) > 0:
            found.append(float(spearmanr(proxy_Q, truth_Q).statistic))
    correlation = float(np.mean(found)) if len(found) == len(searchers) else None
    return {"proxy": {"rank_correlation": correlation, "architectures": min(counts)}}


class OneShot(PerTrial):
    """Trials of a `OneShotSearcher`."""

    query = "an architecture trained from scratch, in the order of the proxy; the seconds are those of the supernet too"

    @property
    def seconds_before(self) -> float:  # type: ignore[override] # a constant of those that keep nothing
        """See `Strategy`."""
        return sum(searcher.seconds_before for searcher in self.searchers)  # type: ignore[attr-defined]

    def findings(self, codes_TQL: Codes, rewards_TQ: Floats) -> dict[str, Any]:
        """See `proxy_findings`."""
        return proxy_findings(self.searchers, codes_TQL, rewards_TQ)


def everyone(space: object) -> Codes | None:
    """All codes of a space that is numbered."""
    return np.arange(space.size, dtype=np.int32)[:, None] if isinstance(space, EnumerableSpace) else None
