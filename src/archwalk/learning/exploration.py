"""Schedules, and how actions are explored."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Linear:
    """A value that goes linearly from `start` to `end` over the first `fraction` of training, then stays."""

    start: float
    end: float
    fraction: float = 1.0

    def __call__(self, progress: float) -> float:
        """The value at `progress` in [0, 1]."""
        share = min(1.0, progress / self.fraction) if self.fraction > 0 else 1.0
        return self.start + (self.end - self.start) * share


def per_worker_epsilon(i: int, k: int, base: float = 0.4, alpha: float = 7.0) -> float:
    """The constant epsilon of group `i` of `k` (Horgan et al., 2018, section 4.1): base ** (1 + alpha i / (k - 1)).

    One group alone explores with `base` (ours, as RLlib). Raises ValueError for a group that there is not.
    """
    if not 0 <= i < k:
        raise ValueError(f"of {k} groups there is no group {i}")
    return float(base ** (1 + alpha * i / max(1, k - 1)))


def explore(
    action_B: NDArray[np.int64], count_B: NDArray[np.int32], epsilon: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Replace each action with probability `epsilon` by a uniform one of the `count_B + 1` that there are."""
    random_B = (rng.random(len(action_B)) * (count_B + 1)).astype(np.int64)
    return np.where(rng.random(len(action_B)) < epsilon, random_B, action_B)
