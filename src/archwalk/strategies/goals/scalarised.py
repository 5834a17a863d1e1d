"""Any strategy with one goal, made to look for a front: by rewards that weigh the goals, with other weights each time.

Source: Knowles, ParEGO, IEEE Transactions on Evolutionary Computation 2006: the augmented Chebyshev function of goals
that are scaled to [0, 1], with weights drawn anew. There one model is fitted again to all that was evaluated; here the
strategy is begun again with the same random numbers (ours), so that it asks for the same architectures at first. What
it asks for that was evaluated in this trial is answered from memory, under the new weights, and is no query.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from archwalk.estimators.base import Floats
from archwalk.spaces.base import Codes
from archwalk.strategies.base import Strategy, Trials
from archwalk.strategies.checks import CountOrZero, check_settings
from archwalk.strategies.goals.base import Archive, GoalSearcher

AUGMENTATION = 0.05
"""Knowles' rho."""

_ASK_AT_ONCE = 32
_FREE = 200
"""Answers from memory, without a query in between, after which the strategy is begun with other random numbers."""


@dataclass(frozen=True)
class ScalarisedSettings:
    """After `every` queries other weights are drawn (0: a tenth of the budget, 10 at least)."""

    every: CountOrZero = 0

    def __post_init__(self) -> None:
        check_settings(self)


class Scalarised(GoalSearcher):
    """See the module. `make` makes the strategy with one goal."""

    settings_class: ClassVar[type[Any] | None] = ScalarisedSettings

    def __init__(
        self, trial: Trials, goals: int, budget: int, make: Callable[[Trials], Strategy], settings: Any = None
    ) -> None:
        super().__init__(trial, goals, budget, settings)
        self.make = make
        self.every = self.settings.every or max(10, budget // 10)
        self.archive = Archive(self.space.code_length, goals)
        self._seed = int(self.rng.integers(2**63))
        self._due = 0
        self._strategy: Strategy | None = None
        self._waiting: Codes = self.archive.codes_EL

    def propose(self, left: int) -> Codes:
        """What the strategy asks for and is not known, each architecture once."""
        free = 0
        while True:
            if free > 2 * _FREE:  # all may be known
                self._strategy = None
                return self.space.sample(self.rng, 1)
            if free > _FREE:
                self._seed += 1
            if self._strategy is None or free > _FREE or len(self.archive) >= self._due:
                self._begin()
            assert self._strategy is not None
            self._waiting = self._strategy.ask(min(_ASK_AT_ONCE, left))[0]
            unknown: dict[bytes, int] = {}
            for place, code_L in enumerate(self._waiting):
                if self.archive.find(code_L) is None:
                    unknown.setdefault(code_L.tobytes(), place)
            if unknown:
                return self._waiting[list(unknown.values())]
            free += len(self._waiting)
            self._answer()

    def learn(self, codes_KL: Codes, values_KG: Floats, violations_K: Floats) -> None:
        """The strategy is told rewards."""
        self.archive.add(codes_KL, values_KG, violations_K)
        if self._strategy is not None:
            self._answer()

    def _begin(self) -> None:
        self._due = len(self.archive) + self.every
        self._weights_G = self.rng.dirichlet(np.ones(self.goals))
        rng = np.random.default_rng(self._seed)
        self._strategy = self.make(Trials(self.space, 1, rng, self.trial.starts_TQL))

    def _answer(self) -> None:
        """Tell the strategy what is known of all that it asked for."""
        assert self._strategy is not None
        places = [self.archive.first[code_L.tobytes()] for code_L in self._waiting]
        self._strategy.tell(self._waiting[None], self._rewards()[places][None])
        self._waiting = self._waiting[:0]

    def _rewards(self) -> Floats:
        """Of all that was evaluated: 0 is the best of each goal so far; behind all else, what breaks a limit."""
        allowed_E = self.archive.allowed_E
        values_EG = self.archive.values_EG
        if not allowed_E.any():
            return -2 - self.archive.violations_E
        low_G, high_G = values_EG[allowed_E].min(axis=0), values_EG[allowed_E].max(axis=0)
        lacking_EG = (high_G - values_EG) / np.where(high_G > low_G, high_G - low_G, 1.0)
        weighted_EG = self._weights_G * lacking_EG
        reward_E = -(weighted_EG.max(axis=1) + AUGMENTATION * weighted_EG.sum(axis=1))
        rewards: Floats = np.where(allowed_E, reward_E, -2 - self.archive.violations_E)
        return rewards
