"""figure 3: the accuracies of all architectures, before and after shaping."""

import numpy as np

from archwalk.environments.shaping import Shaping
from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.table import TableEstimator
from archwalk.papers.item import Answer, Item
from archwalk.papers.setup import Setup, benchmark_settings

ALPHA = 6.0
EDGES = np.linspace(0, 1, 101)


def compute(setup: Setup, benchmark: str) -> Answer:
    """Histograms of the reward as a fraction, as it is and shaped with alpha 6."""
    found = setup.find_benchmark(benchmark)
    reward_N = table_of(found).reward_N
    reward_N = reward_N[np.isfinite(reward_N)]
    columns = {"accuracy": Shaping(None)(reward_N), "shaped": Shaping(ALPHA)(reward_N)}
    return Answer(
        benchmark_settings(found) | {"architectures": len(reward_N), "alpha": ALPHA, "reference": 1.0},
        {
            "edges": EDGES.tolist(),
            "counts": {name: np.histogram(values, EDGES)[0].tolist() for name, values in columns.items()},
            "mean_accuracy": float(reward_N.mean()),
            "share_85_to_94": float(((reward_N >= 85) & (reward_N <= 94)).mean()),
            "deviation": {name: float(values.std()) for name, values in columns.items()},
        },
    )


def table_of(benchmark: Benchmark) -> TableEstimator:
    """The table of a tabular benchmark. Raises UsageError for any other."""
    if not isinstance(benchmark.estimator, TableEstimator):
        raise UsageError(f"{benchmark.name} has no table of all architectures")
    return benchmark.estimator


ITEM = Item("fig3", "Figure 3", "Accuracies before and after shaping", "accuracies", compute, "nasbench101")
