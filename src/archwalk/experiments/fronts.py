"""A search with several goals: run, and what came of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.measurements import Columns
from archwalk.estimators.metrics import Metric
from archwalk.experiments.evaluated import Batch, Evaluations, Searched
from archwalk.experiments.goals import Problem
from archwalk.experiments.protocol import spawn
from archwalk.experiments.records import Front, FrontPoint
from archwalk.experiments.runs import now
from archwalk.experiments.statistics import numbers
from archwalk.experiments.watching import Watchers
from archwalk.spaces.base import Codes
from archwalk.strategies.base import Trials
from archwalk.strategies.goals.base import GoalSearcher
from archwalk.strategies.goals.pareto import front, hypervolume, reference_point
from archwalk.versions import versions

WITHIN = "within_limits"
"""1 where an evaluation has values and keeps the limits, else 0."""

MOST_SHOWN = 1_000
"""Points of a front that a record holds."""


@dataclass(frozen=True)
class GoalMethod:
    """Who searches: makes a searcher of a trial for so many goals and queries."""

    name: str
    make: Callable[[Trials, int, int], GoalSearcher]
    query: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Evaluated:
    """All that one trial evaluated, E architectures in order."""

    codes_EL: Codes
    metrics_E: Mapping[str, Floats]
    """As they are."""
    values_EG: Floats
    """Of the goals, turned so that higher is better."""
    violations_E: Floats

    @property
    def allowed_E(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which have values and break no limit."""
        return (self.violations_E <= 0) & ~np.isnan(self.values_EG).any(axis=1)


def search_trials(
    benchmark: Benchmark,
    problem: Problem,
    method: GoalMethod,
    *,
    budget: int,
    trials: int,
    seed: int,
    progress: Callable[[float], None] | None = None,
    watchers: Watchers | None = None,
) -> list[Evaluated]:
    """Every trial to the end of its budget. All methods set out from the same starts; `watchers` are told of every
    evaluation.
    """
    space, measurements = benchmark.space, benchmark.measurements
    starts_TQL = space.sample(spawn(seed, 0), trials * budget).reshape(trials, budget, -1)
    every = Trials(space, trials, spawn(seed, 1, 0), starts_TQL).split()
    found: list[Evaluated] = []
    for place, trial in enumerate(every):
        searcher = method.make(trial, len(problem.goals), budget)
        codes, columns, values, violations = [], list[Mapping[str, Floats]](), [], []
        done = 0
        while done < budget:
            codes_KL = searcher.propose(budget - done)
            rows = len(codes_KL)
            measured = measurements.measure(codes_KL)
            value_KG, violation_K = problem.values(measured, rows), problem.violations(measured, rows)
            searcher.learn(codes_KL, value_KG, violation_K)
            codes.append(codes_KL)
            columns.append(measured)
            values.append(value_KG)
            violations.append(violation_K)
            if watchers:
                one = Evaluated(codes_KL, measured, value_KG, violation_K)
                watchers.evaluated(as_batch(problem, method.name, one, trial=place, query=done + 1))
            done += rows
            if progress:
                progress((place * budget + done) / trials)
        names = dict.fromkeys(name for part in columns for name in part)
        metrics = {
            name: np.concatenate(
                [
                    part.get(name, np.full(len(rows), np.nan))
                    for part, rows in zip(columns, codes, strict=True)
                ]
            )
            for name in names
        }
        found.append(
            Evaluated(np.concatenate(codes), metrics, np.concatenate(values), np.concatenate(violations))
        )
    return found


def searched(benchmark: Benchmark, problem: Problem, **about: Any) -> Searched:
    """What is searched for, the first goal being the reward."""
    plain, first = Searched.of(benchmark, **about), problem.goals[0]
    goals = {goal.name: goal.metric for goal in problem.goals}
    limits = {WITHIN: Metric("within limits")} if problem.limits else {}
    return msgspec.structs.replace(
        plain, reward=first.metric, report=first.metric, metrics={**plain.metrics, **goals, **limits},
        goals=list(goals),
    )  # fmt: skip


def as_batch(problem: Problem, strategy: str, one: Evaluated, trial: int, query: int = 1) -> Batch:
    """Evaluations of a trial, the first goal being the reward."""
    reward_TN = problem.goals[0].metric.upward(one.values_EG[:, 0])[None]
    metrics_TN = {name: values_E[None] for name, values_E in one.metrics_E.items()}
    metrics_TN[WITHIN] = one.allowed_E.astype(np.float64)[None]
    return Batch(
        strategy, one.codes_EL[None], reward_TN, reward_TN, trial=trial, query=query, metrics_TN=metrics_TN
    )


def front_evaluations(
    benchmark: Benchmark, problem: Problem, strategy: str, found: Sequence[Evaluated], **about: Any
) -> Evaluations:
    """All that was evaluated."""
    batches = [as_batch(problem, strategy, one, trial) for trial, one in enumerate(found)]
    return Evaluations(
        searched(benchmark, problem, strategies=[strategy], trials=len(found), **about), batches
    )


def exact_front(benchmark: Benchmark, problem: Problem) -> Floats | None:
    """Values (F, G) of the front of the whole table within the limits; None without a table, or where it is empty."""
    known = benchmark.known
    if not isinstance(known, Columns):
        return None
    size = len(next(iter(known.columns.values())))
    measured = known.measure(np.arange(size, dtype=np.int32)[:, None])
    values_NG = problem.values(measured, size)[problem.violations(measured, size) <= 0]
    found_FG = values_NG[front(values_NG)]
    return found_FG[np.argsort(found_FG[:, 0])] if len(found_FG) else None


def front_record(
    benchmark: Benchmark,
    problem: Problem,
    method: GoalMethod,
    found: Sequence[Evaluated],
    *,
    budget: int,
    seed: int,
    began: float,
    reference_G: Floats | None = None,
    command: str | None = None,
) -> Front:
    """What is told of a search. Without a `reference_G` it follows from the exact front, or from what was found."""
    exact_FG = exact_front(benchmark, problem)
    values_EG = np.concatenate([one.values_EG for one in found])
    allowed = np.flatnonzero(np.concatenate([one.allowed_E for one in found]))
    best = allowed[front(values_EG[allowed])] if len(allowed) else allowed
    best = best[np.argsort(values_EG[best, 0], kind="stable")]
    if reference_G is None and (exact_FG is not None or len(best)):
        reference_G = reference_point(values_EG[best] if exact_FG is None else exact_FG)
    curves_TQ = [hypervolume_curve(one, reference_G, budget) for one in found]
    objective, estimator = benchmark.objective, benchmark
    turned = [goal.metric for goal in problem.goals]
    return Front(
        archwalk=versions()["archwalk"], created=now(), command=command, versions=versions(),
        benchmark=benchmark.name, objective=objective.name, provenance=dict(benchmark.provenance),
        evaluation=benchmark.evaluation, space=benchmark.space.name, strategy=method.name,
        settings=dict(method.settings), query=method.query, budget=budget, trials=len(found), seeds=[seed],
        goals=list(problem.goals), limits=list(problem.limits),
        reference=_as_they_are(reference_G, turned),
        points=[_point(benchmark, found, int(place)) for place in best[:MOST_SHOWN]],
        exact=None if exact_FG is None else [_as_they_are(row, turned) for row in exact_FG],
        hypervolume=numbers(np.mean(curves_TQ, axis=0)),
        hypervolume_trials=[float(curve[-1]) for curve in curves_TQ],
        exact_hypervolume=None if exact_FG is None or reference_G is None else hypervolume(exact_FG, reference_G),
        evaluations=len(values_EG), within_limits=len(allowed),
        failed=int(np.isnan(values_EG).any(axis=1).sum()),
        failures=dict(Counter(estimator.failures).most_common()), seconds=time.perf_counter() - began,
    )  # fmt: skip


def hypervolume_curve(found: Evaluated, reference_G: Floats | None, budget: int) -> Floats:
    """The hypervolume after each of Q queries."""
    curve_Q = np.zeros(budget)
    if reference_G is None:
        return curve_Q
    front_FG, volume = np.empty((0, len(reference_G))), 0.0
    for place, (value_G, is_allowed) in enumerate(zip(found.values_EG, found.allowed_E, strict=True)):
        if is_allowed and (value_G > reference_G).all() and not (front_FG >= value_G).all(axis=1).any():
            front_FG = np.concatenate([front_FG, value_G[None]])
            front_FG = front_FG[front(front_FG)]
            volume = hypervolume(front_FG, reference_G)
        curve_Q[place] = volume
    return curve_Q


def _as_they_are(values_G: Floats | None, metrics: Sequence[Any]) -> list[float]:
    if values_G is None:
        return []
    return [float(metric.upward(value)) for metric, value in zip(metrics, values_G, strict=True)]


def _point(benchmark: Benchmark, found: Sequence[Evaluated], place: int) -> FrontPoint:
    trial, query = divmod(place, len(found[0].codes_EL))
    one = found[trial]
    code_L = one.codes_EL[query]
    measured = {name: float(column_E[query]) for name, column_E in one.metrics_E.items()}
    return FrontPoint(
        description=benchmark.space.describe(code_L),
        metrics={name: value if np.isfinite(value) else None for name, value in measured.items()},
        trial=trial,
        query=query + 1,
    )
