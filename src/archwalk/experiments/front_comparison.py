"""Comparing strategies that search for a front: by the hypervolume of what each trial found, over queries."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np

from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.metrics import Metric
from archwalk.experiments.comparison import comparison_of, differences
from archwalk.experiments.fronts import (
    Evaluated,
    GoalMethod,
    as_they_are,
    common_reference,
    exact_front,
    front_points,
    hypervolume_curve,
    search_trials,
)
from archwalk.experiments.goals import Problem
from archwalk.experiments.protocol import best_so_far
from archwalk.experiments.records import Comparison, Fronts, StrategyResult
from archwalk.experiments.watching import Watchers
from archwalk.strategies.goals.pareto import hypervolume

VOLUME = Metric("hypervolume")
SHARE = Metric("hypervolume", "%")
"""Of that of the exact front."""


def compare_fronts(
    benchmark: Benchmark,
    problem: Problem,
    methods: Sequence[GoalMethod],
    *,
    budget: int,
    trials: int,
    seed: int,
    workers: int = 1,
    reference_G: Floats | None = None,
    command: str | None = None,
    progress: Callable[[float], None] | None = None,
    watchers: Watchers | None = None,
) -> tuple[Comparison, Mapping[str, list[Evaluated]]]:
    """Run every method from the same starts; reports are hypervolumes from one reference point, that of the exact front
    or of all that was found where none is given. Returns the record and what each method evaluated.
    """
    searched: dict[str, list[Evaluated]] = {}
    seconds: dict[str, float] = {}
    done = 0
    for method in methods:
        began = time.perf_counter()
        searched[method.name] = search_trials(
            benchmark, problem, method, budget=budget, trials=trials, seed=seed, workers=workers,
            watchers=watchers,
            progress=(lambda queries, before=done: progress(before + queries)) if progress else None,  # type: ignore[misc]
        )  # fmt: skip
        seconds[method.name] = time.perf_counter() - began
        done += budget * len(method.makers)
    exact_FG = exact_front(benchmark, problem)
    if reference_G is None:
        reference_G = common_reference(exact_FG, list(searched.values()))
    exact = None if exact_FG is None or reference_G is None else hypervolume(exact_FG, reference_G)
    unit = 100 / exact if exact else 1.0
    metric = SHARE if exact else VOLUME
    reports = {
        method.name: unit
        * np.stack([hypervolume_curve(one, reference_G, budget) for one in searched[method.name]]).reshape(
            len(method.makers), trials, budget
        )
        for method in methods
    }
    strategies = {
        method.name: _result(method, searched[method.name], reports[method.name], seed, seconds[method.name])
        for method in methods
    }
    record = comparison_of(
        benchmark, strategies, budget=budget, trials=trials, seed=seed, command=command,
        **differences(reports, budget, seed, metric),
    )  # fmt: skip
    turned = [goal.metric for goal in problem.goals]
    fronts = Fronts(
        goals=list(problem.goals), limits=list(problem.limits), reference=as_they_are(reference_G, turned),
        exact=None if exact_FG is None else [as_they_are(row_G, turned) for row_G in exact_FG],
        exact_hypervolume=exact, found={name: front_points(benchmark, one) for name, one in searched.items()},
    )  # fmt: skip
    of_what = "in percent of that of the exact front" if exact else "of the front"
    meaning = f"hypervolume {of_what}: {_told(problem)}"
    return msgspec.structs.replace(
        record, reward=metric, report=metric, objective_meaning=meaning, fronts=fronts
    ), searched


def _told(problem: Problem) -> str:
    goals = ", ".join(
        f"{goal.name} {'high' if goal.metric.higher_is_better else 'low'}" for goal in problem.goals
    )
    return f"{goals}, {', '.join(map(str, problem.limits))}" if problem.limits else goals


def _result(
    method: GoalMethod, found: Sequence[Evaluated], report_GTQ: Floats, seed: int, seconds: float
) -> StrategyResult:
    values = [one.values_EG for one in found]
    return StrategyResult(
        query=method.query,
        strategy=method.strategy,
        trials=report_GTQ.shape[1],
        trained=bool(method.training_seeds),
        agents=len(method.makers),
        training_seeds=list(method.training_seeds),
        settings=dict(method.settings),
        preset=method.preset,
        assignments=list(method.assignments),
        citation=method.citation,
        chosen_here=method.chosen_here,
        **best_so_far(report_GTQ, report_GTQ, report_GTQ.shape[2], seed),
        evaluations=sum(map(len, values)),
        failed=sum(int(np.isnan(one).any(axis=1).sum()) for one in values),
        unique_mean=float(np.mean([len(np.unique(one.codes_EL, axis=0)) for one in found])),
        training_queries=method.bill.queries,
        training_unique=method.bill.unique,
        training_seconds=method.bill.seconds,
        seconds=seconds,
    )
