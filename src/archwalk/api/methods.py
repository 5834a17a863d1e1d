"""What may be named as a strategy: a name, a preset, a run folder, an agent, a class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from archwalk.api.agents import TrainedAgent
from archwalk.errors import UsageError
from archwalk.experiments.protocol import Method
from archwalk.experiments.runs import load_method
from archwalk.spaces.base import SearchSpace
from archwalk.strategies.catalogue import STRATEGIES
from archwalk.strategies.goals.catalogue import GOAL_STRATEGIES


def as_method(
    strategy: object,
    space: SearchSpace,
    benchmark: str = "",
    settings: Mapping[str, Any] | None = None,
    label: str = "",
) -> Method:
    """A method of whatever names a strategy.

    `strategy` is a strategy's or a preset's name, the run folder of a trained agent (or a folder of several), a
    `TrainedAgent`, or anything that makes a `Strategy` of `Trials`, a class say. `settings` change those of the default
    preset on `benchmark`. Raises UsageError for what is none of these.
    """
    if isinstance(strategy, TrainedAgent):
        strategy = str(strategy.path)
    if isinstance(strategy, str) and strategy in {*GOAL_STRATEGIES.names()} - {*STRATEGIES.names()}:
        raise UsageError(
            f"{strategy} searches for several goals: say --maximise and --minimise (search_front)"
        )
    if isinstance(strategy, str | Path):
        return load_method(str(strategy), space, benchmark, settings or {}, label)
    if not callable(strategy):
        raise UsageError(f"a strategy is a name, a run folder, an agent or a class, not {strategy!r}")
    if settings:
        raise UsageError("settings are for strategies by name; make them part of what you hand in")
    name = label or getattr(strategy, "__name__", type(strategy).__name__)
    return Method(name, (strategy,))


def is_trained(strategy: object) -> bool:
    """Whether a trained agent is named: itself, or by its run folder."""
    if isinstance(strategy, TrainedAgent):
        return True
    return (
        isinstance(strategy, str | Path)
        and str(strategy) not in STRATEGIES.names()
        and Path(strategy).is_dir()
    )


def as_methods(
    strategies: Sequence[object] | Mapping[str, object],
    space: SearchSpace,
    benchmark: str = "",
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Method]:
    """Several, by labels of your own where `strategies` is a mapping (a strategy's own name is no label); `settings` by
    name or label.

    Raises UsageError too if two have one name, or settings are for none of them.
    """
    return named_apart(
        strategies,
        settings,
        lambda strategy, own, label: as_method(strategy, space, benchmark, own, label),
        lambda method, name: replace(method, name=name),
    )


class _Named(Protocol):
    @property
    def name(self) -> str: ...


M = TypeVar("M", bound=_Named)


def named_apart(
    strategies: Sequence[object] | Mapping[str, object],
    settings: Mapping[str, Mapping[str, Any]] | None,
    make: Callable[[object, Mapping[str, Any], str], M],
    rename: Callable[[M, str], M],
) -> list[M]:
    """What `make` makes of each strategy, its settings and its label ("" for none), no two of one name."""
    labelled = (
        [(label if label != str(strategy) else "", strategy) for label, strategy in strategies.items()]
        if isinstance(strategies, Mapping)
        else [("", strategy) for strategy in strategies]
    )
    if not labelled:
        raise UsageError("no strategy was named")
    every, used = [], set()
    for label, strategy in labelled:
        key = label or str(strategy)
        used.add(key)
        every.append(make(strategy, (settings or {}).get(key) or {}, label))
    if strangers := set(settings or {}) - used:
        raise UsageError(
            f"settings are for {', '.join(sorted(used))}, not for {', '.join(sorted(strangers))}"
        )
    names = [method.name for method in every]
    every = [
        rename(method, str(strategy)) if names.count(method.name) > 1 and not label else method
        for method, (label, strategy) in zip(every, labelled, strict=True)
    ]
    names = [method.name for method in every]
    if twice := {name for name in names if names.count(name) > 1}:
        raise UsageError(f"{', '.join(sorted(twice))} takes part twice; give each a label of its own")
    return every
