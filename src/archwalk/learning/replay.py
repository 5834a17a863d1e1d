"""Replay: a ring of named arrays, and uniform draws from it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Batch = dict[str, NDArray[Any]]


class Ring:
    """The last `capacity` transitions.

    Fields are taken from the first batch that is added: whatever arrays share their first dimension.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.size = 0
        self.next = 0
        self.fields: Batch = {}

    def add(self, batch: Mapping[str, NDArray[Any]]) -> None:
        """Append a batch; the oldest transitions fall out."""
        n = len(next(iter(batch.values())))
        if not self.fields:
            self.fields = {k: np.zeros((self.capacity, *v.shape[1:]), v.dtype) for k, v in batch.items()}
        rows = (self.next + np.arange(n)) % self.capacity
        for name, values in batch.items():
            self.fields[name][rows] = values
        self.next = int((self.next + n) % self.capacity)
        self.size = min(self.size + n, self.capacity)

    def take(self, rows_B: NDArray[np.int64]) -> Batch:
        """Copy the transitions in these places."""
        return {name: values[rows_B] for name, values in self.fields.items()}

    def state_dict(self) -> dict[str, Any]:
        """Contents, without the part that was never filled."""
        return {"next": self.next, **{f"field.{k}": v[: self.size] for k, v in self.fields.items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.size, self.fields = 0, {}
        fields = {k.removeprefix("field."): v for k, v in state.items() if k.startswith("field.")}
        if fields:
            self.next = 0
            self.add(fields)
        self.next = int(state["next"])


class Replay(Ring):
    """The last `capacity` transitions, sampled uniformly with replacement."""

    def sample(self, rng: np.random.Generator, n: int) -> Batch:
        """Draw `n` transitions."""
        return self.take(rng.integers(0, self.size, size=n))
