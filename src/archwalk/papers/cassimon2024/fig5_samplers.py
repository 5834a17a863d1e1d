"""figure 5: what three samplers of NAS-Bench-101 draw, exactly."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.papers.cassimon2024.fig3_accuracies import table_of
from archwalk.papers.item import Answer, Item
from archwalk.papers.setup import Setup, benchmark_settings
from archwalk.spaces.nasbench101.space import NASBench101

LOWEST = 80.0
"""Below it lies a tail that the figure leaves out and the record counts."""


def compute(setup: Setup, benchmark: str) -> Answer:
    """Shares of the draws by vertices, by edges and by accuracy.

    the paper draws 10,000 cells of each sampler; the enumeration gives the probabilities themselves.
    """
    found = setup.find_benchmark(benchmark)
    space = found.space
    if not isinstance(space, NASBench101):
        raise UsageError(f"Figure 5 compares samplers of NAS-Bench-101, not of {found.name}")
    report_N = table_of(found).report_N
    vertices_N, edges_N = space.tables.vertices_N.astype(np.int64), np.bitwise_count(space.tables.bits_N)
    samplers = {
        "size-uniform (the paper's)": space.start_weights,
        "uniform over the table": np.full(space.size, 1 / space.size),
        "Random Cell Adj (BANANAS)": space.banana_weights,
    }
    bins = np.arange(LOWEST, 95.51, 0.25)
    return Answer(
        benchmark_settings(found) | {"probabilities": "exact", "paper": "samples of 10,000 cells"},
        {
            "accuracy_edges": bins.tolist(),
            "samplers": {
                name: _shares(w_N, vertices_N, edges_N.astype(np.int64), report_N, bins)
                for name, w_N in samplers.items()
            },
        },
    )


def _shares(
    w_N: Floats, vertices_N: NDArray[np.int64], edges_N: NDArray[np.int64], report_N: Floats, bins: Floats
) -> dict[str, Any]:
    mean = float(w_N @ report_N)
    return {
        "vertices": np.bincount(vertices_N, w_N).tolist(),
        "edges": np.bincount(edges_N, w_N).tolist(),
        "accuracy": np.histogram(report_N, bins, weights=w_N)[0].tolist(),
        "below": float(w_N[report_N < bins[0]].sum()),
        "mean_accuracy": mean,
        "std_accuracy": float(np.sqrt(w_N @ (report_N - mean) ** 2)),
    }


ITEM = Item("fig5", "Figure 5", "Three samplers of cells", "samplers", compute, "nasbench101")
