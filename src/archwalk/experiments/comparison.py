"""Comparing strategies on one benchmark, from the same starts, into one record (docs/results.md)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from archwalk.environments.shaping import Shaping
from archwalk.estimators.benchmarks import MEANINGS, Benchmark
from archwalk.estimators.table import TableEstimator
from archwalk.experiments.protocol import (
    Contestant,
    Outcome,
    Progress,
    Search,
    run_episodes,
    run_search,
    shown_budgets,
    spawn,
    summarise_search,
)
from archwalk.experiments.runs import now
from archwalk.experiments.significance import Reports, judge, profiles, rank_curves
from archwalk.experiments.statistics import weighted_quantile
from archwalk.experiments.supernets import Tell
from archwalk.spaces.base import Codes, EnumerableSpace
from archwalk.strategies.oracle import Oracle, solve
from archwalk.strategies.walker import EPISODE_LIMIT
from archwalk.versions import versions

ORACLE_GAMMA = 0.99
EXAMPLES = 3
MOST_RANKS = 400
"""Numbers of queries after which ranks are on record: all, or so many of them, nearer together at first."""


def compare(
    benchmark: Benchmark,
    contestants: Sequence[Contestant],
    *,
    budget: int,
    trials: int,
    seed: int,
    episode_starts: int = 0,
    progress: Progress | None = None,
    workers: int = 1,
    supernet: Tell | None = None,
    keep_in: Path | None = None,
) -> dict[str, Any]:
    """Run every contestant and return the record; with `episode_starts`, one episode from that many starts too.

    All contestants set out from the same starts. `progress` is told the queries done over all contestants, `supernet`
    what `run_search` tells it, which keeps supernets in `keep_in`; `workers` processes run the trials of strategies
    that think about one at a time.
    """
    space = benchmark.space
    starts_TQL = space.sample(spawn(seed, 0), trials * budget).reshape(trials, budget, -1)
    starts_BL = space.sample(spawn(seed, 4), episode_starts) if episode_starts else None
    oracle = solve_benchmark(benchmark, ORACLE_GAMMA) if starts_BL is not None else None
    record = record_head(benchmark, budget, trials, seed)
    if oracle is not None and starts_BL is not None:
        weights_N = np.bincount(starts_BL[:, 0], minlength=len(oracle.final_N)).astype(np.float64)
        record["optimum"] = summarise_oracle(benchmark, oracle, weights_N)
        record["episodes"] = {"starts": episode_starts, "limit": EPISODE_LIMIT}
    done, reports = 0, {}
    for contestant in contestants:
        before = done
        search = run_search(
            benchmark, contestant, budget=budget, trials=trials, seed=seed, starts_TQL=starts_TQL,
            progress=lambda queries, before=before: progress(before + queries) if progress else None,  # type: ignore[misc]
            workers=workers, supernet=supernet, keep_in=keep_in,
        )  # fmt: skip
        done += budget * contestant.agents
        summary = summarise_search(search, contestant, budget, seed)
        summary["found"] = _found(benchmark, search)
        reports[contestant.name] = search.report_GTQ
        if starts_BL is not None and (played := run_episodes(benchmark, contestant, starts_BL, seed)):
            summary["episodes"], outcome = played
            if record["optimum"]:
                optimum = record["optimum"]["mean_improvement"]
                gained = summary["episodes"]["mean_improvement_reward"]
                summary["episodes"]["share_of_optimum"] = gained / optimum
            if summary["trained"]:
                summary["examples"] = _examples(benchmark, starts_BL, outcome)
        record["strategies"][contestant.name] = summary
        record["query"][contestant.name] = summary["query"]
    return record | differences(reports, budget, seed)


def differences(reports: Reports, budget: int, seed: int) -> dict[str, Any]:
    """What a record says of strategies against each other; null where there are no two, or too few trials."""
    curve = range(1, budget + 1) if budget <= MOST_RANKS else np.geomspace(1, budget, MOST_RANKS).astype(int)
    return {
        "significance": judge(reports, shown_budgets(budget), spawn(seed, 8)),
        "ranks": rank_curves(reports, sorted({*map(int, curve)})),
        "profile": profiles(reports, budget, spawn(seed, 9)),
    }


def solve_benchmark(benchmark: Benchmark, gamma: float, alpha: float = 6.0) -> Oracle | None:
    """The oracle of a tabular benchmark; None where there is no table."""
    estimator, space = benchmark.estimator, benchmark.space
    if not isinstance(estimator, TableEstimator) or not isinstance(space, EnumerableSpace):
        return None
    return solve(space.graph, estimator.reward_N, gamma=gamma, shaping=Shaping(alpha))


def summarise_oracle(
    benchmark: Benchmark, oracle: Oracle, weights_N: np.ndarray[Any, np.dtype[np.float64]], alpha: float = 6.0
) -> dict[str, Any]:
    """Where the optimal policy ends, over starts with these weights (N,): exact, no sampling."""
    estimator = benchmark.estimator
    assert isinstance(estimator, TableEstimator)
    reward_N, report_N = estimator.reward_N, estimator.report_N
    final_N, weights_N = reward_N[oracle.final_N], weights_N / weights_N.sum()
    best = int(np.argmax(reward_N))
    return {
        "mean_final": float(weights_N @ final_N),
        "median_final": weighted_quantile(final_N, weights_N, 0.5),
        "mean_steps": float(weights_N @ oracle.steps_N),
        "median_improvement": weighted_quantile(final_N - reward_N, weights_N, 0.5),
        "mean_improvement": float(weights_N @ (final_N - reward_N)),
        "mean_final_report": float(weights_N @ report_N[oracle.final_N]),
        "best_reward": float(reward_N[best]),
        "best_report": float(report_N[best]),
        "gamma": oracle.gamma,
        "alpha": alpha,
        "objective": benchmark.objective,
    }


def record_head(benchmark: Benchmark, budget: int, trials: int, seed: int) -> dict[str, Any]:
    """A comparison's record before any strategy was run."""
    space = benchmark.space
    enumerable = isinstance(space, EnumerableSpace)
    return {
        "kind": "comparison",
        "archwalk": versions()["archwalk"],
        "created": now(),
        "command": " ".join(["archwalk", *sys.argv[1:]]),
        "versions": versions(),
        "benchmark": benchmark.name,
        "objective": benchmark.objective,
        "objective_meaning": MEANINGS.get(benchmark.objective, benchmark.objective),
        "provenance": dict(benchmark.provenance),
        "evaluation": benchmark.evaluation,
        "space": {
            "name": space.name,
            **({"architectures": space.size, "edges": space.graph.edges} if enumerable else {}),  # type: ignore[attr-defined]
        },
        "budget": budget,
        "trials": trials,
        "seeds": [seed],
        "query": {},
        "optimum": None,
        "episodes": None,
        "significance": None,
        "ranks": None,
        "profile": None,
        "strategies": {},
    }


def _found(benchmark: Benchmark, search: Search) -> dict[str, Any]:
    """The architecture of highest reward of all agents and trials."""
    reward_GT, report_GT = (
        np.stack([getattr(curves, name)[:, -1] for curves in search.curves])
        for name in ("reward_TQ", "report_TQ")
    )
    agent, trial = np.unravel_index(reward_GT.argmax(), reward_GT.shape)
    code_L = search.ledgers[agent].best_codes_TL()[trial]
    return _describe(benchmark, code_L, reward_GT[agent, trial], report_GT[agent, trial])


def _describe(benchmark: Benchmark, code_L: Codes, reward: float, report: float) -> dict[str, Any]:
    """An architecture for people and for `parse`; null in place of what is not a number."""
    space = benchmark.space
    scores = {name: float(score) for name, score in (("reward", reward), ("report", report))}
    return {"description": space.describe(code_L), "svg": space.draw(code_L)} | {
        name: score if np.isfinite(score) else None for name, score in scores.items()
    }


def _examples(benchmark: Benchmark, starts_BL: Codes, outcome: Outcome) -> list[dict[str, Any]]:
    """Episodes from starts at the lower quartile, the median and the upper quartile of reward."""
    start, final, episodes = outcome.start, outcome.final, outcome.episodes
    order = np.argsort(start.reward_B, kind="stable")
    picked = [order[int(len(order) * (i + 1) / (EXAMPLES + 1))] for i in range(EXAMPLES)]

    return [
        {
            "start": _describe(benchmark, starts_BL[b], start.reward_B[b], start.report_B[b]),
            "found": _describe(benchmark, episodes.finals_BL[b], final.reward_B[b], final.report_B[b]),
            "steps": int(episodes.steps_B[b]),
        }
        for b in picked
    ]
