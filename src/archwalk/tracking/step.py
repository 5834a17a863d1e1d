"""What a callback is told: the steps of a run, by names that do not change."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from archwalk.data.decoding import encode_json
from archwalk.spaces.base import Codes, SearchSpace

REWARD, REPORT, BEST_REWARD, BEST_REPORT, FAILED = (
    "search/reward", "search/report", "search/best_reward", "search/best_report", "search/failed",
)  # fmt: skip
"""Of a search, for each evaluation: what the strategy sees, what it is judged by, both of the best so far by reward,
and how many evaluations of the trial gave no reward until then."""

METRICS = "metrics/"
"""Before the name of what else is known of the architecture, `metrics/latency_ms`."""

TRAINING = "training/"
"""Before what a training pays: `training/queries`, `training/unique`, `training/seconds`; charts and losses keep the
names of metrics.jsonl (`charts/reward`, `losses/model`)."""


@dataclass(frozen=True)
class Run:
    """A trial of a search, or a training: one line of a chart."""

    kind: str
    """`search` or `training`."""
    name: str
    """Of benchmark, strategy and trial, with slashes between."""
    about: Mapping[str, Any]
    """Benchmark, objective, strategy, settings, seed and so on, as JSON has them."""

    @cached_property
    def key(self) -> str:
        """The same for the same call, and for one that goes on after a stop: twelve hexadecimal digits."""
        return hashlib.sha256(encode_json([self.kind, self.name, self.about]).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Step:
    """What is told of a run: an evaluation of a search, or some steps of a training."""

    run: Run
    number: int
    """Of the query, from 1; of a training its steps."""
    metrics: Mapping[str, float]
    """By the names of this module; what is not known is left out."""
    space: SearchSpace | None = None
    code_L: Codes | None = None

    @property
    def architecture(self) -> dict[str, Any] | None:
        """What was evaluated, as the space describes it; None in a training."""
        return None if self.space is None or self.code_L is None else self.space.describe(self.code_L)

    def __repr__(self) -> str:
        values = ", ".join(f"{name} {value:.6g}" for name, value in self.metrics.items())
        return f"{self.run.name}, step {self.number}: {values}"


class Tracker(ABC):
    """Writes steps of runs somewhere. Whatever it raises, the search goes on without it."""

    name = "a tracker"

    @abstractmethod
    def begin(self, run: Run) -> int:
        """A run begins, or goes on; gives the number of the last step of it that is written already, 0 for none."""

    @abstractmethod
    def step(self, step: Step) -> None:
        """Write a step, later than all before."""

    def end(self, run: Run) -> None:  # noqa: B027 - not all have something to close
        """A run is over, or stopped."""


class FunctionTracker(Tracker):
    """Calls a function with every step."""

    def __init__(self, function: Callable[[Step], object]) -> None:
        self.function = function
        self.name = f"the callback {getattr(function, '__name__', type(function).__name__)}"

    def begin(self, run: Run) -> int:
        """A function is told everything, after a stop what follows the last checkpoint."""
        return 0

    def step(self, step: Step) -> None:
        """Call it."""
        self.function(step)


Callback = Tracker | Callable[[Step], object]


def as_tracker(callback: Callback) -> Tracker:
    """A callback as a tracker."""
    return callback if isinstance(callback, Tracker) else FunctionTracker(callback)
