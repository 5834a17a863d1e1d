"""Scores of episodes while an agent learns: raw returns, and the figures that are told of them."""

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
WINDOW = 100
"""Episodes of a moving average."""


class EpisodeScores:
    """Sums raw rewards of N environments, each for itself, until its episode is over.

    `mean_return` is the mean score of the last 100 finished episodes, `max_return` the highest such mean since the
    beginning. Where fewer than 100 have finished, both are the mean of those that have; where none has, NaN.
    """

    def __init__(self, environments: int) -> None:
        self.running_N = np.zeros(environments)
        self.last: deque[float] = deque(maxlen=WINDOW)
        self.episodes = 0
        self._highest = -np.inf

    def add(self, reward_N: Floats, over_N: NDArray[np.bool_]) -> None:
        """Take a step of all environments."""
        self.running_N += reward_N
        if not over_N.any():
            return
        for score in self.running_N[over_N].tolist():
            self.last.append(score)
            self.episodes += 1
            if self.episodes >= WINDOW:
                self._highest = max(self._highest, self.mean_return)
        self.running_N[over_N] = 0.0

    def forget(self) -> None:
        """The environments begin anew: what they were in the middle of does not count."""
        self.running_N[:] = 0.0

    @property
    def mean_return(self) -> float:
        """See the class."""
        return float(np.mean(self.last)) if self.last else float("nan")

    @property
    def max_return(self) -> float:
        """See the class."""
        return self._highest if self.episodes >= WINDOW else self.mean_return

    def state_dict(self) -> dict[str, Any]:
        """Everything that the figures depend on."""
        return {
            "running": self.running_N.copy(),
            "last": np.array(self.last),
            "episodes": self.episodes,
            "highest": np.array(self._highest),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.running_N = np.array(state["running"])
        self.last = deque(np.array(state["last"]).tolist(), maxlen=WINDOW)
        self.episodes = int(state["episodes"])
        self._highest = float(state["highest"])
