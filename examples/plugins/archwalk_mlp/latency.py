"""A benchmark of which less is better: multiplications of a network, at a million a millisecond."""

import numpy as np

from archwalk.errors import UsageError
from archwalk.estimators.base import Scores
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.metrics import Metric, single
from archwalk.spaces.base import Codes
from archwalk.spaces.task import Task
from archwalk_mlp.space import MLP

LATENCY = Metric("latency", "ms", higher_is_better=False)
COST = {"relu": 1.0, "tanh": 8.0, "identity": 0.0}
"""Microseconds of an activation."""


class Latency:
    """Scores as they are, in milliseconds: who searches is told them turned, so that higher is better."""

    objective = single("latency", LATENCY)
    evaluation = "table"  # it answers at once

    def __init__(self, space: MLP) -> None:
        self.space = space

    def evaluate(self, codes_BL: Codes) -> Scores:
        """Score codes (B, 1)."""
        described = [self.space.describe(code_L)["activations"] for code_L in codes_BL]
        microseconds_B = np.array([sum(map(COST.__getitem__, names)) for names in described])
        latency_B = 0.1 + microseconds_B / 1000
        return Scores(latency_B, latency_B, np.zeros(len(codes_BL)))


def load_latency(words: list[str], seed: int) -> Benchmark:
    """Milliseconds that a network of four layers takes, counted; lower is better."""
    if words not in ([], ["latency"]):
        raise UsageError("mlp-latency has one objective: latency")
    space = MLP()
    return Benchmark("mlp-latency", space, Latency(space), {"source": "counted"}, Task((2,), 2))
