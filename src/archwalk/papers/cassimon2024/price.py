"""Ours: what a final accuracy costs, in different architectures evaluated, training included."""

from typing import Any

import numpy as np

from archwalk.experiments.records import StrategyResult, plain
from archwalk.papers.cassimon2024.episodes import describe, episode_settings, play
from archwalk.papers.cassimon2024.fig10_queries import BUDGETS
from archwalk.papers.cassimon2024.searches import LONG_BUDGET, search
from archwalk.papers.item import Answer, Item
from archwalk.papers.searches import search_settings
from archwalk.papers.setup import BASELINES, Setup

ALSO = ("local-search-white", "regularized-evolution")
"""Searchers from scratch that are drawn beside the paper's."""


def compute(setup: Setup, benchmark: str) -> Answer:
    """Curves of searches from scratch over queries, and points of agents at training plus one episode."""
    found, budget = setup.find_benchmark(benchmark), BUDGETS[benchmark]
    record = search(setup, found, budget)
    played = play(setup, found)
    points = []
    for named in setup.named_methods(found):
        about = describe(named, found)
        if about["training_queries"] and named.name in played:
            finals = [float(outcome.final.report_B.mean()) for outcome in played[named.name]]
            points.append(_point(named.name, about, finals, record.strategies[named.name]))
    searched = search(setup, found, LONG_BUDGET, only=BASELINES, also=ALSO).strategies
    scratch = {name: plain(strategy) for name, strategy in searched.items()}
    return Answer(
        search_settings(setup, found, budget)
        | {"scratch_budget": LONG_BUDGET, "episodes": episode_settings(setup, found)},
        {"comparison": plain(record), "scratch": scratch, "agents": points},
    )


def _point(name: str, about: dict[str, Any], finals: list[float], searched: StrategyResult) -> dict[str, Any]:
    queries, best = max(searched.best_after.items())
    return {
        "name": name,
        "agents": about["agents"],
        "training_queries": about["training_queries"],
        "training_unique": about["training_unique"],
        "one_episode": {"mean": float(np.mean(finals)), "least": min(finals), "most": max(finals)},
        "best_after": {"queries": queries, "mean": best.mean},
    }


ITEM = Item("price", "ours", "What a final accuracy costs", "price", compute, "nasbench101", agents=True)
