"""figure 9: the local optimum in which a fifth of local search's episodes end."""

from typing import Any

import numpy as np

from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.evaluator import Evaluator
from archwalk.experiments.protocol import spawn
from archwalk.papers.cassimon2024.episodes import episode_settings, play
from archwalk.papers.item import Answer, Item
from archwalk.papers.setup import Setup
from archwalk.spaces.base import Codes

LOCAL_SEARCH = "local-search"
SHOWN = 3


def compute(setup: Setup, benchmark: str) -> Answer:
    """The architectures in which most episodes end: shares, accuracies, and whether they are local optima."""
    found = setup.find_benchmark(benchmark)
    named_methods = [named for named in setup.named_methods(found) if named.name == LOCAL_SEARCH]
    outcomes = play(setup, found, named_methods)[LOCAL_SEARCH]
    finals_BL = np.concatenate([outcome.episodes.finals_BL for outcome in outcomes])
    every_DL, counts_D = np.unique(finals_BL, axis=0, return_counts=True)
    order = np.argsort(-counts_D, kind="stable")[:SHOWN]
    shares = counts_D[order] / len(finals_BL)
    evaluator = Evaluator.seeded(found.estimator, spawn(setup.seed, 11))
    settings = episode_settings(setup, found) | {"strategies": [LOCAL_SEARCH]}
    setup.notes.clear()  # no agent is needed here
    return Answer(
        settings,
        {
            "episodes": len(finals_BL),
            "different_ends": len(every_DL),
            "ends": [
                {"share": float(share)} | _describe(found, evaluator, every_DL[d])
                for d, share in zip(order, shares, strict=True)
            ],
        },
    )


def _describe(benchmark: Benchmark, evaluator: Evaluator, code_L: Codes) -> dict[str, Any]:
    space = benchmark.space
    scores = evaluator.scores(code_L[None])
    around = evaluator.rewards(space.neighbours(code_L[None]).codes_EL)
    return {
        "reward": float(scores.reward_B[0]),
        "report": float(scores.report_B[0]),
        "neighbours": len(around),
        "best_neighbour_reward": float(around.max()),
        "is_local_optimum": bool(around.max() <= scores.reward_B[0]),
        "description": space.describe(code_L),
        "svg": space.draw(code_L),
    }


ITEM = Item(
    "fig9", "Figure 9", "The local optimum that local search finds most", "optimum", compute, "nasbench101"
)
