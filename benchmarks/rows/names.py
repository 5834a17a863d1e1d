"""What is asked of archwalk, where 0.1 called it otherwise."""

from typing import Any

from archwalk.experiments import runs

load_methods: Any = getattr(runs, "load_methods", None) or runs.load_contestants  # type: ignore[attr-defined]


def chosen(agent: str, benchmark: str, *changes: str) -> tuple[Any, Any, Any]:
    """The benchmark, how an agent is trained on it, and its preset's settings with changes `KEY=VALUE`."""
    from archwalk.estimators.benchmarks import load_benchmark
    from archwalk.experiments.presets import default_preset

    try:
        from archwalk.agents.catalogue import TRAINERS
        from archwalk.experiments.settings import make_settings
    except ImportError:
        from archwalk.experiments.presets import make_settings  # type: ignore[attr-defined, no-redef]
        from archwalk.strategies.catalogue import TRAINERS  # type: ignore[attr-defined, no-redef]
    settings_class, trainer = TRAINERS.load(agent)
    settings = make_settings(settings_class, default_preset(agent, benchmark), changes)
    return load_benchmark(benchmark), trainer, settings
