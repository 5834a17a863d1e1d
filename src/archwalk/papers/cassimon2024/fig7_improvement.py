"""figures 7 and 12: the improvement of one episode against the accuracy that it began with."""

from typing import Any

import numpy as np

from archwalk.estimators.base import Floats
from archwalk.experiments.protocol import Outcome
from archwalk.papers.cassimon2024.episodes import episode_settings, play
from archwalk.papers.item import Answer, Item
from archwalk.papers.setup import Setup

BINS = 60
DIAGONALS = (85.0, 90.0, 95.0, 100.0)
"""Final accuracies of the paper's dashed lines; nothing can lie beyond the last."""

FEWEST_LINES = 2


def compute(setup: Setup, benchmark: str) -> Answer:
    """Two-dimensional histograms on one grid, a strategy each."""
    found = setup.find_benchmark(benchmark)
    played = play(setup, found)
    start = {name: np.concatenate([o.start.report_B for o in outcomes]) for name, outcomes in played.items()}
    gained = {name: np.concatenate([o.gained_B for o in outcomes]) for name, outcomes in played.items()}
    edges = _edges(start), _edges(gained)
    return Answer(
        episode_settings(setup, found),
        {
            "start_edges": edges[0].tolist(),
            "gained_edges": edges[1].tolist(),
            "diagonals": _diagonals(*edges),
            "strategies": {name: _density(start[name], gained[name], edges, played[name]) for name in played},
        },
    )


def _edges(values: dict[str, Floats]) -> Floats:
    """Of bins over what the middle 99 % of all values span: a few cells lie tens of points outside."""
    low, high = np.nanpercentile(np.concatenate(list(values.values())), [0.5, 99.5])
    return np.linspace(low, max(high, low + 0.1), BINS + 1)


def _diagonals(start_edges: Floats, gained_edges: Floats) -> list[float]:
    """The paper's final accuracies that cross the frame; where hardly any does, every second whole one that does."""
    low, high = start_edges[0] + gained_edges[0], start_edges[-1] + gained_edges[-1]
    shown = [final for final in DIAGONALS if low < final < high]
    return shown if len(shown) >= FEWEST_LINES else np.arange(np.ceil(low), min(high, 100.1), 2.0).tolist()


def _density(
    start_B: Floats, gained_B: Floats, edges: tuple[Floats, Floats], outcomes: list[Outcome]
) -> dict[str, Any]:
    counts_XY, _, _ = np.histogram2d(start_B, gained_B, bins=edges)
    final_B = start_B + gained_B
    return {
        "episodes": len(start_B),
        "agents": len(outcomes),
        "counts": counts_XY.astype(int).tolist(),
        "outside": float(1 - counts_XY.sum() / len(start_B)),
        "worse": float((gained_B < 0).mean()),
        "final_std": float(final_B.std()),
        "median_improvement": float(np.median(gained_B)),
    }


def _item(name: str, source: str, benchmark: str) -> Item:
    title = "Improvement against initial accuracy"
    return Item(name, source, title, "improvement", compute, benchmark, agents=True)


FIG7 = _item("fig7", "Figure 7", "nasbench101")
FIG12 = _item("fig12", "Figure 12", "nasbench301:yahpo")
