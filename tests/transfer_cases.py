"""What the tests of transfer share: tasks that have most of their weights in common, and a short training."""

from dataclasses import replace

import numpy as np

from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.table import TableEstimator

TASKS = 3
SHORT_SETTINGS = {
    "samples": 60, "members": 1, "width": 8, "updates": 20, "batch": 16, "fitted": 30, "kernel_steps": 3,
    "rehearsed": 8,
}  # fmt: skip


def task(space, number: int) -> Benchmark:
    """One of many."""
    weights_F = np.random.default_rng(0).normal(size=space.feature_count)
    weights_F += 0.5 * np.random.default_rng(number + 1).normal(size=space.feature_count)
    raw_N = space.feature_table @ weights_F
    reward_N = np.interp(raw_N, (raw_N.min(), raw_N.max()), (10, 95))
    return Benchmark(f"task-{number}", space, TableEstimator(accuracies(), reward_N, reward_N), {})


def flat(space) -> Benchmark:
    """One whose rewards are all alike."""
    alike_N = np.ones(space.size)
    return replace(task(space, 9), estimator=TableEstimator(accuracies(), alike_N, alike_N))
