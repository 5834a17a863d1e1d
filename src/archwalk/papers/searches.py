"""Best-so-far searches of reproductions: run once, kept, and found again by all items that look at them."""

import re
from typing import Any

from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark
from archwalk.experiments.bootstrap import BOOTSTRAP_SAMPLES
from archwalk.experiments.protocol import run_search, spawn, summarise_search
from archwalk.experiments.records import StrategyResult, plain, restored
from archwalk.papers.setup import NamedMethod, Setup, benchmark_settings


def kept_search(
    setup: Setup, benchmark: Benchmark, named: NamedMethod, budget: int, trials: int, of: int | None = None
) -> tuple[StrategyResult, Floats]:
    """A strategy's summary, and its reports of the best so far (G, T, Q).

    Starts are those of the first `trials` of `of` trials: strategies with fewer trials share them with the others.
    """
    seed, method, most = setup.seed, named.method, of or trials

    def compute() -> dict[str, Any]:
        starts_TQL = benchmark.space.sample(spawn(seed, 0), most * budget).reshape(most, budget, -1)
        found = run_search(
            benchmark, method, budget=budget, trials=trials, seed=seed, starts_TQL=starts_TQL[:trials],
            workers=setup.workers,
        )  # fmt: skip
        return {
            "summary": plain(summarise_search(found, method, budget, seed)),
            "report": found.report_GTQ,
        }

    depends = benchmark_settings(benchmark) | {
        "budget": budget, "trials": trials, "of": most, "seed": seed, "who": named.identity,
        "agents": method.agents,
    }  # fmt: skip
    part = setup.keep(
        f"search-{re.sub('[^A-Za-z0-9.]+', '-', method.strategy or named.name)}", depends, compute
    )
    return restored(part["summary"], StrategyResult), part["report"]


def search_settings(setup: Setup, benchmark: Benchmark, budget: int) -> dict[str, Any]:
    """The protocol of searches, for a record; what a query is stands with each strategy."""
    return benchmark_settings(benchmark) | {
        "protocol": "best so far: chosen by the reward, shown by the report",
        "budget": budget,
        "trials": setup.scale.trials,
        "bootstrap_samples": BOOTSTRAP_SAMPLES,
        "seed": setup.seed,
    }
