"""Random search (P1 section 3.2.3): every query is a fresh sample of the space."""

from collections.abc import Callable

import numpy as np

from archwalk.estimators.base import Floats
from archwalk.spaces.base import Codes
from archwalk.strategies.base import Strategy
from archwalk.strategies.walker import Episodes


class RandomSearch(Strategy):
    """Samples architectures from the space's distribution of starts; does not walk."""

    def _propose(self, n: int) -> Codes:
        trials = self.trials
        return trials.space.sample(trials.rng, trials.trials * n).reshape(trials.trials, n, -1)

    def improve(self, starts_BL: Codes, evaluate: Callable[[Codes], Floats] | None = None) -> Episodes:
        """Ignore each start and sample an architecture instead, as P1's Figure 8 does."""
        finals_BL = self.trials.space.sample(self.trials.rng, len(starts_BL))
        return Episodes(finals_BL, np.zeros(len(starts_BL), np.int32))
