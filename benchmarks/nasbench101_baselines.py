"""Random search, random walk and local search on NAS-Bench-101, test-mean: best so far over 300 trials.

Query: an architecture for random search; an episode for random walk; the start and every presented neighbour for
local search. The columns are those of Cassimon et al. 2024, table 1 (whose rewards are validation accuracies: another
setting).
"""

import argparse

from archwalk.estimators.benchmarks import load_benchmark
from archwalk.experiments.comparison import compare
from archwalk.experiments.runs import load_methods


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--benchmark", default="nasbench101:test-mean")
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    benchmark = load_benchmark(options.benchmark)
    names = ["random-search", "random-walk", "local-search"]
    methods = load_methods(names, benchmark.space)
    record = compare(benchmark, methods, budget=300, trials=options.trials, seed=options.seed)
    print(
        f"{benchmark.name}, {benchmark.objective.name}, {options.trials} trials, seed {options.seed}: mean, deviation"
    )
    for name, summary in record.strategies.items():
        after = summary.best_after
        cells = [f"{q}: {after[q].mean:.3f} {after[q].std:.3f}" for q in (50, 100, 150, 300)]
        print(f"{name:14} {'   '.join(cells)}   ({summary.seconds:.1f} s)")


if __name__ == "__main__":
    main()
