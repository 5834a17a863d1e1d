"""archwalk: neural architecture search by reinforcement learning.

    import archwalk

    benchmark = archwalk.load_benchmark("nas-bench-graph:cora")
    result = archwalk.search("graph-gp", benchmark, budget=150)
    print(result.best.architecture, result.best.report)

Everything in `__all__` is loaded when it is first used. Errors that users meet are in `archwalk.errors`.

Importing the package registers its environments, as soon as Gymnasium is imported too:
`gymnasium.make("archwalk/Incremental-v0")`. Without an import, Gymnasium finds them as
`gymnasium.make("archwalk:archwalk/Incremental-v0")`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from archwalk.late import when_imported
from archwalk.registration import register

__version__ = "0.2.0rc1"

when_imported("gymnasium", register)

if TYPE_CHECKING:
    from archwalk import errors
    from archwalk.api.agents import TrainedAgent, load_agent, train
    from archwalk.api.agents import resume as resume
    from archwalk.api.front_comparisons import FrontComparison as FrontComparison
    from archwalk.api.front_comparisons import compare_fronts as compare_fronts
    from archwalk.api.front_comparisons import load_front_comparison as load_front_comparison
    from archwalk.api.fronts import FrontResult as FrontResult
    from archwalk.api.fronts import load_front as load_front
    from archwalk.api.fronts import search_front
    from archwalk.api.images import search_images
    from archwalk.api.listing import (
        list_agents,
        list_benchmarks,
        list_presets,
        list_spaces,
        list_strategies,
    )
    from archwalk.api.objectives import objective_benchmark as objective_benchmark
    from archwalk.api.proxies import rank_proxies as rank_proxies
    from archwalk.api.results import Result, load_result
    from archwalk.api.searching import compare, search
    from archwalk.api.studies import Study as Study
    from archwalk.api.studies import study
    from archwalk.api.tables import add_table
    from archwalk.api.tables import remove_table as remove_table
    from archwalk.api.transferring import transfer
    from archwalk.estimators.benchmarks import Benchmark, load_benchmark
    from archwalk.estimators.metrics import Metric, Objective
    from archwalk.experiments.clock.using import TrainedNetwork as TrainedNetwork
    from archwalk.spaces.architecture import Architecture
    from archwalk.spaces.catalogue import load_space
    from archwalk.spaces.declared import Categorical as Categorical
    from archwalk.spaces.declared import Cell as Cell
    from archwalk.spaces.declared import Integer as Integer
    from archwalk.spaces.declared import Ordinal as Ordinal
    from archwalk.spaces.declared import declare

__all__ = [
    "Architecture",
    "Benchmark",
    "Metric",
    "Objective",
    "Result",
    "TrainedAgent",
    "add_table",
    "compare",
    "declare",
    "errors",
    "list_agents",
    "list_benchmarks",
    "list_presets",
    "list_spaces",
    "list_strategies",
    "load_agent",
    "load_benchmark",
    "load_result",
    "load_space",
    "search",
    "search_front",
    "search_images",
    "study",
    "train",
    "transfer",
]

_HOMES = {
    "archwalk.api.agents": ("TrainedAgent", "load_agent", "resume", "train"),
    "archwalk.api.front_comparisons": ("FrontComparison", "compare_fronts", "load_front_comparison"),
    "archwalk.api.fronts": ("FrontResult", "load_front", "search_front"),
    "archwalk.api.images": ("search_images",),
    "archwalk.api.listing": (
        "list_agents", "list_benchmarks", "list_presets", "list_spaces", "list_strategies",
    ),
    "archwalk.api.objectives": ("objective_benchmark",),
    "archwalk.api.proxies": ("rank_proxies",),
    "archwalk.api.results": ("Result", "load_result"),
    "archwalk.api.searching": ("compare", "search"),
    "archwalk.api.studies": ("Study", "study"),
    "archwalk.api.tables": ("add_table", "remove_table"),
    "archwalk.api.transferring": ("transfer",),
    "archwalk.estimators.benchmarks": ("Benchmark", "load_benchmark"),
    "archwalk.estimators.metrics": ("Metric", "Objective"),
    "archwalk.experiments.clock.using": ("TrainedNetwork",),
    "archwalk.spaces.architecture": ("Architecture",),
    "archwalk.spaces.catalogue": ("load_space",),
    "archwalk.spaces.declared": ("Categorical", "Cell", "Integer", "Ordinal", "declare"),
}  # fmt: skip
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module("archwalk.errors")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'archwalk' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME_OF[name]), name)
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
