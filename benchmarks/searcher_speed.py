"""Searchers that go through all trials side by side, on NAS-Bench-101, test-mean: seconds, and best so far.

Seconds are those of the whole search, ledger included, with tables and kernels warm (the first search of each is not
timed). Query: an evaluated architecture for all four.
"""

import argparse

from archwalk.estimators.benchmarks import load_benchmark
from archwalk.experiments.protocol import run_search
from archwalk.experiments.runs import load_methods

NAMES = ["random-search", "local-search", "local-search-white", "regularized-evolution"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--benchmark", default="nasbench101:test-mean")
    parser.add_argument("--strategies", default=",".join(NAMES))
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--budget", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    benchmark = load_benchmark(options.benchmark)
    budget, seed = options.budget, options.seed
    print(
        f"{benchmark.name}, {benchmark.objective.name}, {options.trials} trials of {budget} queries, seed {seed}"
    )
    print("mean and deviation of the best so far; different architectures in a trial; seconds")
    for method in load_methods(options.strategies.split(","), benchmark.space, options.benchmark):
        run_search(benchmark, method, budget=budget, trials=1, seed=seed)
        search = run_search(benchmark, method, budget=budget, trials=options.trials, seed=seed)
        report_TQ, ledger = search.curves[0].report_TQ, search.ledgers[0]
        after = [q for q in (10, 50, 100, 150, 300, 1000, 3200) if q <= budget]
        cells = [f"{q}: {report_TQ[:, q - 1].mean():.3f} {report_TQ[:, q - 1].std():.3f}" for q in after]
        unique = ledger.unique_T().mean()
        print(f"{method.name:22} {'   '.join(cells)}   {unique:7.1f}   {ledger.seconds:6.2f} s")


if __name__ == "__main__":
    main()
