"""Names of tasks."""

from collections.abc import Sequence
from dataclasses import replace

from archwalk.estimators.benchmarks import Benchmark


def told_apart(tasks: Sequence[Benchmark]) -> list[Benchmark]:
    """The same, with the objective behind the name where several tasks are objectives of one benchmark: columns of a
    table of one's own, say.
    """
    names = [task.name for task in tasks]
    return [
        replace(task, name=f"{task.name}:{task.objective.name}") if names.count(task.name) > 1 else task
        for task in tasks
    ]
