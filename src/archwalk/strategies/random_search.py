"""Random search (Cassimon et al. 2024, section 3.2.3): every query is a fresh sample of the space."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Floats
from archwalk.spaces.base import Codes
from archwalk.strategies.base import Strategy
from archwalk.strategies.walker import Episodes

_PATIENCE = 100
"""How often an architecture that cannot be built is drawn anew."""


@runtime_checkable
class BuiltSpace(Protocol):
    """A space that knows, before anything is trained, which architectures have no network for its images."""

    def fits(self, codes_BL: Codes) -> NDArray[np.bool_]:
        """Which of codes (B, L) have one."""


class RandomSearch(Strategy):
    """Random search: every query is a fresh sample of the space, from its distribution of starts.

    What a space says cannot be built is drawn anew (ours): agents beside it that build have masks for that.
    """

    def _propose(self, n: int) -> Codes:
        trials = self.trials
        return self._sample(trials.trials * n).reshape(trials.trials, n, -1)

    def _sample(self, n: int) -> Codes:
        space, rng = self.trials.space, self.trials.rng
        codes_BL = space.sample(rng, n)
        if isinstance(space, BuiltSpace):
            for _ in range(_PATIENCE):
                anew_B = ~space.fits(codes_BL)
                if not anew_B.any():
                    break
                codes_BL[anew_B] = space.sample(rng, int(anew_B.sum()))
        return codes_BL

    def improve(self, starts_BL: Codes, evaluate: Callable[[Codes], Floats] | None = None) -> Episodes:
        """Ignore each start and sample an architecture instead, as Cassimon et al.'s Figure 8 does."""
        finals_BL = self._sample(len(starts_BL))
        return Episodes(finals_BL, np.zeros(len(starts_BL), np.int32))
