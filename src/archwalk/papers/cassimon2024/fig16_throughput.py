"""figure 16: steps a second of a bare environment, table against surrogate, by degree of vectorisation."""

import time
from typing import Any

import numpy as np

from archwalk.environments.shaping import Shaping
from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark
from archwalk.experiments.protocol import spawn
from archwalk.papers.item import Answer, Item
from archwalk.papers.setup import Setup, benchmark_settings
from archwalk.spaces.base import Codes

BATCHES = (1, 2, 4, 8, 16, 32, 64)
ALPHAS = {"nasbench101": 6.0, "nasbench301:yahpo": 32.0}
ROUNDS = 5
POOL = 4_096


class BareEnvironment:
    """B walks without neighbours (section 4.2.2): an action is an architecture, paid as the paper pays it."""

    def __init__(self, benchmark: Benchmark, alpha: float, starts_BL: Codes) -> None:
        self.estimator = benchmark.estimator
        self.shaping = Shaping(alpha)
        self.shaped_B = self._shaped(starts_BL)

    def step(self, codes_BL: Codes) -> Floats:
        """Go to these architectures; the shaped differences (B,)."""
        shaped_B = self._shaped(codes_BL)
        reward_B = shaped_B - self.shaped_B
        self.shaped_B = shaped_B
        return reward_B

    def _shaped(self, codes_BL: Codes) -> Floats:
        return self.shaping(self.estimator.evaluate(codes_BL).reward_B)


def compute(setup: Setup, benchmark: str) -> Answer:
    """Architectures a second for both objectives and every batch: median, least and most of five rounds."""
    seconds, about = setup.scale.timing_seconds, dict[str, Any]()
    rows: dict[str, list[dict[str, Any]]] = {}
    for i, (name, alpha) in enumerate(ALPHAS.items()):
        found = setup.find_paper_benchmark(name)
        about[found.name] = benchmark_settings(found)
        codes_PL = found.space.sample(spawn(setup.seed, 5), POOL)
        rows[found.name] = []
        for j, batch in enumerate(BATCHES):
            setup.tell((i + j / len(BATCHES)) / len(ALPHAS), f"{found.name}, {batch} at a time")
            rows[found.name].append(measure(found, alpha, codes_PL, batch, seconds))
    return Answer(
        {
            "benchmarks": about,
            "batches": list(BATCHES),
            "seconds_per_round": seconds,
            "rounds": ROUNDS,
            "alpha": ALPHAS,
            "environment": "no neighbours: the action is an architecture; one process, one thread",
        },
        {"batches": list(BATCHES), "throughput": rows},
    )


def measure(
    benchmark: Benchmark, alpha: float, codes_PL: Codes, batch: int, seconds: float
) -> dict[str, Any]:
    """Architectures a second of one batch size."""
    environment = BareEnvironment(benchmark, alpha, codes_PL[:batch])
    rates = []
    for _ in range(ROUNDS):
        done, at, started = 0, 0, time.perf_counter()
        while (taken := time.perf_counter() - started) < seconds or not done:
            environment.step(codes_PL[at : at + batch])
            done, at = done + batch, (at + batch) % (len(codes_PL) - batch + 1)
        rates.append(done / taken)
    return {"median": float(np.median(rates)), "least": min(rates), "most": max(rates)}


ITEM = Item("fig16", "Figure 16", "Throughput against vectorisation", "throughput", compute)
