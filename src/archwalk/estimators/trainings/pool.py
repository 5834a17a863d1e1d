"""Trainings in worker processes: one thread each, a worker that dies is replaced."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, Protocol

from numpy.typing import NDArray
from torch import nn

from archwalk.errors import ArchwalkError
from archwalk.estimators.store.records import Outcome
from archwalk.estimators.trainings.limits import limit_address_space, measure
from archwalk.estimators.trainings.watchdog import ends_after
from archwalk.learning.engines import Engine, Pending, Worker, WorkerLostError, make_engine
from archwalk.spaces.base import Codes

_LOSSES_AT_START = 3
_PATIENCE = 3
"""How often the limit of seconds a worker may take by the clock; it counts processor time itself."""
_GRACE = 60.0
"""Seconds more: a machine may be busy."""
_POLL = 0.002

_log = logging.getLogger(__name__)


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


@dataclass(frozen=True)
class Job:
    """An architecture to train."""

    key: str
    code_L: Codes
    attempt: int = 1


def _fill(ready: deque[Job], jobs: Iterator[Job]) -> bool:
    """See that there is a job, if there is one."""
    if not ready:
        ready.extend(islice(jobs, 1))
    return bool(ready)


class Trainer:
    """What a worker holds."""

    def __init__(self, training: Recipe, *, own_process: bool) -> None:
        self.training = training
        self.own_process = own_process
        if own_process and training.device == "cpu":
            limit_address_space(training.settings.memory_limit)

    def ready(self) -> bool:
        """True, once the process has come up: PyTorch's first `meta` network in it takes a second."""
        measure(partial(nn.Conv2d, 1, 1, 1), (1, 2, 2), 2)
        return True

    def train(self, code_L: Codes, arrays: Arrays, seed: int) -> Outcome:
        """See `Recipe.run`. A process that hangs ends itself, and the pool sees a worker that died."""
        limit = self.training.settings.seconds_limit
        if not self.own_process or limit is None:
            return self.training.run(code_L, arrays, seed)
        with ends_after(_PATIENCE * limit + _GRACE):
            return self.training.run(code_L, arrays, seed)


class TrainingPool:
    """Workers that train for as long as there are jobs; a context manager."""

    def __init__(self, training: Recipe, arrays: Arrays, seed: int, *, workers: int, engine: str) -> None:
        self.training = training
        self.seed = seed
        self.own_process = engine != "local"
        self.engine: Engine = make_engine(engine)
        try:
            self.arrays = self.engine.share(arrays)
            self.workers = [self._spawn(index) for index in range(workers)]
            for index in range(workers):
                self._await_start(index)
        except BaseException:
            self.engine.close()
            raise

    def run(
        self,
        jobs: Iterator[Job],
        finish: Callable[[Job, Outcome], None],
    ) -> None:
        """Train what `jobs` gives and hand each outcome to `finish`.

        One job more than there are workers is asked for, so that none waits for `jobs` or `finish`. A job whose
        worker died is tried once more, by another; then its outcome is `lost`.
        """
        ready: deque[Job] = deque()
        busy: dict[int, tuple[Job, Pending]] = {}
        while True:
            for index in range(len(self.workers)):
                if index not in busy and _fill(ready, jobs):
                    busy[index] = self._submit(index, ready.popleft())
            if not busy:
                return
            if self.own_process:
                _fill(ready, jobs)
            answered = [index for index, (_, call) in busy.items() if call.done()]
            for index in answered:
                job, call = busy.pop(index)
                outcome = self._outcome(index, job, call)
                if outcome is None:
                    ready.append(replace(job, attempt=2))
                if (
                    ready and self.own_process
                ):  # at once; a worker in this process would keep `finish` waiting
                    busy[index] = self._submit(index, ready.popleft())
                if outcome is not None:
                    finish(job, outcome)
            if not answered:
                time.sleep(_POLL)

    def _submit(self, index: int, job: Job) -> tuple[Job, Pending]:
        return job, self.workers[index].submit("train", job.code_L, self.arrays, self.seed)

    def _outcome(self, index: int, job: Job, call: Pending) -> Outcome | None:
        """What a worker answered; None where it died over a job that deserves another try."""
        try:
            outcome: Outcome = call.result()
        except WorkerLostError:
            self._replace(index)
            if job.attempt == 1:
                return None
            return Outcome("lost", "the process that trained it died, and so did another")
        return outcome

    def _spawn(self, index: int) -> Worker:
        factory = partial(Trainer, self.training, own_process=self.own_process)
        return self.engine.spawn(factory, f"trainer {index}")

    def _replace(self, index: int) -> None:
        _log.warning("archwalk: trainer %d died; a fresh one takes its place", index)
        self.workers[index] = self._spawn(index)
        self._await_start(index)

    def _await_start(self, index: int) -> None:
        """A worker that dies before its first job says nothing about an architecture."""
        for losses in range(1, _LOSSES_AT_START + 1):
            try:
                self.workers[index].submit("ready").result()
                return
            except WorkerLostError as error:
                if losses == _LOSSES_AT_START:
                    raise ArchwalkError(
                        f"worker processes die at their start, {losses} in a row; is there enough memory?"
                    ) from error
                self.workers[index] = self._spawn(index)

    def close(self) -> None:
        """End the workers, busy or not."""
        self.engine.close()

    def __enter__(self) -> "TrainingPool":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
