"""Searches with several goals, by the name of a strategy."""

from collections.abc import Callable

from archwalk.registry import Registry
from archwalk.strategies.goals.base import GoalSearcher

GOAL_STRATEGIES: Registry[Callable[..., GoalSearcher]] = Registry(
    "strategy with several goals",
    "archwalk.goal_strategies",
    {
        "graph-gp": "archwalk.strategies.goals.graph_gp:GraphGPGoals",
        "nsga2": "archwalk.strategies.goals.nsga2:NSGA2",
    },
)
"""Those that have a way of their own; all others are weighed (`scalarised.py`)."""
