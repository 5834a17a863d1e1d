"""Searchers by models beside random and local search on NAS-Bench-101: best so far with 95 % intervals of the mean,
and seconds a trial, one process of one thread. `--ablation`: graph-gp without each of its blocks of features.

A query is an architecture, but for local search: the start and every presented neighbour.
"""

import argparse

import numpy as np
import torch

from archwalk.estimators.benchmarks import load_benchmark
from archwalk.experiments.comparison import compare
from archwalk.experiments.runs import load_method
from archwalk.strategies.graph_gp import BLOCKS

NAMES = ("graph-gp", "bananas", "nasbot", "alphax", "local-search", "random-search")
AFTER = (50, 100, 150, 300)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--benchmark", default="nasbench101:test-mean")
    parser.add_argument("--strategies", nargs="+", default=NAMES)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--budget", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--ablation", action="store_true")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of all strategies")
    options = parser.parse_args()
    torch.set_num_threads(1)
    benchmark = load_benchmark(options.benchmark)
    benchmark.space.neighbours(
        benchmark.space.sample(np.random.default_rng(0), 1)
    )  # compile and build before the clock
    print(
        f"{benchmark.name}, {benchmark.objective.name}, {options.trials} trials, seed {options.seed}: mean [interval]"
    )
    runs = [(name, name, options.set) for name in options.strategies]
    if options.ablation:
        blocks = [(f"no {block}", "graph-gp", [*options.set, f"without={block}"]) for block in BLOCKS]
        runs = [("graph-gp", "graph-gp", options.set), *blocks]
    for title, name, settings in runs:
        method = load_method(name, benchmark.space, options.benchmark, settings)
        record = compare(
            benchmark, [method], budget=options.budget, trials=options.trials, seed=options.seed,
            workers=options.workers,
        )  # fmt: skip
        summary = record.strategies[method.name]
        cells = []
        for queries in sorted({*(after for after in AFTER if after < options.budget), options.budget}):
            after = summary.best_after[queries]
            low, high = after.ci95 or (float("nan"),) * 2
            cells.append(f"{queries}: {after.mean:.3f} [{low:.3f}, {high:.3f}]")
        print(
            f"{title:17} {'   '.join(cells)}   ({summary.seconds / options.trials:.1f} s a trial)",
            flush=True,
        )


if __name__ == "__main__":
    main()
