"""The contract of a search strategy: ask and tell, many trials side by side."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import ArchwalkError
from archwalk.estimators.base import Floats, WeightSharing
from archwalk.spaces.base import Codes, SearchSpace

StartTable = NDArray[np.int32]
"""Starting architectures (T, Q, L) that all strategies of a comparison share: row t, k-th start of trial t."""


@dataclass
class Trials:
    """What a search is run on: T independent trials in a space, and the randomness they share.

    `starts_TQL`, where given, are the architectures from which walks set out, in order (so that strategies
    are compared from the same ones); otherwise they are sampled. `generators`, where given, are one a trial:
    those that `rng` would spawn, so that a part of the trials draws what it would draw among all.
    `fidelities` are the numbers of epochs that the estimator has, ascending; the last is the full training.
    `share_weights` makes a supernet on the estimator's own task, where it can.
    """

    space: SearchSpace
    trials: int
    rng: np.random.Generator
    starts_TQL: StartTable | None = None
    generators: Sequence[np.random.Generator] | None = None
    fidelities: tuple[int, ...] = (1,)
    share_weights: WeightSharing | None = None
    _used: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self._used = np.zeros(self.trials, np.int64)

    def split(self) -> list["Trials"]:
        """Every trial alone, with a generator of its own."""
        return [
            Trials(
                self.space,
                1,
                rng,
                None if self.starts_TQL is None else self.starts_TQL[t : t + 1],
                fidelities=self.fidelities,
                share_weights=self.share_weights,
            )
            for t, rng in enumerate(self.generators or self.rng.spawn(self.trials))
        ]

    def next_starts(self, n: int) -> Codes:
        """The next `n` starts of each trial, (T, n, L)."""
        return np.stack([self.next_start(np.ones(self.trials, bool)) for _ in range(n)], axis=1)

    def next_start(self, rows_T: NDArray[np.bool_]) -> Codes:
        """One more start for each chosen trial: (R, L)."""
        rows = np.flatnonzero(rows_T)
        sampled = self.space.sample(self.rng, len(rows))
        if self.starts_TQL is not None:
            listed = self._used[rows] < self.starts_TQL.shape[1]
            at = rows[listed]
            sampled[listed] = self.starts_TQL[at, self._used[at]]
        self._used[rows] += 1
        return sampled

    def state_dict(self) -> dict[str, Any]:
        """State of the draws."""
        return {"rng": self.rng.bit_generator.state, "used": self._used}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.rng.bit_generator.state = state["rng"]
        self._used = np.array(state["used"])


class Strategy(ABC):
    """Proposes architectures and learns from their rewards, in T trials side by side.

    `ask(n)` and `tell` take turns. A strategy sees rewards, never reports. One that needs to be told before
    it can go on may return fewer than `n`.
    """

    query: str = "an architecture"
    """What one query is in the protocol of this strategy; printed with every result."""

    settings_class: ClassVar[type[Any] | None] = None
    """A frozen dataclass of what can be set, where there is something; the strategy then takes one as `settings`."""

    training_queries: int = 0
    """Evaluations that training has cost before the search; 0 for strategies that are not trained."""

    training_unique: int = 0
    """Different architectures among them."""

    training_seconds: float = 0.0
    """Wall time of training."""

    def __init__(self, trials: Trials) -> None:
        self.trials = trials
        self._asked: Codes | None = None

    @property
    def fidelity(self) -> int:
        """What the next architectures (or those not told yet) are to be evaluated at: an index into
        `Trials.fidelities`, from the end. The full training, unless a strategy says otherwise.
        """
        return -1

    def ask(self, n: int) -> Codes:
        """Codes (T, m, L), 1 <= m <= n. Raises ArchwalkError if the last ones were not told."""
        if self._asked is not None:
            raise ArchwalkError("ask() was called twice: tell() the rewards of the last architectures first")
        if n < 1:
            raise ArchwalkError(f"ask() takes at least 1, not {n}")
        self._asked = self._propose(n)
        return self._asked

    def tell(self, codes_TNL: Codes, rewards_TN: Floats) -> None:
        """Rewards (T, m) of the codes that `ask` gave. Raises ArchwalkError for any others.

        A reward that is not a number, or infinite, counts as the worst there is.
        """
        if self._asked is None or not np.array_equal(codes_TNL, self._asked):
            raise ArchwalkError("tell() takes the architectures that the last ask() gave")
        self._asked = None
        self._learn(codes_TNL, np.where(np.isfinite(rewards_TN), rewards_TN, -np.inf))

    @abstractmethod
    def _propose(self, n: int) -> Codes:
        """See `ask`."""

    def _learn(self, codes_TNL: Codes, rewards_TN: Floats) -> None:  # noqa: B027 - not all strategies learn
        """See `tell`."""

    def findings(self, codes_TQL: Codes, rewards_TQ: Floats) -> list[Any]:
        """What there is to say of each trial beside its best, one a trial; all that was evaluated is handed in."""
        return []

    def sum_up(self, findings_T: Sequence[Any]) -> dict[str, Any]:
        """What a record says of the `findings` of all trials, those of other processes among them, for JSON."""
        return {}

    def state_dict(self) -> dict[str, Any]:
        """State, for a checkpoint, between a tell and an ask."""
        return {"trials": self.trials.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.trials.load_state_dict(state["trials"])
