"""Best-so-far searches (P1 Figures 10, 14 and 15), run once for all items that look at them."""

from collections.abc import Sequence
from typing import Any

from archwalk.estimators.benchmarks import Benchmark
from archwalk.experiments.comparison import record_head, solve_benchmark, summarise_oracle
from archwalk.experiments.protocol import run_search, spawn, summarise_search
from archwalk.experiments.reproductions.cassimon2024.episodes import one_repeat
from archwalk.experiments.reproductions.setup import Entrant, Setup, benchmark_settings
from archwalk.experiments.statistics import BOOTSTRAP_SAMPLES
from archwalk.spaces.base import EnumerableSpace

ORACLE_GAMMA = 0.99

LONG_BUDGET = 3_000
"""Queries of a search from scratch where its price is compared with that of a training (ours)."""


def search(
    setup: Setup, benchmark: Benchmark, budget: int, shown: int | None = None, only: Sequence[str] = ()
) -> dict[str, Any]:
    """The record of a comparison of all strategies, or of some, over `budget` queries; curves cut at `shown`."""
    record = record_head(benchmark, shown or budget, setup.scale.trials, setup.seed)
    entrants = [one_repeat(e) for e in setup.entrants(benchmark) if not only or e.name in only]
    for done, entrant in enumerate(entrants):
        setup.tell(done / len(entrants), f"{budget:,} queries of {entrant.name}")
        summary = _summary(setup, benchmark, entrant, budget)
        record["strategies"][entrant.name] = _cut(summary, shown or budget)
        record["query"][entrant.name] = summary["query"]
    oracle = solve_benchmark(benchmark, ORACLE_GAMMA)
    if oracle is not None and isinstance(benchmark.space, EnumerableSpace):
        record["optimum"] = summarise_oracle(benchmark, oracle, benchmark.space.start_weights)
    return record


def search_settings(setup: Setup, benchmark: Benchmark, budget: int) -> dict[str, Any]:
    """The protocol of `search`, for a record; what a query is stands with each strategy."""
    return benchmark_settings(benchmark) | {
        "protocol": "best so far: chosen by the reward, shown by the report",
        "budget": budget,
        "trials": setup.scale.trials,
        "bootstrap_samples": BOOTSTRAP_SAMPLES,
        "seed": setup.seed,
    }


def _summary(setup: Setup, benchmark: Benchmark, entrant: Entrant, budget: int) -> dict[str, Any]:
    trials, seed, contestant = setup.scale.trials, setup.seed, entrant.contestant

    def compute() -> dict[str, Any]:
        starts_TQL = benchmark.space.sample(spawn(seed, 0), trials * budget).reshape(trials, budget, -1)
        found = run_search(
            benchmark, contestant, budget=budget, trials=trials, seed=seed, starts_TQL=starts_TQL
        )
        return summarise_search(found, contestant, budget, seed)

    depends = benchmark_settings(benchmark) | {
        "budget": budget, "trials": trials, "seed": seed, "who": entrant.identity,
        "agents": contestant.agents,
    }  # fmt: skip
    return setup.keep(f"search-{entrant.name}", depends, compute)


def _cut(summary: dict[str, Any], shown: int) -> dict[str, Any]:
    curve = {name: values[:shown] for name, values in summary["curve"].items()}
    after = {queries: best for queries, best in summary["best_after"].items() if int(queries) <= shown}
    return summary | {"curve": curve, "best_after": after}
