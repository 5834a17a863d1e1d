"""Work in worker processes, a job at a time each; a worker that dies is replaced."""

import logging
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Self

from archwalk.errors import ArchwalkError
from archwalk.estimators.store.records import Outcome
from archwalk.learning.engines import Engine, Pending, Worker, WorkerLostError, make_engine
from archwalk.spaces.base import Codes

_LOSSES_AT_START = 3
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.0001, 0.002
"""Seconds between two looks at what is pending; they double as long as nothing comes."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """An architecture to evaluate."""

    key: str
    code_L: Codes
    attempt: int = 1


class JobPool(ABC):
    """Workers that evaluate for as long as there are jobs; a context manager."""

    def __init__(self, *, workers: int, engine: str, role: str) -> None:
        """`role` is what a worker is called in a warning."""
        self.role = role
        self.own_process = engine != "local"
        self.engine: Engine = make_engine(engine)
        try:
            self._prepare()
            self.workers = [self._spawn(index) for index in range(workers)]
            for index in range(workers):
                self._await_start(index)
        except BaseException:
            self.engine.close()
            raise

    def run(self, jobs: Iterator[Job], finish: Callable[[Job, Outcome], None]) -> None:
        """Do what `jobs` gives and hand each outcome to `finish`.

        One job more than there are workers is asked for, so that none waits for `jobs` or `finish`.
        """
        ready: deque[Job] = deque()
        busy: dict[int, tuple[Job, Pending]] = {}
        pause = _SHORTEST_PAUSE
        while True:
            for index in range(len(self.workers)):
                if index not in busy and _fill(ready, jobs):
                    busy[index] = self._begin(index, ready.popleft())
            if not busy:
                return
            if self.own_process:
                _fill(ready, jobs)
            answered = [index for index, (_, call) in busy.items() if call.done() or self._overdue(index)]
            for index in answered:
                job, call = busy.pop(index)
                outcome = self._outcome(index, job, call)
                if outcome is None:
                    ready.append(replace(job, attempt=job.attempt + 1))
                if (
                    ready and self.own_process
                ):  # at once; a worker in this process would keep `finish` waiting
                    busy[index] = self._begin(index, ready.popleft())
                if outcome is not None:
                    finish(job, outcome)
            pause = _SHORTEST_PAUSE if answered else min(2 * pause, _LONGEST_PAUSE)
            if not answered:
                time.sleep(pause)

    def _prepare(self) -> None:  # noqa: B027 - not all have something to share
        """Hand out what all workers need, before there are any."""

    @abstractmethod
    def _factory(self) -> Callable[[], Any]:
        """What makes the object that a worker holds, which has a method `ready`."""

    @abstractmethod
    def _submit(self, worker: Worker, job: Job) -> Pending:
        """Hand a job to a worker."""

    @abstractmethod
    def _outcome(self, index: int, job: Job, call: Pending) -> Outcome | None:
        """What a worker answered; None where the job deserves another try."""

    def _overdue(self, index: int) -> bool:
        """Whether a worker is given up."""
        return False

    def _begin(self, index: int, job: Job) -> tuple[Job, Pending]:
        return job, self._submit(self.workers[index], job)

    def _spawn(self, index: int) -> Worker:
        return self.engine.spawn(self._factory(), f"{self.role} {index}")

    def _replace(self, index: int, *, silently: bool = False) -> None:
        if not silently:
            _log.warning("archwalk: %s %d died; a fresh one takes its place", self.role, index)
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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def _fill(ready: deque[Job], jobs: Iterator[Job]) -> bool:
    """See that there is a job, if there is one."""
    if not ready:
        ready.extend(islice(jobs, 1))
    return bool(ready)
