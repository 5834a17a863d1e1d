"""Strategies by name."""

from collections.abc import Callable
from typing import Any

from archwalk.registry import Registry
from archwalk.strategies.base import Strategy, Trials
from archwalk.strategies.trainable import TrainerFactory

StrategyFactory = Callable[[Trials], Strategy]
"""Makes a strategy for trials in a space; a strategy's class is one."""

STRATEGIES: Registry[StrategyFactory] = Registry(
    "strategy",
    "archwalk.strategies",
    {
        "alphax": "archwalk.strategies.alphax:AlphaX",
        "bananas": "archwalk.strategies.bananas:Bananas",
        "bohb": "archwalk.strategies.bohb:BOHB",
        "enas": "archwalk.strategies.enas:ENAS",
        "graph-gp": "archwalk.strategies.graph_gp:GraphGP",
        "local-search": "archwalk.strategies.local_search:LocalSearch",
        "local-search-white": "archwalk.strategies.local_search_white:LocalSearchWhite",
        "meta-a2c": "archwalk.strategies.meta_rl.search:MetaA2C",
        "nasbot": "archwalk.strategies.nasbot:Nasbot",
        "naswot": "archwalk.strategies.naswot:Naswot",
        "random-construction": "archwalk.strategies.building.agent:RandomConstruction",
        "random-search": "archwalk.strategies.random_search:RandomSearch",
        "random-walk": "archwalk.strategies.random_walk:RandomWalk",
        "regularized-evolution": "archwalk.strategies.regularized_evolution:RegularizedEvolution",
        "remaade": "archwalk.strategies.remaade:ReMAADE",
        "spos": "archwalk.strategies.spos:SPOS",
        "tpe": "archwalk.strategies.tpe:TPE",
    },
)

TRAINERS: Registry[tuple[type[Any], TrainerFactory]] = Registry(
    "strategy to train",
    "archwalk.trainers",
    {
        "apex": "archwalk.strategies.apex:APEX",
        "construction-dqn": "archwalk.strategies.construction_dqn:CONSTRUCTION_DQN",
        "dqn": "archwalk.strategies.dqn:DQN",
        "meta-rl": "archwalk.strategies.meta_rl:META_RL",
        "planner": "archwalk.strategies.planner:PLANNER",
        "climber": "archwalk.strategies.climber:CLIMBER",
    },
)
"""Agents that must be trained first, as (settings, trainer); `archwalk train` makes a run folder, which then
names the agent."""
