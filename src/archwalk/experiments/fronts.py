"""A search with several goals: run, and what came of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.measurements import Columns, Measurements
from archwalk.estimators.metrics import Metric
from archwalk.experiments.evaluated import Batch, Evaluations, Searched
from archwalk.experiments.goals import Problem
from archwalk.experiments.protocol import spawn
from archwalk.experiments.records import Front, FrontPoint
from archwalk.experiments.running import process_pool
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
class TrainingBill:
    """What agents were trained for before their first query, mean over them."""

    queries: int = 0
    unique: int = 0
    seconds: float = 0.0


NO_TRAINING = TrainingBill()


@dataclass(frozen=True)
class GoalMethod:
    """Who searches: makes a searcher of a trial for so many goals and queries; several, one an agent that was trained.

    The rest is as in `Method`.
    """

    name: str
    makers: tuple[Callable[[Trials, int, int], GoalSearcher], ...]
    query: str
    settings: Mapping[str, Any]
    strategy: str = ""
    training_seeds: tuple[int, ...] = ()
    preset: str | None = None
    citation: str = ""
    chosen_here: bool = False
    assignments: tuple[str, ...] = ()
    bill: TrainingBill = NO_TRAINING


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
    workers: int = 1,
    progress: Callable[[float], None] | None = None,
    watchers: Watchers | None = None,
) -> list[Evaluated]:
    """Every trial of every agent to the end of its budget, those of the first agent first. All methods set out from the
    same starts. `workers` processes share the trials; the result is the same. `progress` is told the queries done in
    each trial, over all agents; `watchers` are told of every evaluation, of another process when its trial is over.
    """
    space, measurements = benchmark.space, benchmark.measurements
    starts_TQL = space.sample(spawn(seed, 0), trials * budget).reshape(trials, budget, -1)
    jobs = [
        partial(_search, measurements, problem, make, trial, budget)
        for agent, make in enumerate(method.makers)
        for trial in Trials(space, trials, spawn(seed, 1, agent), starts_TQL).split()
    ]

    def tell(place: int, before: int, one: Evaluated) -> None:
        agent, trial = divmod(place, trials)
        if watchers:
            watchers.evaluated(as_batch(problem, method.name, one, agent, trial, before + 1))

    found = list[Evaluated]()
    if min(workers, len(jobs)) > 1:
        with process_pool(workers) as pool:
            futures = {pool.submit(job): place for place, job in enumerate(jobs)}
            for done, future in enumerate(as_completed(futures), start=1):
                tell(futures[future], 0, future.result())
                if progress:
                    progress(done * budget / trials)
            return [future.result() for future in futures]
    for place, job in enumerate(jobs):

        def see(before: int, one: Evaluated, place: int = place) -> None:
            tell(place, before, one)
            if progress:
                progress((place * budget + before + len(one.codes_EL)) / trials)

        found.append(job(see=see))
    return found


def _search(
    measurements: Measurements,
    problem: Problem,
    make: Callable[[Trials, int, int], GoalSearcher],
    trial: Trials,
    budget: int,
    see: Callable[[int, Evaluated], None] | None = None,
) -> Evaluated:
    """One trial; `see` is told of its evaluations, and how many there were before."""
    searcher = make(trial, len(problem.goals), budget)
    parts: list[Evaluated] = []
    done = 0
    while done < budget:
        codes_KL = searcher.propose(budget - done)
        rows = len(codes_KL)
        measured = measurements.measure(codes_KL)
        part = Evaluated(
            codes_KL, measured, problem.values(measured, rows), problem.violations(measured, rows)
        )
        searcher.learn(codes_KL, part.values_EG, part.violations_E)
        parts.append(part)
        if see:
            see(done, part)
        done += rows
    names = dict.fromkeys(name for part in parts for name in part.metrics_E)
    metrics = {
        name: np.concatenate(
            [part.metrics_E.get(name, np.full(len(part.codes_EL), np.nan)) for part in parts]
        )
        for name in names
    }
    codes, values, violations = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("codes_EL", "values_EG", "violations_E")
    )
    return Evaluated(codes, metrics, values, violations)


def searched(benchmark: Benchmark, problem: Problem, **about: Any) -> Searched:
    """What is searched for, the first goal being the reward."""
    plain, first = Searched.of(benchmark, **about), problem.goals[0]
    goals = {goal.name: goal.metric for goal in problem.goals}
    limits = {WITHIN: Metric("within limits")} if problem.limits else {}
    return msgspec.structs.replace(
        plain, reward=first.metric, report=first.metric, metrics={**plain.metrics, **goals, **limits},
        goals=list(goals),
    )  # fmt: skip


def as_batch(
    problem: Problem, strategy: str, one: Evaluated, agent: int, trial: int, query: int = 1
) -> Batch:
    """Evaluations of a trial, the first goal being the reward."""
    reward_TN = problem.goals[0].metric.upward(one.values_EG[:, 0])[None]
    metrics_TN = {name: values_E[None] for name, values_E in one.metrics_E.items()}
    metrics_TN[WITHIN] = one.allowed_E.astype(np.float64)[None]
    return Batch(strategy, one.codes_EL[None], reward_TN, reward_TN, agent, trial, query, metrics_TN)


def front_evaluations(
    benchmark: Benchmark,
    problem: Problem,
    found: Mapping[str, Sequence[Evaluated]],
    trials: int,
    **about: Any,
) -> Evaluations:
    """All that strategies evaluated."""
    batches = [
        as_batch(problem, name, one, *divmod(place, trials))
        for name, every in found.items()
        for place, one in enumerate(every)
    ]
    return Evaluations(searched(benchmark, problem, strategies=list(found), trials=trials, **about), batches)


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
    if reference_G is None:
        reference_G = common_reference(exact_FG, [found])
    curves_TQ = [hypervolume_curve(one, reference_G, budget) for one in found]
    objective, estimator = benchmark.objective, benchmark
    turned = [goal.metric for goal in problem.goals]
    return Front(
        archwalk=versions()["archwalk"], created=now(), command=command, versions=versions(),
        benchmark=benchmark.name, objective=objective.name, provenance=dict(benchmark.provenance),
        evaluation=benchmark.evaluation, space=benchmark.space.name, strategy=method.name,
        settings=dict(method.settings), query=method.query, budget=budget, trials=len(found), seeds=[seed],
        goals=list(problem.goals), limits=list(problem.limits),
        reference=as_they_are(reference_G, turned),
        points=front_points(benchmark, found),
        exact=None if exact_FG is None else [as_they_are(row, turned) for row in exact_FG],
        hypervolume=numbers(np.mean(curves_TQ, axis=0)),
        hypervolume_trials=[float(curve[-1]) for curve in curves_TQ],
        exact_hypervolume=None if exact_FG is None or reference_G is None else hypervolume(exact_FG, reference_G),
        evaluations=len(values_EG), within_limits=len(allowed),
        failed=int(np.isnan(values_EG).any(axis=1).sum()),
        failures=dict(Counter(estimator.failures).most_common()), seconds=time.perf_counter() - began,
    )  # fmt: skip


def best_places(found: Sequence[Evaluated]) -> NDArray[np.int64]:
    """The front of all trials, as places in them one after the other, from the worst of the first goal to the best."""
    values_EG = np.concatenate([one.values_EG for one in found])
    allowed = np.flatnonzero(np.concatenate([one.allowed_E for one in found]))
    best = allowed[front(values_EG[allowed])] if len(allowed) else allowed
    return best[np.argsort(values_EG[best, 0], kind="stable")]


def common_reference(exact_FG: Floats | None, found: Sequence[Sequence[Evaluated]]) -> Floats | None:
    """The reference point of the exact front, or of what several searches found together; None where nothing is."""
    if exact_FG is None:
        every = [one for trials in found for one in trials]
        exact_FG = np.concatenate([one.values_EG for one in every])[best_places(every)]
    return reference_point(exact_FG) if len(exact_FG) else None


def front_points(benchmark: Benchmark, found: Sequence[Evaluated]) -> list[FrontPoint]:
    """The front of all trials; where it is very long, its first points."""
    return [_point(benchmark, found, int(place)) for place in best_places(found)[:MOST_SHOWN]]


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


def as_they_are(values_G: Floats | None, metrics: Sequence[Any]) -> list[float]:
    """Turned values of goals as a user knows them; none where there are none."""
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
