"""Strategies that think about one trial at a time: written for one, run for T side by side."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from archwalk.estimators.base import Floats
from archwalk.spaces.base import Codes
from archwalk.strategies.base import Strategy, Trials


class Searcher(ABC):
    """One trial of a search: proposes a batch, learns from it when all of it was evaluated.

    `trial` is a `Trials` of one, with a generator of its own: the searcher sees nothing of other trials.
    """

    def __init__(self, trial: Trials, settings: Any) -> None:
        self.trial = trial
        self.space = trial.space
        self.rng = trial.rng
        self.settings = settings

    @property
    def fidelity(self) -> int:
        """See `Strategy.fidelity`; the same in all trials, whatever their rewards."""
        return -1

    @abstractmethod
    def propose(self) -> Codes:
        """The next architectures (K, L) to evaluate, K >= 1."""

    @abstractmethod
    def learn(self, codes_KL: Codes, rewards_K: Floats) -> None:
        """Rewards (K,) of the last proposal; -inf where there is none."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next proposal depends on: after a proposal, too, before it was learned from."""
        return {"trial": self.trial.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.trial.load_state_dict(state["trial"])


class PerTrial(Strategy):
    """Runs a `Searcher` a trial. Trials are independent, so a comparison may spread them over processes.

    `ask(n)` gives as many as every trial has left of its batch, at most n.
    """

    searcher_class: ClassVar[type[Searcher]]

    def __init__(self, trials: Trials, settings: Any = None) -> None:
        super().__init__(trials)
        if self.settings_class is not None:
            settings = settings or self.settings_class()
        self.searchers = [self.searcher_class(trial, settings) for trial in trials.split()]
        none_KL = np.empty((0, trials.space.code_length), np.int32)
        self._batches = [none_KL for _ in self.searchers]
        self._rewards = [np.empty(0) for _ in self.searchers]

    @property
    def fidelity(self) -> int:
        """See `Strategy.fidelity`."""
        return self.searchers[0].fidelity

    def _propose(self, n: int) -> Codes:
        for t, searcher in enumerate(self.searchers):
            if len(self._rewards[t]) == len(self._batches[t]):
                self._batches[t], self._rewards[t] = searcher.propose(), np.empty(0)
        told = [len(rewards_K) for rewards_K in self._rewards]
        m = min(n, *(len(batch_KL) - k for batch_KL, k in zip(self._batches, told, strict=True)))
        return np.stack([batch_KL[k : k + m] for batch_KL, k in zip(self._batches, told, strict=True)])

    def _learn(self, codes_TNL: Codes, rewards_TN: Floats) -> None:
        for t, searcher in enumerate(self.searchers):
            self._rewards[t] = np.concatenate([self._rewards[t], rewards_TN[t]])
            if len(self._rewards[t]) == len(self._batches[t]):
                searcher.learn(self._batches[t], self._rewards[t])

    def state_dict(self) -> dict[str, Any]:
        """State between a tell and an ask."""
        searchers = [searcher.state_dict() for searcher in self.searchers]
        batches = [batch_KL.copy() for batch_KL in self._batches]
        return super().state_dict() | {
            "searchers": searchers, "batches": batches, "rewards": list(self._rewards),
        }  # fmt: skip

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        super().load_state_dict(state)
        for searcher, saved in zip(self.searchers, state["searchers"], strict=True):
            searcher.load_state_dict(saved)
        self._batches = [np.array(batch_KL) for batch_KL in state["batches"]]
        self._rewards = [np.array(rewards_K) for rewards_K in state["rewards"]]


def finite_rewards(rewards_E: Floats) -> Floats:
    """Rewards for a model that cannot learn from infinities: the worst and the best finite one stand in for them.

    Zeros where none is finite.
    """
    finite_E = np.isfinite(rewards_E)
    if not finite_E.any():
        return np.zeros_like(rewards_E)
    known = rewards_E[finite_E]
    return np.clip(rewards_E, known.min(), known.max())
