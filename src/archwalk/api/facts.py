"""What a benchmark is: its space, its metrics, and who can search it."""

from __future__ import annotations

from typing import Any

import numpy as np

from archwalk.api.methods import as_method
from archwalk.data.added.names import is_added
from archwalk.data.added.stored import read_added
from archwalk.errors import ArchwalkError
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.estimators.metrics import Metric
from archwalk.spaces.base import EnumerableSpace
from archwalk.strategies.base import Trials
from archwalk.strategies.catalogue import STRATEGIES


def describe_benchmark(name: str) -> dict[str, Any]:
    """Space, objective, metrics and tasks of a benchmark; strategies that can search it, and why the others cannot.

    Raises UsageError for a name that there is not, DataError where its data are missing.
    """
    benchmark = load_benchmark(name)
    space, objective = benchmark.space, benchmark.objective
    refusals = {strategy: _refusal(strategy, benchmark) for strategy in STRATEGIES.names()}
    table = name.partition(":")[0]
    tasks = read_added(table).tasks if is_added(table) else []
    return {
        "name": name,
        "space": space.name,
        "architectures": space.size if isinstance(space, EnumerableSpace) else None,
        "evaluation": benchmark.evaluation,
        "reward": {"name": objective.reward.name, **_told(objective.reward)},
        "report": {"name": objective.report.name, **_told(objective.report)},
        "metrics": {word: _told(metric) for word, metric in benchmark.measurements.metrics.items()},
        "tasks": [f"{table}:{task}" for task in tasks] if len(tasks) > 1 else [],
        "fidelities": list(benchmark.fidelities),
        "provenance": dict(benchmark.provenance),
        "strategies": [strategy for strategy, why in refusals.items() if not why],
        "cannot": {strategy: why for strategy, why in refusals.items() if why},
    }


def _told(metric: Metric) -> dict[str, Any]:
    return {"unit": metric.unit, "higher_is_better": metric.higher_is_better}


def _refusal(strategy: str, benchmark: Benchmark) -> str:
    """Why a strategy cannot search a benchmark; nothing where it can begin."""
    trial = Trials(
        benchmark.space, 1, np.random.default_rng(0), fidelities=benchmark.fidelities,
        share_weights=benchmark.share_weights,
    )  # fmt: skip
    try:
        as_method(strategy, benchmark.space, benchmark.name).factories[0](trial)
    except ArchwalkError as error:
        return str(error)
    return ""
