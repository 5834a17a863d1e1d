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
        "alphax": "archwalk.strategies.alphax:AlphaX",
        "bananas": "archwalk.strategies.bananas:Bananas",
        "bohb": "archwalk.strategies.bohb:BOHB",
        "enas": "archwalk.strategies.enas:ENAS",
        "graph-gp": "archwalk.strategies.graph_gp:GraphGP",
        "local-search": "archwalk.strategies.local_search:LocalSearch",
        "local-search-white": "archwalk.strategies.local_search_white:LocalSearchWhite",
        "mean-rank": "archwalk.agents.transfer.baselines:MeanRankSearch",
        "meta-a2c": "archwalk.agents.meta_rl.search:MetaA2C",
        "nasbot": "archwalk.strategies.nasbot:Nasbot",
        "naswot": "archwalk.strategies.zero_cost:Naswot",
        "random-construction": "archwalk.agents.building.agent:RandomConstruction",
        "random-search": "archwalk.strategies.random_search:RandomSearch",
        "random-walk": "archwalk.strategies.random_walk:RandomWalk",
        "regularized-evolution": "archwalk.strategies.regularized_evolution:RegularizedEvolution",
        "remaade": "archwalk.strategies.remaade:ReMAADE",
        "rgpe": "archwalk.agents.transfer.baselines:RGPESearch",
        "spos": "archwalk.strategies.spos:SPOS",
        "tpe": "archwalk.strategies.tpe:TPE",
        "weaknas": "archwalk.strategies.weaknas:WeakNAS",
        "zero-cost": "archwalk.strategies.zero_cost:ZeroCost",
    },
)
