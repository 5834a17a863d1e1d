"""How far a benchmark's reward tells what its report will be: the tables of docs/benchmarks/."""

import argparse

import numpy as np
from scipy.stats import spearmanr

from archwalk.data.nasbench_graph import GRAPHS
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.estimators.table import TableEstimator

OWN = (
    "digits-cells", "chain-digits", "chain-mnist5k", "chain-fashion-mnist", "chain-omniglot", "chain-dtd10",
)  # fmt: skip
DEFAULT = [*(f"nas-bench-graph:{graph}" for graph in GRAPHS), *OWN]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benchmarks", nargs="*", default=DEFAULT)
    print(
        "| benchmark | median reward | best reward | its report | best report | rank correlation | in the top 1 % |"
    )
    print("|---|---|---|---|---|---|---|")
    for name in parser.parse_args().benchmarks:
        estimator = load_benchmark(name).estimator
        assert isinstance(estimator, TableEstimator)
        reward_N, report_N = estimator.reward_N, estimator.report_N
        best_N = reward_N >= np.quantile(reward_N, 0.99)
        scores = (np.median(reward_N), reward_N.max(), report_N[reward_N.argmax()], report_N.max())
        ranks = (spearmanr(reward_N, report_N), spearmanr(reward_N[best_N], report_N[best_N]))
        cells = [*(f"{score:.2f}" for score in scores), *(f"{rank.statistic:+.2f}" for rank in ranks)]
        print(f"| `{name}` | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
