"""Workers of one kind on an engine."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from archwalk.learning.engines.base import Engine, Pending

Make = Callable[[int, np.random.SeedSequence], Callable[[], object]]
"""Gives the factory of the worker of an index, which draws from that seed alone."""


class WorkerGroup:
    """`count` workers, numbered, each with its own seed, which follows from `seed`, `key` and its index alone.

    A worker that is lost answers every call by WorkerLostError: what it held is gone, and whoever uses the group goes
    back to a state that is whole.
    """

    def __init__(self, engine: Engine, name: str, count: int, make: Make, *, seed: int, key: int) -> None:
        seeds = [np.random.SeedSequence(seed, spawn_key=(key, index, 0)) for index in range(count)]
        self.workers = [engine.spawn(make(i, its), f"{name} {i}") for i, its in enumerate(seeds)]

    def __len__(self) -> int:
        return len(self.workers)

    def submit(self, index: int, method: str, *arguments: Any) -> Pending:
        """Call a method of one worker without waiting."""
        return self.workers[index].submit(method, *arguments)

    def submit_all(self, method: str, *arguments: Any) -> list[Pending]:
        """Call a method of all workers without waiting."""
        return [self.submit(index, method, *arguments) for index in range(len(self))]

    def state_dict(self) -> dict[str, Any]:
        """The states of all workers; they have methods `state_dict` and `load_state_dict`."""
        return {"workers": results(self.submit_all("state_dict"))}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        states = zip(self.workers, state["workers"], strict=True)
        results([worker.submit("load_state_dict", its) for worker, its in states])


def results(calls: Sequence[Pending]) -> list[Any]:
    """What the calls returned, in their order. Raises WorkerLostError where a worker is lost."""
    return [call.result() for call in calls]
