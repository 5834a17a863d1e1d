"""Trainings in worker processes: one thread each."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from numpy.typing import NDArray
from torch import nn

from archwalk.estimators.jobs import Job, JobPool
from archwalk.estimators.store.records import Outcome
from archwalk.estimators.trainings.limits import limit_address_space, measure
from archwalk.estimators.trainings.watchdog import ends_after
from archwalk.learning.engines import Pending, Worker, WorkerLostError
from archwalk.spaces.base import Codes

_PATIENCE = 3
"""How often the limit of seconds a worker may take by the clock; it counts processor time itself."""
_GRACE = 60.0
"""Seconds more: a machine may be busy."""

Arrays = Mapping[str, NDArray[Any]]
"""What all trainings read, by name."""


class Limits(Protocol):
    """What a training may take."""

    @property
    def seconds_limit(self) -> float | None:
        """Of processor time (on CUDA of the clock)."""

    @property
    def memory_limit(self) -> int:
        """Megabytes."""


class Recipe(Protocol):
    """Everything about trainings but the architecture and the seed; it is pickled for the workers."""

    @property
    def device(self) -> str:
        """`cpu` or `cuda`."""

    @property
    def settings(self) -> Limits:
        """With limits among them."""

    def run(self, code_L: Codes, arrays: Arrays, seed: int) -> Outcome:
        """Train the architecture of a code (L,). The same arguments give the same bits on one CPU."""


class Trainer:
    """What a worker holds."""

    def __init__(self, training: Recipe, *, own_process: bool) -> None:
        self.training = training
        self.own_process = own_process
        if own_process and training.device == "cpu":
            limit_address_space(training.settings.memory_limit)

    def ready(self) -> bool:
        """True, once the process has come up: PyTorch's first `meta` network in it takes a second."""
        measure(lambda device: nn.Conv2d(1, 1, 1, device=device), "cpu", (1, 2, 2), 2)
        return True

    def train(self, code_L: Codes, arrays: Arrays, seed: int) -> Outcome:
        """See `Recipe.run`. A process that hangs ends itself, and the pool sees a worker that died."""
        limit = self.training.settings.seconds_limit
        if not self.own_process or limit is None:
            return self.training.run(code_L, arrays, seed)
        with ends_after(_PATIENCE * limit + _GRACE):
            return self.training.run(code_L, arrays, seed)


class TrainingPool(JobPool):
    """Workers that train. A job whose worker died is tried once more, by another; then its outcome is `lost`."""

    def __init__(self, training: Recipe, arrays: Arrays, seed: int, *, workers: int, engine: str) -> None:
        self.training = training
        self.seed = seed
        self._read = arrays
        super().__init__(workers=workers, engine=engine, role="trainer")

    def _prepare(self) -> None:
        self.arrays = self.engine.share(self._read)

    def _factory(self) -> Callable[[], Trainer]:
        return partial(Trainer, self.training, own_process=self.own_process)

    def _submit(self, worker: Worker, job: Job) -> Pending:
        return worker.submit("train", job.code_L, self.arrays, self.seed)

    def _outcome(self, index: int, job: Job, call: Pending) -> Outcome | None:
        try:
            outcome: Outcome = call.result()
        except WorkerLostError:
            self._replace(index)
            if job.attempt == 1:
                return None
            return Outcome("lost", "the process that trained it died, and so did another")
        return outcome
