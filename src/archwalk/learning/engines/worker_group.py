"""Workers of one kind on an engine; one that is lost is replaced, and the others go on."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from archwalk.errors import ArchwalkError
from archwalk.learning.engines.base import Engine, Pending, WorkerLostError

_LOSSES_IN_A_ROW = 3
"""Of one worker that never answered in between: then it is not bad luck."""

_log = logging.getLogger(__name__)

Make = Callable[[int, np.random.SeedSequence], Callable[[], object]]
"""Gives the factory of the worker of an index, which draws from that seed alone."""


@dataclass(frozen=True)
class Call:
    """A call of the worker that had the index when it was made."""

    index: int
    generation: int
    pending: Pending


class WorkerGroup:
    """`count` workers, numbered, each with its own seed.

    A worker that is lost is replaced by a fresh one of the next generation, whose seed follows from `seed`, `key`,
    index and generation alone; what the lost one held is gone. `lost` counts them.
    """

    def __init__(self, engine: Engine, name: str, count: int, make: Make, *, seed: int, key: int) -> None:
        self.engine = engine
        self.name = name
        self.make = make
        self.seed = seed
        self.key = key
        self.lost = 0
        self.generations = [0] * count
        self._losses = [0] * count
        self.workers = [self._spawn(index) for index in range(count)]

    def __len__(self) -> int:
        return len(self.workers)

    def submit(self, index: int, method: str, *arguments: Any) -> Call:
        """Call a method of one worker without waiting."""
        return Call(index, self.generations[index], self.workers[index].submit(method, *arguments))

    def submit_all(self, method: str, *arguments: Any) -> list[Call]:
        """Call a method of all workers without waiting."""
        return [self.submit(index, method, *arguments) for index in range(len(self))]

    def result(self, call: Call) -> Any:
        """What the call returned; None if its worker is lost, which is then replaced.

        Raises ArchwalkError where replacements are lost as well.
        """
        try:
            answer = call.pending.result()
        except WorkerLostError as error:
            if call.generation == self.generations[call.index]:
                self._replace(call.index, error)
            return None
        self._losses[call.index] = 0
        return answer

    def results(self, calls: Sequence[Call]) -> list[Any]:
        """What the calls returned, in their order: see `result`."""
        return [self.result(call) for call in calls]

    def _replace(self, index: int, error: WorkerLostError) -> None:
        self.lost += 1
        self._losses[index] += 1
        if self._losses[index] == _LOSSES_IN_A_ROW:
            raise ArchwalkError(
                f"{self.name} {index} was lost {_LOSSES_IN_A_ROW} times in a row without an answer; "
                "is there enough memory?"
            ) from error
        _log.warning("archwalk: %s %d is lost; a fresh one takes its place", self.name, index)
        self.generations[index] += 1
        self.workers[index] = self._spawn(index)

    def _spawn(self, index: int) -> Any:
        seed = np.random.SeedSequence(self.seed, spawn_key=(self.key, index, self.generations[index]))
        return self.engine.spawn(self.make(index, seed), f"{self.name} {index}")

    def state_dict(self) -> dict[str, Any]:
        """The states of all workers; they have methods `state_dict` and `load_state_dict`."""
        states = self.results(self.submit_all("state_dict"))
        while None in states:
            states = self.results(self.submit_all("state_dict"))
        return {"generations": list(self.generations), "lost": self.lost, "workers": states}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave; a worker that is lost over it raises WorkerLostError."""
        self.generations = list(state["generations"])
        self.lost = int(state["lost"])
        for worker, its in zip(self.workers, state["workers"], strict=True):
            worker.submit("load_state_dict", its).result()
