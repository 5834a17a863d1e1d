"""What is asked of archwalk, where 0.1 called it otherwise."""

from typing import Any

from archwalk.experiments import protocol, runs

Method: Any = getattr(protocol, "Method", None) or protocol.Contestant  # type: ignore[attr-defined]

load_methods: Any = getattr(runs, "load_methods", None) or runs.load_contestants  # type: ignore[attr-defined]


def trainer_of(agent: str, benchmark: str, *changes: str) -> tuple[Any, Any]:
    """The benchmark, and a trainer of an agent with its preset and changes `KEY=VALUE`."""
    from archwalk.estimators.benchmarks import load_benchmark
    from archwalk.experiments.presets import default_preset

    try:
        from archwalk.agents.catalogue import TRAINERS
        from archwalk.experiments.settings import make_settings
    except ImportError:
        from archwalk.experiments.presets import make_settings  # type: ignore[attr-defined, no-redef]
        from archwalk.strategies.catalogue import TRAINERS  # type: ignore[attr-defined, no-redef]
    problem = load_benchmark(benchmark)
    settings_class, trainer = TRAINERS.load(agent)
    return problem, trainer(
        problem, make_settings(settings_class, default_preset(agent, benchmark), changes), 0
    )
