"""BANANAS, NASBOT and AlphaX beside random and local search on NAS-Bench-101: best so far with 95 % intervals of the
mean, and seconds a trial, one process of one thread.

A query is an architecture, but for local search: the start and every presented neighbour.
"""

import argparse

import numpy as np
import torch

from archwalk.estimators.benchmarks import load_benchmark
from archwalk.experiments.comparison import compare
from archwalk.experiments.runs import load_contestant

NAMES = ("bananas", "nasbot", "alphax", "local-search", "random-search")
AFTER = ("50", "100", "150")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--benchmark", default="nasbench101:test-mean")
    parser.add_argument("--strategies", nargs="+", default=NAMES)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of all strategies")
    options = parser.parse_args()
    torch.set_num_threads(1)
    benchmark = load_benchmark(options.benchmark)
    benchmark.space.neighbours(
        benchmark.space.sample(np.random.default_rng(0), 1)
    )  # compile and build before the clock
    print(
        f"{benchmark.name}, {benchmark.objective}, {options.trials} trials, seed {options.seed}: mean [interval]"
    )
    for name in options.strategies:
        contestant = load_contestant(name, benchmark.space, options.benchmark, options.set)
        record = compare(
            benchmark, [contestant], budget=int(AFTER[-1]), trials=options.trials, seed=options.seed
        )
        summary = record["strategies"][contestant.name]
        cells = []
        for queries in AFTER:
            after = summary["best_after"][queries]
            cells.append(f"{queries}: {after['mean']:.3f} [{after['ci95'][0]:.3f}, {after['ci95'][1]:.3f}]")
        print(
            f"{name:14} {'   '.join(cells)}   ({summary['seconds'] / options.trials:.1f} s a trial)",
            flush=True,
        )


if __name__ == "__main__":
    main()
