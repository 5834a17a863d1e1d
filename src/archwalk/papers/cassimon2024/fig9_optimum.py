"""figure 9: the local optimum in which a fifth of local search's episodes end."""

from typing import Any

import numpy as np

from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.evaluator import Evaluator
from archwalk.experiments.protocol import HISTOGRAM_EDGES, spawn
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
            "fullest_bin": _fullest_bin([outcome.gained_B for outcome in outcomes], finals_BL),
            "ends": [
                {"share": float(share)} | _describe(found, evaluator, every_DL[d])
                for d, share in zip(order, shares, strict=True)
            ],
        },
    )


def _fullest_bin(improvement_SB: list[Floats], finals_BL: Codes) -> dict[str, float]:
    """The bin of improvements (figure 8's, half a point wide) that holds most episodes, and what they have in common.

    The paper's "one bin even containing around 20 % of the episodes" may be this share, and not that of one end.
    """
    improvement_B = np.concatenate(improvement_SB)
    counts, edges = np.histogram(improvement_B, HISTOGRAM_EDGES)
    fullest = int(counts.argmax())
    low, high = edges[fullest], edges[fullest + 1]
    inside_BL = finals_BL[(improvement_B >= low) & (improvement_B < high)]
    same_D = np.unique(inside_BL, axis=0, return_counts=True)[1]
    return {
        "low": float(low), "high": float(high), "share": float(counts[fullest] / len(improvement_B)),
        "share_of_one_end": float(same_D.max() / len(inside_BL)),
    }  # fmt: skip


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
