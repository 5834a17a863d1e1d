"""Random walk (Cassimon et al. 2024, section 3.2.3): a uniformly random neighbour, or the end, at every step."""

import numpy as np
from numpy.typing import NDArray

from archwalk.jit import Streams, kernel, random_below
from archwalk.spaces.base import Codes
from archwalk.strategies.walker import Walker


class RandomWalk(Walker):
    """Random walk of Cassimon et al. 2024, section 3.2.3: a presented neighbour or the end, all equally likely."""

    def choose(self, codes_RKL: Codes, count_R: NDArray[np.int32], streams_R: Streams) -> NDArray[np.int64]:
        """Uniform actions (R,)."""
        action_R = np.empty(len(count_R), np.int64)
        _draw(count_R, streams_R, action_R)
        return action_R


@kernel
def _draw(count_R, streams_R, action_R):  # type: ignore[no-untyped-def]
    for r in range(len(count_R)):
        action_R[r] = random_below(streams_R, r, count_R[r] + 1)
