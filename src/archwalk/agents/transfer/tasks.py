"""Tasks of a transfer: their names, and whether they share a space."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from archwalk.agents.base import SpaceMark
from archwalk.estimators.benchmarks import Benchmark
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.capabilities import numbered

_COMPARED = 1_000


def told_apart(tasks: Sequence[Benchmark]) -> list[Benchmark]:
    """The same, with the objective behind the name where several tasks are objectives of one benchmark: columns of a
    table of one's own, say.
    """
    names = [task.name for task in tasks]
    return [
        replace(task, name=f"{task.name}:{task.objective.name}") if names.count(task.name) > 1 else task
        for task in tasks
    ]


def space_difference(one: SearchSpace, other: SearchSpace) -> str | None:
    """As `SpaceMark.difference`, and besides whether a number stands for the same architecture in both: each column of
    a table with gaps numbers the architectures that it knows.
    """
    if difference := SpaceMark.of(one).difference(SpaceMark.of(other)):
        return difference
    ours, theirs = numbered(one), numbered(other)
    if ours is None or theirs is None or ours is theirs:
        return None
    ids_N1 = np.unique(np.linspace(0, ours.size - 1, _COMPARED).astype(np.int32))[:, None]
    if ours.size == theirs.size and np.array_equal(ours.features(ids_N1), theirs.features(ids_N1)):
        return None
    return (
        f"knows {ours.size:,} architectures, and the other task {theirs.size:,} of its own: keep those rows of a table"
        " that have values for both"
    )
