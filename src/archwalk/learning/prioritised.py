"""Prioritised replay (Schaul et al., 2016), proportional, as Ape-X shards it (Horgan et al., 2018).

What the papers leave open is RLlib 1.13's: draws are independent, not stratified, and importance weights are
divided by the largest that any transition of the shard could have, not by the largest of the batch.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.learning.replay import Batch, Ring
from archwalk.learning.sum_tree import SumTree

Numbers = NDArray[np.int64]


def priorities(error_B: NDArray[Any], eps: float = 1e-6) -> NDArray[np.float64]:
    """Priorities (B,) of temporal-difference errors (B,): none is 0, so that all can be drawn again."""
    priorities_B: NDArray[np.float64] = np.abs(error_B).astype(np.float64) + eps
    return priorities_B


class PrioritisedReplay:
    """One shard: the last `capacity` transitions, each drawn in proportion to priority ** alpha.

    Transitions are numbered as they are added, from 0, without end; the slot of a number is its remainder by
    the capacity. A number is thus a slot and a stamp in one: that of an overwritten transition is known to be
    stale, however late its priority comes back from a learner.
    """

    def __init__(self, capacity: int, alpha: float = 0.6) -> None:
        self.alpha = alpha
        self.added = 0
        self.ring = Ring(capacity)
        self.tree = SumTree(capacity)

    @property
    def capacity(self) -> int:
        """The most transitions that are held."""
        return self.ring.capacity

    @property
    def size(self) -> int:
        """Transitions that are held."""
        return self.ring.size

    def add(self, batch: Mapping[str, NDArray[Any]], priorities_B: NDArray[Any]) -> None:
        """Append a batch with its priorities, all above 0; the oldest transitions fall out.

        Raises ValueError, and adds nothing, for a priority that is not above 0 and finite, or missing.
        """
        rows_B = self.added + np.arange(len(next(iter(batch.values()))))
        self.tree.set(rows_B % self.capacity, self._powers(priorities_B))
        self.ring.add(batch)
        self.added += len(rows_B)

    def sample(
        self, rng: np.random.Generator, n: int, beta: float = 0.4
    ) -> tuple[Batch, Numbers, NDArray[np.float32]]:
        """Draw `n` transitions with replacement: (batch, rows_B, weights_B).

        `rows_B` are their numbers, for `update`. `weights_B` are (N P(i)) ** -beta over the largest of the
        shard, in (0, 1]: N and the sum of the priorities cancel. Raises ValueError when nothing was added.
        """
        slots_B = self.tree.find(rng.random(n))
        weights_B = (self.tree.smallest / self.tree.values[slots_B]) ** beta
        rows_B = self.added - 1 - (self.added - 1 - slots_B) % self.capacity
        return self.ring.take(slots_B), rows_B, weights_B.astype(np.float32)

    def update(self, rows_B: Numbers, priorities_B: NDArray[Any]) -> None:
        """Set the priorities of transitions that `sample` gave; those that are not held (any more) are left out.

        Raises ValueError, and changes nothing, for a priority that is not above 0 and finite.
        """
        fresh_B = (rows_B >= self.added - self.capacity) & (rows_B < self.added)
        self.tree.set(rows_B[fresh_B] % self.capacity, self._powers(priorities_B[fresh_B]))

    def _powers(self, priorities_B: NDArray[Any]) -> NDArray[np.float64]:
        return np.asarray(priorities_B, np.float64) ** self.alpha

    def state_dict(self) -> dict[str, Any]:
        """Contents and priorities, without the part that was never filled."""
        powers = self.tree.values[: self.size].copy()
        return {"ring": self.ring.state_dict(), "added": self.added, "powers": powers}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.ring.load_state_dict(state["ring"])
        self.added = int(state["added"])
        self.tree = SumTree(self.capacity)
        self.tree.set(np.arange(self.size), state["powers"])
