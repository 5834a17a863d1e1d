"""A shard of prioritised replay with its own draws, as a worker of an engine (Horgan et al., 2018)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.learning.prioritised import Numbers, PrioritisedReplay
from archwalk.learning.replay import Batch

Draw = tuple[Batch, Numbers, NDArray[np.float32]]
"""Transitions, their numbers, their importance weights: see `PrioritisedReplay.sample`."""


class ReplayShard:
    """Holds `capacity` transitions and gives none until `starts` were added to it (RLlib counts what was added,
    not what is held).
    """

    def __init__(self, capacity: int, alpha: float, starts: int, seed: np.random.SeedSequence) -> None:
        self.replay = PrioritisedReplay(capacity, alpha)
        self.starts = starts
        self.rng = np.random.default_rng(seed)

    def add(self, batch: Mapping[str, NDArray[Any]], priorities_B: NDArray[Any]) -> None:
        """See `PrioritisedReplay.add`."""
        self.replay.add(batch, priorities_B)

    def sample(self, n: int, beta: float) -> Draw | None:
        """Draw `n` transitions (`PrioritisedReplay.sample`), or None where too few were added."""
        if self.replay.added < max(1, self.starts):
            return None
        return self.replay.sample(self.rng, n, beta)

    def update(self, rows_B: Numbers, priorities_B: NDArray[Any]) -> None:
        """See `PrioritisedReplay.update`."""
        self.replay.update(rows_B, priorities_B)

    def state_dict(self) -> dict[str, Any]:
        """Contents, priorities and the state of the draws."""
        return {"replay": self.replay.state_dict(), "rng": self.rng.bit_generator.state}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.replay.load_state_dict(state["replay"])
        self.rng.bit_generator.state = state["rng"]
