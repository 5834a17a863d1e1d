"""Objectives of one's own as benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.objectives.benchmark import objective_benchmark as make
from archwalk.estimators.objectives.commands import Command
from archwalk.estimators.store.database import open_store, usable_store
from archwalk.spaces.base import SearchSpace

Where = str | Path | bool | None
"""A store: a URL or a path; None is the default one, False none at all."""


def objective_benchmark(
    space: SearchSpace | str,
    objective: Callable[..., object] | str | None = None,
    *,
    command: str | None = None,
    maximise: str | None = None,
    minimise: str | None = None,
    report: str | None = None,
    worst: float | None = None,
    workers: int = 1,
    engine: str = "processes",
    limit_seconds: float | None = None,
    retries: int = 0,
    fidelities: Sequence[int] = (),
    store: Where = None,
) -> Benchmark:
    """A benchmark of an objective of your own, for all that takes one: `search`, `compare`, `train`, `study`.

    `objective` takes an `Architecture` and returns a number, or a mapping of numbers by name; text names a function,
    "module:function" or "file.py:function". A `command` is a command line instead, in which `{json}` stands for the
    architecture and `{file}` for a file with it (else it comes on standard input); the last line that it prints is a
    number or one JSON object. The reward is the first number, higher is better; `maximise` or `minimise` names another
    one or another direction, `report` what results are judged by.

    `workers` evaluations run at a time, in processes or (`engine="ray"`) on Ray, with the same results as one after the
    other. One that takes longer than `limit_seconds` is ended, with all that it has started. One that raises, dies or
    gives no number is tried `retries` times more. What fails keeps its reason and has no reward; `worst` is what counts
    for it in a walk. Every evaluation is written to the `store` (a URL or a path; by default `ARCHWALK_STORE` or
    the cache folder; False: nowhere) and never made twice.

    With `fidelities`, ascending numbers of epochs say, the objective is called with `fidelity=n` too (of a command,
    `{fidelity}`), and strategies that make use of shorter trainings (`bohb`) do; all others ask for the last.

    Raises UsageError for what makes no sense, DataError where the store cannot be used.
    """
    if (objective is None) == (command is None):
        raise UsageError("say an objective or a command, one of them")
    if maximise is not None and minimise is not None:
        raise UsageError("say what is maximised or what is minimised; several goals are for search_front")
    function = Command.checked(command) if command is not None else objective
    assert function is not None
    opened = None if store is False else usable_store() if store in (None, True) else open_store(str(store))
    return make(
        space, function, store=opened, reward=maximise or minimise, report=report, higher_is_better=minimise is None,
        worst=worst, workers=workers, engine=engine, limit_seconds=limit_seconds, retries=retries,
        fidelities=fidelities,
    )  # fmt: skip
