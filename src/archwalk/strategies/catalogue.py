"""Strategies by name."""

from collections.abc import Callable

from archwalk.registry import Registry
from archwalk.strategies.base import Strategy, Trials

StrategyFactory = Callable[[Trials], Strategy]
"""Makes a strategy for trials in a space; a strategy's class is one."""

STRATEGIES: Registry[StrategyFactory] = Registry(
    "strategy",
    "archwalk.strategies",
    {
        "random-search": "archwalk.strategies.random_search:RandomSearch",
        "random-walk": "archwalk.strategies.random_walk:RandomWalk",
        "local-search": "archwalk.strategies.local_search:LocalSearch",
    },
)

TRAINABLE = {"dqn": "archwalk.strategies.dqn.trainer:Trainer"}
"""Strategies that must be trained first; `archwalk train` makes a run folder, which then names the agent."""
