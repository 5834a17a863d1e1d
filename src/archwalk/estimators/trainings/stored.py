"""Trainings through the store: every architecture once, whoever asked first, on all cores."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from archwalk.data.files import Progress, part_of_all, untold
from archwalk.errors import UsageError, unknown
from archwalk.estimators.store.database import Store
from archwalk.estimators.store.records import Outcome, Problem
from archwalk.estimators.stored import StoredOutcomes, cores
from archwalk.estimators.trainings.isolation import arithmetic_on, machine_on
from archwalk.estimators.trainings.pool import Arrays, Recipe, TrainingPool
from archwalk.spaces.networks import NetworkSource

DEVICES = ("auto", "cpu", "cuda")


class StoredTrainings(StoredOutcomes):
    """Trains architectures of a space, each of them once."""

    space: NetworkSource

    def __init__(
        self,
        space: NetworkSource,
        training: Recipe,
        arrays: Callable[[], Arrays],
        problem: Problem,
        *,
        store: Store | None = None,
        workers: int | None = None,
        engine: str = "processes",
    ) -> None:
        """`arrays` are what all trainings read. `workers` are as many as there are cores (one on CUDA); the engine
        `local` trains in this process, as all do where processes cannot be had (on Windows).
        """
        self.training, self.arrays, self.seed = training, arrays, problem.seed
        problem = replace(
            problem,
            settings={**problem.settings, "arithmetic": arithmetic_on(training.device)},
            machine=machine_on(training.device),
        )
        usual = 1 if training.device == "cuda" else cores()
        super().__init__(space, problem, store, workers=workers, usual_workers=usual, engine=engine)

    def _make_pool(self, workers: int, engine: str) -> TrainingPool:
        return TrainingPool(self.training, self.arrays(), self.seed, workers=workers, engine=engine)


def train_everyone(
    estimators: Sequence[StoredTrainings], architectures: int, progress: Progress = untold
) -> Iterator[list[Outcome]]:
    """Train all of so many numbered architectures, by one estimator after the other; gives the outcomes of each."""
    every = np.arange(architectures, dtype=np.int32)[:, None]
    for place, estimator in enumerate(estimators):
        with estimator:
            yield estimator.outcomes(every, part_of_all(progress, place, len(estimators)))


def find_device(name: str) -> str:
    """`cpu` or `cuda`, of one of `DEVICES`. Raises UsageError."""
    import torch

    if name not in DEVICES:
        raise unknown("device", name, DEVICES)
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("PyTorch finds no CUDA device here; use cpu")
    return "cuda" if name != "cpu" and torch.cuda.is_available() else "cpu"
