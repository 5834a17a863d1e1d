"""Comparing strategies on one benchmark, from the same starts (docs/results.md says how figures are computed)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from archwalk.environments.shaping import Shaping
from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.metrics import Metric
from archwalk.estimators.table import TableEstimator
from archwalk.experiments.differences import Profile, Ranks, Significance
from archwalk.experiments.evaluated import EPOCHS, Batch, Evaluations, Searched, measure_freely
from archwalk.experiments.protocol import (
    Method,
    Outcome,
    Progress,
    Search,
    run_episodes,
    run_search,
    shown_budgets,
    spawn,
    summarise_search,
)
from archwalk.experiments.records import (
    Comparison,
    EpisodeProtocol,
    Episodes,
    Example,
    Found,
    Optimum,
    SpaceSize,
    StrategyResult,
)
from archwalk.experiments.runs import now
from archwalk.experiments.significance import REPORT, Reports, judge, profiles, rank_curves
from archwalk.experiments.statistics import number, weighted_mean, weighted_quantile
from archwalk.experiments.supernets import Tell
from archwalk.experiments.walks import WALKS, take_walks
from archwalk.experiments.watching import Watcher, Watchers
from archwalk.spaces.base import Codes, EnumerableSpace
from archwalk.strategies.oracle import Oracle, solve
from archwalk.strategies.walker import EPISODE_LIMIT
from archwalk.versions import versions

ORACLE_GAMMA = 0.99
ORACLE_ALPHA = 6.0
EXAMPLES = 3
MOST_RANKS = 400
"""Numbers of queries after which ranks are on record: all, or so many of them, nearer together at first."""


def compare(
    benchmark: Benchmark,
    methods: Sequence[Method],
    *,
    budget: int,
    trials: int,
    seed: int,
    episode_starts: int = 0,
    progress: Progress | None = None,
    workers: int = 1,
    supernet: Tell | None = None,
    keep_in: Path | None = None,
    command: str | None = None,
    searches: dict[str, Search] | None = None,
    watchers: Sequence[Watcher] = (),
) -> Comparison:
    """Run every method; with `episode_starts`, one episode from that many starts too.

    All methods set out from the same starts. `progress` is told the queries done over all methods, `supernet`
    what `run_search` tells it, which keeps supernets in `keep_in`; `workers` processes run the trials of strategies
    that think about one at a time. `command` is the call that the result names, where there was a command line.
    Into `searches` goes what each method evaluated, with a few walks; `watchers` are told of every evaluation.
    """
    space = benchmark.space
    starts_TQL = space.sample(spawn(seed, 0), trials * budget).reshape(trials, budget, -1)
    starts_BL = space.sample(spawn(seed, 4), episode_starts) if episode_starts else None
    optimum = None if starts_BL is None else _optimum(benchmark, starts_BL)
    about = partial(
        Searched.of, benchmark, strategies=[method.name for method in methods], budget=budget, trials=trials,
        created=now(), seed=seed, settings={one.name: dict(one.settings) for one in methods if one.settings},
        agents={one.name: one.agents for one in methods if one.agents > 1},
    )  # fmt: skip
    seeing = Watchers(watchers, about)
    done, reports, strategies = 0, dict[str, Floats](), dict[str, StrategyResult]()
    with seeing.watching():
        for method in methods:
            search = run_search(
                benchmark, method, budget=budget, trials=trials, seed=seed, starts_TQL=starts_TQL,
                progress=lambda queries, before=done: progress(before + queries) if progress else None,  # type: ignore[misc]
                workers=workers, supernet=supernet, keep_in=keep_in, watchers=seeing,
            )  # fmt: skip
            done += budget * method.agents
            if searches is not None:
                walks = take_walks(benchmark, method, starts_TQL[0, :WALKS], seed)
                searches[method.name] = replace(search, walks=tuple(walks))
            summary = summarise_search(search, method, budget, seed)
            more: dict[str, Any] = {"found": _best_found(benchmark, search)}
            reports[method.name] = search.report_GTQ
            if starts_BL is not None and (played := run_episodes(benchmark, method, starts_BL, seed)):
                episodes, outcome = played
                more["episodes"] = _against(optimum, episodes)
                if summary.trained:
                    more["examples"] = _examples(benchmark, starts_BL, outcome)
            strategies[method.name] = msgspec.structs.replace(summary, **more)
    return comparison_of(
        benchmark,
        strategies,
        budget=budget,
        trials=trials,
        seed=seed,
        command=command,
        optimum=optimum,
        episodes=EpisodeProtocol(starts=episode_starts, limit=EPISODE_LIMIT) if episode_starts else None,
        **differences(reports, budget, seed, benchmark.objective.report),
    )


def evaluations_of(
    benchmark: Benchmark, searches: Mapping[str, Search], budget: int, created: str = ""
) -> Evaluations:
    """Every evaluation of searches on a benchmark, with what else is known of the architectures."""
    about = Searched.of(
        benchmark, strategies=list(searches), budget=budget, created=created,
        trials=max((ledger.trials for search in searches.values() for ledger in search.ledgers), default=1),
    )  # fmt: skip
    batches = []
    for name, search in searches.items():
        for agent, ledger in enumerate(search.ledgers):
            codes_TNL = ledger.codes_TQL
            metrics_TN = measure_freely(benchmark, codes_TNL)
            if EPOCHS in about.metrics:
                metrics_TN[EPOCHS] = np.broadcast_to(ledger.epochs_E.astype(np.float64), codes_TNL.shape[:2])
            batches.append(Batch(name, codes_TNL, *ledger.scores_TQ, agent=agent, metrics_TN=metrics_TN))
    return Evaluations(about, batches, [walk for search in searches.values() for walk in search.walks])


def comparison_of(
    benchmark: Benchmark,
    strategies: Mapping[str, StrategyResult],
    *,
    budget: int,
    trials: int,
    seed: int,
    command: str | None = None,
    optimum: Optimum | None = None,
    episodes: EpisodeProtocol | None = None,
    significance: Significance | None = None,
    ranks: Ranks | None = None,
    profile: Profile | None = None,
) -> Comparison:
    """What strategies did on a benchmark, with all that a result says of the benchmark, the call and the versions."""
    space, objective = benchmark.space, benchmark.objective
    size = (
        {"architectures": space.size, "edges": space.graph.edges}
        if isinstance(space, EnumerableSpace)
        else {}
    )
    return Comparison(
        archwalk=versions()["archwalk"],
        created=now(),
        command=command,
        versions=versions(),
        benchmark=benchmark.name,
        objective=objective.name,
        objective_meaning=objective.meaning,
        reward=objective.reward,
        report=objective.report,
        provenance=dict(benchmark.provenance),
        evaluation=benchmark.evaluation,
        space=SpaceSize(name=space.name, **size),
        budget=budget,
        trials=trials,
        seeds=[seed],
        query={name: strategy.query for name, strategy in strategies.items()},
        optimum=optimum,
        episodes=episodes,
        significance=significance,
        ranks=ranks,
        profile=profile,
        strategies=dict(strategies),
        failures=dict(Counter(benchmark.failures).most_common()),
    )


def differences(reports: Reports, budget: int, seed: int, metric: Metric = REPORT) -> dict[str, Any]:
    """Strategies against each other: `significance`, `ranks` and `profile` of a `Comparison`.

    None where there are no two, or too few trials. `metric` is what the reports are.
    """
    curve = range(1, budget + 1) if budget <= MOST_RANKS else np.geomspace(1, budget, MOST_RANKS).astype(int)
    return {
        "significance": judge(reports, shown_budgets(budget), spawn(seed, 8), metric),
        "ranks": rank_curves(reports, sorted({*map(int, curve)}), metric),
        "profile": profiles(reports, budget, spawn(seed, 9), metric),
    }


def solve_benchmark(
    benchmark: Benchmark, gamma: float = ORACLE_GAMMA, alpha: float = ORACLE_ALPHA
) -> Oracle | None:
    """The oracle of a tabular benchmark; None where there is no table.

    `alpha` shapes rewards in percent. Others are taken as they are: the optimal policy is the same in all units.
    """
    estimator, space = benchmark.estimator, benchmark.space
    if not isinstance(estimator, TableEstimator) or not isinstance(space, EnumerableSpace):
        return None
    shaping = Shaping(_sharpness(benchmark, alpha))
    return solve(space.graph, _upward_rewards(benchmark), gamma=gamma, shaping=shaping)


def summarise_oracle(
    benchmark: Benchmark,
    oracle: Oracle,
    weights_N: np.ndarray[Any, np.dtype[np.float64]],
    alpha: float = ORACLE_ALPHA,
) -> Optimum:
    """Where the optimal policy ends, over starts with these weights (N,): exact, no sampling."""
    estimator, metric = benchmark.estimator, benchmark.objective.reward
    assert isinstance(estimator, TableEstimator)
    reward_N, report_N = estimator.reward_N, estimator.report_N
    final_N, weights_N = reward_N[oracle.final_N], weights_N / weights_N.sum()
    gained_N = metric.upward(final_N - reward_N)
    best = int(np.argmax(_upward_rewards(benchmark)))
    return Optimum(
        mean_final=number(weighted_mean(final_N, weights_N)),
        median_final=number(weighted_quantile(final_N, weights_N, 0.5)),
        mean_steps=float(weights_N @ oracle.steps_N),
        median_improvement=number(weighted_quantile(gained_N, weights_N, 0.5)),
        mean_improvement=number(weighted_mean(gained_N, weights_N)),
        mean_final_report=number(weighted_mean(report_N[oracle.final_N], weights_N)),
        best_reward=number(reward_N[best]),
        best_report=number(report_N[best]),
        gamma=oracle.gamma,
        alpha=_sharpness(benchmark, alpha),
        objective=benchmark.objective.name,
    )


def _sharpness(benchmark: Benchmark, alpha: float) -> float | None:
    return alpha if benchmark.objective.reward.unit == "%" else None


def _upward_rewards(benchmark: Benchmark) -> Floats:
    """Rewards (N,) of which higher is better; the worst where there is none, as walks are paid."""
    estimator = benchmark.estimator
    assert isinstance(estimator, TableEstimator)
    known_N = np.where(np.isfinite(estimator.reward_N), estimator.reward_N, estimator.worst_reward)
    return benchmark.objective.reward.upward(known_N)


def _optimum(benchmark: Benchmark, starts_BL: Codes) -> Optimum | None:
    """The optimal policy from these starts; None where there is no table."""
    oracle = solve_benchmark(benchmark)
    if oracle is None:
        return None
    weights_N = np.bincount(starts_BL[:, 0], minlength=len(oracle.final_N)).astype(np.float64)
    return summarise_oracle(benchmark, oracle, weights_N)


def _against(optimum: Optimum | None, episodes: Episodes) -> Episodes:
    """Episodes with their share of what an optimal policy gains."""
    gained = episodes.mean_improvement_reward
    if optimum is None or not optimum.mean_improvement or gained is None:
        return episodes
    return msgspec.structs.replace(episodes, share_of_optimum=gained / optimum.mean_improvement)


def _best_found(benchmark: Benchmark, search: Search) -> Found:
    """The architecture of best reward of all agents and trials."""
    reward_GT, report_GT = (
        np.stack([getattr(curves, name)[:, -1] for curves in search.curves])
        for name in ("reward_TQ", "report_TQ")
    )
    agent, trial = np.unravel_index(benchmark.objective.reward.upward(reward_GT).argmax(), reward_GT.shape)
    code_L = search.ledgers[agent].best_codes_TL()[trial]
    return _scored(benchmark, code_L, reward_GT[agent, trial], report_GT[agent, trial])


def _scored(benchmark: Benchmark, code_L: Codes, reward: float, report: float) -> Found:
    return Found(description=benchmark.space.describe(code_L), reward=number(reward), report=number(report))


def _examples(benchmark: Benchmark, starts_BL: Codes, outcome: Outcome) -> list[Example]:
    """Episodes from starts at the lower quartile, the median and the upper quartile of reward."""
    start, final, episodes = outcome.start, outcome.final, outcome.episodes
    order = np.argsort(start.reward_B, kind="stable")
    picked = [order[int(len(order) * (i + 1) / (EXAMPLES + 1))] for i in range(EXAMPLES)]

    return [
        Example(
            start=_scored(benchmark, starts_BL[b], start.reward_B[b], start.report_B[b]),
            found=_scored(benchmark, episodes.finals_BL[b], final.reward_B[b], final.report_B[b]),
            steps=int(episodes.steps_B[b]),
        )
        for b in picked
    ]
