"""sections 4.1.2 and 4.2.2: how long training an agent takes, and how long one of its episodes."""

import time
from typing import Any

import numpy as np

from archwalk.estimators.benchmarks import Benchmark
from archwalk.experiments.protocol import Method, spawn, take_episodes
from archwalk.papers.cassimon2024.episodes import describe, one_repeat
from archwalk.papers.item import Answer, Item
from archwalk.papers.setup import Setup, benchmark_settings
from archwalk.strategies.base import Trials

ALONE = 32
"""Episodes that are taken one at a time."""

ROUNDS = 3


def compute(setup: Setup, benchmark: str) -> Answer:
    """Training and episode seconds of every strategy: many episodes side by side, and each alone."""
    found = setup.find_benchmark(benchmark)
    starts_BL = found.space.sample(spawn(setup.seed, 6), setup.scale.starts)
    rows = {}
    named_methods = [one_repeat(named) for named in setup.named_methods(found)]
    for done, named in enumerate(named_methods):
        setup.tell(done / len(named_methods), f"episodes of {named.name}")
        method = named.method
        about = describe(named, found)
        rows[named.name] = {
            "agents": about["agents"],
            "training_seconds": _each_training(method, found),
            "training_queries": about["training_queries"],
            "batched": [_seconds(found, method, starts_BL, seed) for seed in range(ROUNDS)],
            "alone": [_seconds(found, method, start_L[None], 0) for start_L in starts_BL[:ALONE]],
        }
    return Answer(
        benchmark_settings(found)
        | {"starts": len(starts_BL), "rounds": ROUNDS, "alone": ALONE, "seed": setup.seed}
        | {"measured": "wall time on one thread, evaluations on the way (local search) included"},
        {"times": rows},
    )


def _each_training(method: Method, benchmark: Benchmark) -> list[float]:
    """Wall seconds of each agent's training; empty for a strategy that is not trained."""
    strategies = [factory(Trials(benchmark.space, 1, spawn(0, 0))) for factory in method.factories]
    return [strategy.training_seconds for strategy in strategies if strategy.training_queries]


def _seconds(benchmark: Benchmark, method: Method, starts_BL: Any, seed: int) -> float:
    """Wall seconds an episode of the first agent."""
    started = time.perf_counter()
    take_episodes(benchmark, method, 0, starts_BL, np.random.default_rng(seed))
    return (time.perf_counter() - started) / len(starts_BL)


def _item(name: str, section: str, benchmark: str) -> Item:
    return Item(name, section, "What training and an episode take", "times", compute, benchmark, agents=True)


TIMES = _item("times", "section 4.1.2", "nasbench101")
TIMES301 = _item("times301", "section 4.2.2", "nasbench301:yahpo")
