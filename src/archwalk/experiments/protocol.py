"""Cassimon et al.'s two ways to judge a searcher: best so far per query, and the improvement of one episode."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from archwalk.estimators.base import Floats, Scores
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.evaluator import Evaluator
from archwalk.estimators.ledger import Curves, QueryLedger
from archwalk.estimators.metrics import Metric, Objective
from archwalk.experiments.bootstrap import Bootstrap
from archwalk.experiments.evaluated import Walk
from archwalk.experiments.records import Best, Curve, Episodes, Histogram, StrategyResult
from archwalk.experiments.running import run_in_processes, run_trials
from archwalk.experiments.statistics import (
    interquartile_mean,
    interval,
    known,
    known_mean,
    number,
    numbers,
    symmetric_intervals,
)
from archwalk.experiments.supernets import Tell, kept, watched
from archwalk.experiments.watching import Observer, Watchers
from archwalk.jit import make_streams
from archwalk.spaces.base import Codes
from archwalk.strategies.base import Strategy, Trials
from archwalk.strategies.catalogue import StrategyFactory
from archwalk.strategies.per_trial import PerTrial
from archwalk.strategies.walker import Episodes as Walked

STANDARD_BUDGETS = (10, 50, 100, 150, 200, 300, 400, 800, 1000, 3200)
HISTOGRAM_EDGES = np.linspace(-12.5, 12.5, 51)
"""Percentage points of improvement, as Cassimon et al. 2024, figure 8."""

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Method:
    """A strategy in a comparison: one factory, or one for each of several trained agents.

    The rest is what a record says of a strategy that was not trained: `strategy` is its name in the registry,
    `assignments` (KEY=VALUE) changed its settings from those of `preset`, which were `chosen_here` where somebody
    looked at this very benchmark then.
    """

    name: str
    factories: tuple[StrategyFactory, ...]
    training_seeds: tuple[int, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    preset: str | None = None
    citation: str = ""
    chosen_here: bool = False
    strategy: str = ""
    assignments: tuple[str, ...] = ()

    @property
    def agents(self) -> int:
        """Number of trained agents (1 for a strategy that is not trained)."""
        return len(self.factories)


class Improver(Protocol):
    """A strategy that can take one episode from given starts."""

    def improve(self, starts_BL: Codes, evaluate: Callable[[Codes], Floats]) -> Walked:
        """Walk once from each start (B, L)."""


@dataclass(frozen=True)
class Search:
    """Outcome of the best-so-far protocol for one method: a ledger, a strategy and its findings an agent.

    A strategy that other processes ran is as it was before.
    """

    ledgers: tuple[QueryLedger, ...]
    strategies: tuple[Strategy, ...]
    findings: tuple[Sequence[Any], ...]
    walks: tuple[Walk, ...] = ()
    """A few episodes, where they cost nothing and the strategy walks."""

    @property
    def curves(self) -> list[Curves]:
        """Best so far, one an agent."""
        return [ledger.curves() for ledger in self.ledgers]

    @cached_property
    def report_GTQ(self) -> Floats:
        """Report of the best so far by reward, of every agent in every trial; NaN where it is no finite number."""
        report_GTQ = np.stack([curves.report_TQ for curves in self.curves])
        return np.where(np.isfinite(report_GTQ), report_GTQ, np.nan)


def spawn(seed: int, *path: int) -> np.random.Generator:
    """The generator of one part of an experiment: parts are independent, whatever else runs."""
    return np.random.default_rng(np.random.SeedSequence([seed, *path]))


def shown_budgets(budget: int) -> list[int]:
    """Numbers of queries after which results are told: the usual ones below the budget, and the budget."""
    return sorted({queries for queries in STANDARD_BUDGETS if queries < budget} | {budget})


def run_search(
    benchmark: Benchmark,
    method: Method,
    *,
    budget: int,
    trials: int,
    seed: int,
    starts_TQL: Codes | None = None,
    progress: Progress | None = None,
    workers: int = 1,
    supernet: Tell | None = None,
    keep_in: Path | None = None,
    watchers: Watchers | None = None,
) -> Search:
    """Run `trials` trials of `budget` queries with every agent. `progress` is told the queries done, `watchers` every
    evaluation, `supernet` how far the supernet is that a one-shot search trains before its first query, unless other
    processes do; it is kept in the folder `keep_in`, where there is one, so that the same call goes on after a kill.

    Strategies that think about one trial at a time are spread over `workers` processes; the result is the same. What a
    noisy estimator draws for a query depends on seed, agent and trial, and on how many queries the trial had before;
    methods share these draws as they share starts.
    """
    ledgers, strategies, findings = [], [], []
    for agent, factory in enumerate(method.factories):
        rng, streams_T = spawn(seed, 1, agent), make_streams(spawn(seed, 10, agent), trials)
        tell = partial(_tell, progress, agent * budget)
        shared = benchmark.share_weights
        if shared and keep_in:
            shared = kept(shared, keep_in, [method.strategy, method.settings])
        offered: dict[str, Any] = {"fidelities": benchmark.fidelities, "share_weights": shared}
        seen = offered | ({"share_weights": watched(shared, supernet)} if supernet and shared else {})
        strategy = factory(Trials(benchmark.space, trials, rng, starts_TQL, **seen))
        observer = Observer(watchers, benchmark, method.name, agent) if watchers else None
        if isinstance(strategy, PerTrial) and min(workers, trials) > 1:
            every = Trials(benchmark.space, trials, spawn(seed, 1, agent), starts_TQL, **offered)
            ledger, found = run_in_processes(
                benchmark.estimator, factory, every, budget, workers, tell, streams_T, observer
            )
        else:
            ledger = run_trials(benchmark.estimator, strategy, budget, tell, streams_T, observer)
            found = strategy.findings(ledger.codes_TQL, ledger.rewards_TQ)
        ledgers.append(ledger)
        strategies.append(strategy)
        findings.append(found)
    return Search(tuple(ledgers), tuple(strategies), tuple(findings))


def _tell(progress: Progress | None, before: int, queries: float) -> None:
    if progress:
        progress(before + queries)


def recommended_reports(search: Search) -> tuple[Floats, Floats] | None:
    """Reports (G, T) of what a strategy recommends, and of the best by reward; None where it recommends nothing."""
    if not all(
        found and isinstance(found[0], Mapping) and "recommended" in found[0] for found in search.findings
    ):
        return None
    recommended, by_reward = [], []
    for ledger, found in zip(search.ledgers, search.findings, strict=True):
        wanted_TL = np.array([one["recommended"] for one in found])
        at_T = (ledger.codes_TQL == wanted_TL[:, None]).all(axis=2).argmax(axis=1)
        recommended.append(ledger.scores_TQ[1][np.arange(len(at_T)), at_T])
        by_reward.append(ledger.curves().report_TQ[:, -1])
    return np.stack(recommended), np.stack(by_reward)


def summarise_search(search: Search, method: Method, budget: int, seed: int) -> StrategyResult:
    """What a comparison's record says of one method's search."""
    report_GTQ = search.report_GTQ
    reward_GTQ = np.stack([curves.reward_TQ for curves in search.curves])
    strategies, ledgers = search.strategies, search.ledgers
    recommended = recommended_reports(search)
    return StrategyResult(
        query=strategies[0].query,
        strategy=method.strategy,
        trials=report_GTQ.shape[1],
        trained=any(strategy.training_queries for strategy in strategies),
        agents=method.agents,
        training_seeds=list(method.training_seeds),
        settings=dict(method.settings),
        preset=method.preset,
        assignments=list(method.assignments),
        citation=method.citation,
        chosen_here=method.chosen_here,
        **best_so_far(report_GTQ, reward_GTQ, budget, seed),
        evaluations=sum(ledger.rewards_TQ.size for ledger in ledgers),
        failed=sum(int(np.isnan(ledger.rewards_TQ).sum()) for ledger in ledgers),
        unique_mean=float(np.mean([ledger.unique_T().mean() for ledger in ledgers])),
        training_queries=round(np.mean([strategy.training_queries for strategy in strategies])),
        training_unique=round(np.mean([strategy.training_unique for strategy in strategies])),
        training_seconds=float(np.mean([strategy.training_seconds for strategy in strategies])),
        seconds=sum(one.seconds for one in ledgers),
        findings=strategies[0].sum_up(search.findings[0]),
        recommended_mean=None if recommended is None else number(known_mean(recommended[0])),
    )


def best_so_far(report_GTQ: Floats, reward_GTQ: Floats, budget: int, seed: int) -> dict[str, Any]:
    """`best_after` and `curve` of a record, of reports and rewards after every query."""
    bootstrap = Bootstrap(report_GTQ, spawn(seed, 2))
    mean_Q, low_Q, high_Q = bootstrap.mean_interval(report_GTQ)
    after = {}
    for queries in shown_budgets(budget):
        at = queries - 1
        report_GT = report_GTQ[:, :, at]
        after[queries] = Best(
            mean=number(mean_Q[at]),
            std=number(known(report_GT).std()) if np.isfinite(mean_Q[at]) else None,
            ci95=interval(low_Q[at], high_Q[at]),
            iqm=number(interquartile_mean(report_GT)),
            iqm_ci95=interval(*bootstrap.interquartile_interval(report_GT)),
            reward_mean=number(known_mean(reward_GTQ[:, :, at])),
            unknown=int(np.isnan(report_GT).sum()),
        )
    curve = Curve(
        queries=list(range(1, budget + 1)), mean=numbers(mean_Q), lo=numbers(low_Q), hi=numbers(high_Q)
    )
    return {"best_after": after, "curve": curve}


@dataclass(frozen=True)
class Outcome:
    """Episodes of one agent with what they began and ended with; `evaluations` were paid on the way."""

    start: Scores
    final: Scores
    episodes: Walked
    evaluations: int
    objective: Objective

    @property
    def gained_B(self) -> Floats:
        """Improvement of the report: above zero where the end is better."""
        return self.objective.report.upward(self.final.report_B - self.start.report_B)

    @property
    def reward_gained_B(self) -> Floats:
        """Improvement of the reward."""
        return self.objective.reward.upward(self.final.reward_B - self.start.reward_B)


def take_episodes(
    benchmark: Benchmark, method: Method, agent: int, starts_BL: Codes, rng: np.random.Generator
) -> Outcome | None:
    """One episode of one agent from each start; None for strategies that cannot start from anywhere."""
    trials = Trials(benchmark.space, 1, rng, share_weights=benchmark.share_weights)
    strategy = method.factories[agent](trials)
    if not hasattr(strategy, "improve"):
        return None
    improver: Improver = strategy
    evaluator = Evaluator.seeded(benchmark.estimator, rng.spawn(1)[0])
    episodes = improver.improve(starts_BL, evaluator.rewards)
    evaluations = evaluator.done
    start, final = (evaluator.scores(codes_BL) for codes_BL in (starts_BL, episodes.finals_BL))
    return Outcome(start, final, episodes, evaluations, benchmark.objective)


def run_episodes(
    benchmark: Benchmark, method: Method, starts_BL: Codes, seed: int
) -> tuple[Episodes, Outcome] | None:
    """One episode of every agent from each start; None for strategies that cannot start from anywhere.

    Returns what a record says of them and the first agent's outcome.
    """
    outcomes = []
    for agent in range(method.agents):
        outcome = take_episodes(benchmark, method, agent, starts_BL, spawn(seed, 3, agent))
        if outcome is None:
            return None
        outcomes.append(outcome)
    edges = histogram_edges(benchmark.objective.report, outcomes[0].start.report_B)
    return summarise_episodes(outcomes, edges), outcomes[0]


def histogram_edges(metric: Metric, start_B: Floats) -> Floats:
    """Edges of the bins that improvements are counted in: of a percentage the usual ones, else as far to both sides
    as the starts lie apart, rounded up to 1, 2 or 5 of a power of ten. The same for all strategies, whose starts are.
    """
    starts = known(start_B)
    apart = float(np.ptp(starts)) if len(starts) else 0.0
    if metric.unit == "%" or apart == 0:
        return HISTOGRAM_EDGES
    power = 10.0 ** np.floor(np.log10(apart))
    reach = next(step * power for step in (1, 2, 5, 10) if step * power >= apart)
    return np.linspace(-reach, reach, len(HISTOGRAM_EDGES))


def summarise_episodes(outcomes: Sequence[Outcome], edges: Floats = HISTOGRAM_EDGES) -> Episodes:
    """What a record says of the episodes of all agents; improvements are counted in bins between `edges`."""
    from scipy.stats import skew

    def every(end: str, score: str) -> Floats:
        return known(np.concatenate([getattr(getattr(outcome, end), score) for outcome in outcomes]))

    final_B = every("final", "report_B")
    gained_B = known(np.concatenate([outcome.gained_B for outcome in outcomes]))
    steps = [outcome.episodes.steps_B for outcome in outcomes]
    return Episodes(
        mean_start=number(known_mean(every("start", "report_B"))),
        mean_final=number(known_mean(final_B)),
        mean_final_reward=number(known_mean(every("final", "reward_B"))),
        median_final=float(np.median(final_B)) if len(final_B) else None,
        mean_improvement=number(known_mean(gained_B)),
        median_improvement=float(np.median(gained_B)) if len(gained_B) else None,
        mean_improvement_reward=number(known_mean(np.concatenate([o.reward_gained_B for o in outcomes]))),
        improved=number(known_mean((gained_B > 0).astype(np.float64))),
        mean_steps=float(np.mean([steps_B.mean() for steps_B in steps])),
        evaluations=sum(outcome.evaluations for outcome in outcomes),
        histogram=Histogram(edges=edges.tolist(), counts=np.histogram(gained_B, edges)[0].tolist()),
        intervals=symmetric_intervals(gained_B) if len(gained_B) else {},
        skew=(float(skew(gained_B)) if gained_B.std() > 0 else 0.0) if len(gained_B) else None,
        unknown=sum(map(len, steps)) - len(gained_B),
    )
