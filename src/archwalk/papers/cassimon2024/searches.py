"""Comparisons by the best so far (figures 10, 14 and 15), for all items that look at them."""

from collections.abc import Sequence

from msgspec.structs import replace

from archwalk.estimators.benchmarks import Benchmark
from archwalk.experiments.comparison import comparison_of, solve_benchmark, summarise_oracle
from archwalk.experiments.records import Comparison, Curve, StrategyResult
from archwalk.experiments.runs import load_method
from archwalk.papers.cassimon2024.episodes import one_repeat
from archwalk.papers.searches import kept_search
from archwalk.papers.setup import NamedMethod, Setup
from archwalk.spaces.base import EnumerableSpace

LONG_BUDGET = 3_000
"""Queries of a search from scratch where its price is compared with that of a training (ours)."""


def search(
    setup: Setup,
    benchmark: Benchmark,
    budget: int,
    shown: int | None = None,
    only: Sequence[str] = (),
    also: Sequence[str] = (),
) -> Comparison:
    """A comparison of all strategies, or of some, over `budget` queries; curves cut at `shown`.

    `also` names strategies beside the reproduction's own.
    """
    named_methods = [one_repeat(e) for e in setup.named_methods(benchmark) if not only or e.name in only]
    named_methods += [NamedMethod(load_method(name, benchmark.space, benchmark.name), name) for name in also]
    strategies = {}
    for done, named in enumerate(named_methods):
        setup.tell(done / len(named_methods), f"{budget:,} queries of {named.name}")
        summary, _ = kept_search(setup, benchmark, named, budget, setup.scale.trials)
        strategies[named.name] = _cut(summary, shown or budget)
    oracle, optimum = solve_benchmark(benchmark), None
    if oracle is not None and isinstance(benchmark.space, EnumerableSpace):
        optimum = summarise_oracle(benchmark, oracle, benchmark.space.start_weights)
    return comparison_of(
        benchmark,
        strategies,
        budget=shown or budget,
        trials=setup.scale.trials,
        seed=setup.seed,
        optimum=optimum,
    )


def _cut(summary: StrategyResult, shown: int) -> StrategyResult:
    curve, after = curve_of(summary), summary.best_after
    ends = Curve(**{name: getattr(curve, name)[:shown] for name in Curve.__struct_fields__})
    best = {queries: best for queries, best in after.items() if queries <= shown}
    return replace(summary, curve=ends, best_after=best)


def curve_of(strategy: StrategyResult) -> Curve:
    """The curve of a search, which every one has."""
    assert strategy.curve is not None
    return strategy.curve
