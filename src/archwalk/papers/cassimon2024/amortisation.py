"""Ours, after section 7.1: from how many searches on a trained agent has paid for its training."""

from math import ceil
from typing import Any

import numpy as np

from archwalk.experiments.records import Comparison, StrategyResult
from archwalk.papers.cassimon2024.fig10_queries import BUDGETS, LEADER
from archwalk.papers.cassimon2024.searches import LONG_BUDGET, curve_of, search
from archwalk.papers.item import Answer, Item
from archwalk.papers.searches import search_settings
from archwalk.papers.setup import Setup

QUERIES = (1, 10, 50, 100, 150, 300)
"""An agent's queries in one search; local search pays what it needs to be as good in the mean."""


def compute(setup: Setup, benchmark: str) -> Answer:
    """Training plus k searches of the agent against k local searches, in queries and in seconds."""
    found, budget = setup.find_benchmark(benchmark), BUDGETS[benchmark]
    record = search(setup, found, budget)
    longer = search(setup, found, LONG_BUDGET, only=(LEADER,))
    local, price = longer.strategies[LEADER], _seconds_a_query(longer, LEADER)
    agents = {
        name: [_compare(agent, _seconds_a_query(record, name), local, price, q) for q in QUERIES]
        for name, agent in record.strategies.items()
        if agent.trained
    }
    training = {
        name: {
            "queries": record.strategies[name].training_queries,
            "unique": record.strategies[name].training_unique,
            "seconds": record.strategies[name].training_seconds,
        }
        for name in agents
    }
    alone = [{"queries": q, "report": curve_of(local).mean[q - 1]} for q in QUERIES]
    meaning = "an agent's search of q queries against the local search that reaches the same mean report"
    return Answer(
        search_settings(setup, found, budget)
        | {"comparison": meaning, "seconds": "wall time; table look-ups"},
        {"agents": agents, "training": training, "local": alone, "local_budget": LONG_BUDGET},
    )


def _compare(
    agent: StrategyResult, seconds_a_query: float, local: StrategyResult, local_seconds: float, queries: int
) -> dict[str, Any]:
    """One row; seconds are those of a query. `needed` is None where local search is not as good within the budget."""
    reached = curve_of(agent).mean[queries - 1]
    as_good = np.flatnonzero(np.array(curve_of(local).mean) >= reached)
    needed = int(as_good[0]) + 1 if len(as_good) else None
    per_agent = seconds_a_query * queries
    per_local = None if needed is None else local_seconds * needed
    return {
        "queries": queries,
        "report": reached,
        "local_queries": needed,
        "agent_seconds": per_agent,
        "local_seconds": per_local,
        "break_even_queries": break_even(agent.training_queries, queries, needed),
        "break_even_unique": break_even(agent.training_unique, queries, needed),
        "break_even_seconds": break_even(agent.training_seconds, per_agent, per_local),
    }


def _seconds_a_query(record: Comparison, name: str) -> float:
    """Wall time of a query, all trials side by side and all agents one after the other."""
    strategy = record.strategies[name]
    assert strategy.seconds is not None
    return strategy.seconds / (record.budget * record.trials * strategy.agents)


def break_even(training: float, each: float, other: float | None) -> int | None:
    """The least k with training + k each <= k other; None where there is none."""
    if other is None or other <= each:
        return None
    return max(1, ceil(training / (other - each)))


ITEM = Item(
    "amortisation",
    "ours, after section 7.1",
    "When training has paid",
    "amortisation",
    compute,
    "nasbench101",
    agents=True,
)
