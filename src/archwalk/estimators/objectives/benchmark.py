"""Benchmarks of objectives: a space, and a function or a command of the user's that scores its architectures.

Their names are `function:train.py:accuracy@space.toml` and `command:sh train.sh {json}@space.toml`, with the metric
behind it where it is not the first (`:loss`, or `:minimise-loss` where lower is better).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import COMMAND, FUNCTION, Benchmark
from archwalk.estimators.objectives.commands import Command
from archwalk.estimators.objectives.estimator import LOWER, ObjectiveEstimator
from archwalk.estimators.objectives.fidelities import MultiFidelityObjective
from archwalk.estimators.objectives.functions import FunctionReference
from archwalk.estimators.objectives.measuring import ObjectiveFunction
from archwalk.estimators.store.database import Store, usable_store
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.catalogue import SPACES, load_space


def objective_benchmark(
    space: SearchSpace | str,
    function: ObjectiveFunction | str,
    *,
    store: Store | None = None,
    fidelities: Sequence[int] = (),
    **settings: Any,
) -> Benchmark:
    """A search for the best architecture by an objective, with what `ObjectiveEstimator` takes.

    `function` takes an `Architecture` and returns a number or numbers by name; text names one, "module:name" or
    "file.py:name". A `Command` is one too. With `fidelities` it is told how far to train (`MultiFidelityObjective`).
    Without a `store`, evaluations are remembered in this process alone.
    """
    where = load_space(space) if isinstance(space, str) else space
    if isinstance(function, str):
        function = FunctionReference.at(function)
    if not callable(function):
        raise UsageError(f"an objective is a function of an architecture, not a {type(function).__name__}")
    if fidelities:
        settings["fidelities"] = fidelities
    estimator = (MultiFidelityObjective if fidelities else ObjectiveEstimator)(
        where, function, store=store, **settings
    )
    kind = COMMAND if isinstance(function, Command) else FUNCTION
    place = function.place if isinstance(function, FunctionReference) else estimator.label
    provenance = {
        "source": f"{kind} {place}",
        "space": where.name,
        "objective": estimator.problem.dataset_fingerprint,
        **({"store": store.name} if store else {}),
    }
    name = f"{kind}:{place}@{space if isinstance(space, str) else where.name}"
    return Benchmark(name, where, estimator, provenance, size=estimator.size)


def load_function(words: list[str], seed: int) -> Benchmark:
    """`function:FILE.py:NAME@SPACE`, `function:MODULE:NAME@SPACE`."""
    return _load(FUNCTION, words, FunctionReference.at)


def load_command(words: list[str], seed: int) -> Benchmark:
    """`command:WORDS OF A COMMAND@SPACE`."""
    return _load(COMMAND, words, Command.checked)


def _load(kind: str, words: list[str], make: Callable[[str], ObjectiveFunction]) -> Benchmark:
    what, separator, rest = ":".join(words).rpartition("@")
    if not separator or not what or not rest:
        raise UsageError(f"say {kind}:WHAT@SPACE, as in {kind}:{_EXAMPLES[kind]}@space.toml")
    space, metric = _split(rest.split(":"))
    return objective_benchmark(
        space,
        make(what),
        store=usable_store(),
        reward=metric.removeprefix(LOWER) or None,
        higher_is_better=not metric.startswith(LOWER),
    )


_EXAMPLES = {FUNCTION: "train.py:accuracy", COMMAND: "python train.py {json}"}


def _split(words: list[str]) -> tuple[str, str]:
    """A space, whose name has a colon where Python has it, and the metric behind it."""
    alone = words[0].endswith(".toml") or words[0] in SPACES.names() or len(words) == 1
    return ":".join(words[: 1 if alone else 2]), ":".join(words[1 if alone else 2 :])
