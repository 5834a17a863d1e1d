"""What may be named as a strategy for several goals: all that may be for one, whose rewards weigh the goals, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from statistics import fmean
from typing import Any

from archwalk.api.methods import as_method, is_trained, named_apart
from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import Benchmark
from archwalk.experiments.fronts import GoalMethod, TrainingBill
from archwalk.experiments.goals import Problem
from archwalk.experiments.settings import describe_settings, make_settings
from archwalk.strategies.base import Trials
from archwalk.strategies.goals.base import GoalSearcher
from archwalk.strategies.goals.catalogue import GOAL_STRATEGIES
from archwalk.strategies.goals.scalarised import Scalarised, ScalarisedSettings

_WEIGHED = ("every",)


def goal_method(
    strategy: object, benchmark: Benchmark, problem: Problem, settings: Mapping[str, Any], label: str = ""
) -> GoalMethod:
    """Who searches for the goals of a problem. Raises UsageError for an unknown strategy or setting."""
    if isinstance(strategy, str) and strategy in GOAL_STRATEGIES.names():
        cls: Any = GOAL_STRATEGIES.load(strategy)
        own = make_settings(cls.settings_class, changes=settings)
        return GoalMethod(
            label or strategy,
            (partial(_make, cls, own),),
            cls.query,
            describe_settings(own),
            strategy=strategy,
            assignments=_written(settings),
        )
    if is_trained(strategy):
        return _trained(strategy, benchmark, problem, settings, label)
    weights = make_settings(ScalarisedSettings, changes={k: v for k, v in settings.items() if k in _WEIGHED})
    rest = {key: value for key, value in settings.items() if key not in _WEIGHED}
    method = as_method(strategy, benchmark.space, benchmark.name, rest, label)
    return GoalMethod(
        method.name,
        (partial(_weigh, method.factories[0], weights),),
        f"{Scalarised.query}; goals are weighed",
        {**method.settings, **describe_settings(weights)},
        strategy=method.strategy,
        preset=method.preset,
        citation=method.citation,
        chosen_here=method.chosen_here,
        assignments=_written(settings),
    )


def goal_methods(
    strategies: Sequence[object] | Mapping[str, object],
    benchmark: Benchmark,
    problem: Problem,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[GoalMethod]:
    """Several; see `as_methods`."""

    def make(strategy: object, own: Mapping[str, Any], label: str) -> GoalMethod:
        return goal_method(strategy, benchmark, problem, own, label)

    return named_apart(strategies, settings, make, lambda method, name: replace(method, name=name))


def _trained(
    strategy: object, benchmark: Benchmark, problem: Problem, settings: Mapping[str, Any], label: str
) -> GoalMethod:
    """Agents that were trained for these goals. Raises UsageError for others."""
    method = as_method(strategy, benchmark.space, benchmark.name, None, label)
    agents = list(method.factories)
    if not all(hasattr(agent, "goal_searcher") for agent in agents):
        raise UsageError(
            f"{method.name} was trained for one goal; for several train preference-planner, or name a strategy"
        )
    first: Any = agents[0]
    own = make_settings(first.search_settings, changes=settings)
    goals = [(goal.name, goal.metric.higher_is_better) for goal in problem.goals]
    makers = [partial(_walk, agent, agent.order_of(goals), own) for agent in agents]  # type: ignore[attr-defined]
    paid = [agent.paid for agent in agents]  # type: ignore[attr-defined]
    bill = TrainingBill(
        round(fmean(one.queries for one in paid)),
        round(fmean(one.unique for one in paid)),
        fmean(one.seconds for one in paid),
    )
    return GoalMethod(
        method.name,
        tuple(makers),
        first.goal_query,
        describe_settings(own),
        strategy=method.strategy,
        training_seeds=method.training_seeds,
        assignments=_written(settings),
        bill=bill,
    )


def _walk(
    agent: Any, order: tuple[int, ...], settings: Any, trial: Trials, goals: int, budget: int
) -> GoalSearcher:
    searcher: GoalSearcher = agent.goal_searcher(trial, goals, budget, order, settings)
    return searcher


def _make(cls: Any, settings: Any, trial: Trials, goals: int, budget: int) -> GoalSearcher:
    searcher: GoalSearcher = cls(trial, goals, budget, settings)
    return searcher


def _weigh(make: Any, settings: ScalarisedSettings, trial: Trials, goals: int, budget: int) -> GoalSearcher:
    return Scalarised(trial, goals, budget, make, settings)


def _written(settings: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{key}={value}" for key, value in settings.items())
