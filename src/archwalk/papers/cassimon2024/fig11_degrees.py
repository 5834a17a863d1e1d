"""figure 11: number of neighbours against accuracy, over all cells."""

import numpy as np
from scipy.stats import kendalltau, pearsonr

from archwalk.errors import UsageError
from archwalk.papers.cassimon2024.fig3_accuracies import table_of
from archwalk.papers.item import Answer, Item
from archwalk.papers.setup import Setup, benchmark_settings
from archwalk.spaces.base import EnumerableSpace

ACCURACY_BINS = 60


def compute(setup: Setup, benchmark: str) -> Answer:
    """Pearson's r and Kendall's tau over every architecture, and a two-dimensional histogram."""
    found = setup.find_benchmark(benchmark)
    if not isinstance(found.space, EnumerableSpace):
        raise UsageError(f"{found.name} cannot be enumerated, so its neighbours cannot be counted")
    report_N, degree_N = table_of(found).report_N, found.space.graph.degrees
    known_N = np.isfinite(report_N)
    report_N, degree_N = report_N[known_N], degree_N[known_N]
    low, high = np.percentile(report_N, 1), report_N.max()
    degree_edges = np.arange(degree_N.min() - 0.5, degree_N.max() + 1)
    report_edges = np.linspace(low, high + 1e-9, ACCURACY_BINS + 1)
    counts_XY, _, _ = np.histogram2d(degree_N, report_N, bins=(degree_edges, report_edges))
    return Answer(
        benchmark_settings(found) | {"architectures": len(report_N)},
        {
            "pearson": float(pearsonr(degree_N, report_N)[0]),
            "kendall": float(kendalltau(degree_N, report_N)[0]),
            "neighbours": {
                "mean": float(degree_N.mean()),
                "median": float(np.median(degree_N)),
                "least": int(degree_N.min()),
                "most": int(degree_N.max()),
                "share_above_50": float((degree_N > 50).mean()),
            },
            "degree_edges": degree_edges.tolist(),
            "report_edges": report_edges.tolist(),
            "counts": counts_XY.astype(int).tolist(),
            "below": float((report_N < low).mean()),
        },
    )


ITEM = Item("fig11", "Figure 11", "Number of neighbours against accuracy", "degrees", compute, "nasbench101")
