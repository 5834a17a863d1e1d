"""Comparisons by the best so far (P1 Figures 10, 14 and 15), for all items that look at them."""

from collections.abc import Sequence
from typing import Any

from archwalk.estimators.benchmarks import Benchmark
from archwalk.experiments.comparison import record_head, solve_benchmark, summarise_oracle
from archwalk.experiments.runs import load_contestant
from archwalk.papers.cassimon2024.episodes import one_repeat
from archwalk.papers.searches import kept_search
from archwalk.papers.setup import Entrant, Setup
from archwalk.spaces.base import EnumerableSpace

ORACLE_GAMMA = 0.99

LONG_BUDGET = 3_000
"""Queries of a search from scratch where its price is compared with that of a training (ours)."""


def search(
    setup: Setup,
    benchmark: Benchmark,
    budget: int,
    shown: int | None = None,
    only: Sequence[str] = (),
    also: Sequence[str] = (),
) -> dict[str, Any]:
    """The record of a comparison of all strategies, or of some, over `budget` queries; curves cut at `shown`.

    `also` names strategies beside the reproduction's own.
    """
    record = record_head(benchmark, shown or budget, setup.scale.trials, setup.seed)
    entrants = [one_repeat(e) for e in setup.entrants(benchmark) if not only or e.name in only]
    entrants += [Entrant(load_contestant(name, benchmark.space, benchmark.name), name) for name in also]
    for done, entrant in enumerate(entrants):
        setup.tell(done / len(entrants), f"{budget:,} queries of {entrant.name}")
        summary, _ = kept_search(setup, benchmark, entrant, budget, setup.scale.trials)
        record["strategies"][entrant.name] = _cut(summary, shown or budget)
        record["query"][entrant.name] = summary["query"]
    oracle = solve_benchmark(benchmark, ORACLE_GAMMA)
    if oracle is not None and isinstance(benchmark.space, EnumerableSpace):
        record["optimum"] = summarise_oracle(benchmark, oracle, benchmark.space.start_weights)
    return record


def _cut(summary: dict[str, Any], shown: int) -> dict[str, Any]:
    curve = {name: values[:shown] for name, values in summary["curve"].items()}
    after = {queries: best for queries, best in summary["best_after"].items() if int(queries) <= shown}
    return summary | {"curve": curve, "best_after": after}
