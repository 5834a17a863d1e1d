"""Evaluations in processes of their own, which are ended with all that they started where they take too long."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from archwalk.errors import ArchwalkError
from archwalk.estimators.jobs import Job, JobPool
from archwalk.estimators.objectives.measuring import FAILED, ObjectiveFunction, failure, measure
from archwalk.estimators.store.records import Outcome
from archwalk.learning.engines import Pending, Worker, WorkerLostError
from archwalk.spaces.architecture import Architecture
from archwalk.spaces.base import Codes, SearchSpace

_GRACE = 5.0
"""Seconds beyond its limit after which a process that did not end itself is ended from here."""


def pack(*values: Any) -> bytes:
    """Pickle values with what they are made of, functions of a script or a notebook too. Raises ArchwalkError."""
    import cloudpickle

    value = values if len(values) > 1 else values[0]
    for one in values:
        module = sys.modules.get(getattr(one, "__module__", None) or type(one).__module__)
        if module is not None and not _is_importable(module):
            cloudpickle.register_pickle_by_value(module)
    try:
        packed: bytes = cloudpickle.dumps(value)
    except (TypeError, AttributeError, pickle.PicklingError, RecursionError) as error:
        raise ArchwalkError(f"the objective cannot be sent to another process: {error}") from error
    return packed


def _is_importable(module: ModuleType) -> bool:
    """Whether another process finds a module by its name; not if it was read from a file that is on no path."""
    file = getattr(module, "__file__", None)
    if module.__name__ == "__main__" or file is None:  # cloudpickle knows what to do
        return True
    try:
        spec = find_spec(module.__name__)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin == file


class Measurer:
    """What a worker holds."""

    def __init__(self, packed: bytes, limit: float | None, steps: int | None, *, own_process: bool) -> None:
        self.packed, self.steps = packed, steps
        self.limit = limit if own_process else None
        if own_process and hasattr(os, "setpgid"):
            with suppress(OSError):  # it is the first of its group already
                os.setpgid(0, 0)

    def ready(self) -> bool:
        """True, once the objective is here."""
        try:
            self.objective, self.space, self.size = pickle.loads(self.packed)  # noqa: S301 - from our own process
            getattr(self.objective, "function", None)
        except ArchwalkError:
            raise
        except Exception as error:
            raise ArchwalkError(
                f"the objective cannot be loaded in another process: {type(error).__name__}: {error}"
            ) from error
        return True

    def measure(self, code_L: Codes) -> Outcome:
        """Evaluate one architecture; the process ends where that takes longer than the limit."""
        with _ending_group(self.limit):
            return measure(self.objective, Architecture(self.space, code_L, size=self.size), self.steps)


class ObjectivePool(JobPool):
    """Workers that call an objective. A job that fails, or whose worker dies, is tried `retries` times more; one that
    takes longer than `limit` seconds is not.
    """

    def __init__(
        self,
        objective: ObjectiveFunction,
        space: SearchSpace,
        size: Any,
        *,
        limit: float | None,
        retries: int,
        steps: int | None,
        workers: int,
        engine: str,
    ) -> None:
        self.limit, self.retries, self.steps = limit, retries, steps
        self._packed = pack(objective, space, size)
        self._since: dict[int, float] = {}
        super().__init__(workers=workers, engine=engine, role="worker")

    def _factory(self) -> Callable[[], Measurer]:
        return partial(Measurer, self._packed, self.limit, self.steps, own_process=self.own_process)

    def _submit(self, worker: Worker, job: Job) -> Pending:
        return worker.submit("measure", job.code_L)

    def _begin(self, index: int, job: Job) -> tuple[Job, Pending]:
        self._since[index] = time.monotonic()
        return super()._begin(index, job)

    def _overdue(self, index: int) -> bool:
        return self.limit is not None and time.monotonic() - self._since[index] > self.limit + _GRACE

    def _outcome(self, index: int, job: Job, call: Pending) -> Outcome | None:
        again = job.attempt <= self.retries
        if not call.done():
            self.workers[index].kill()
        try:
            outcome: Outcome = call.result()
        except WorkerLostError as error:
            seconds = error.at - self._since[index]
            self._replace(index, silently=True)  # the evaluation says it
            if self.limit is not None and seconds >= self.limit:
                return failure(f"not done after {self.limit:g} seconds", seconds, "time")
            return None if again else failure("the process that evaluated it died", seconds, "lost")
        return None if again and outcome.status == FAILED else outcome


@contextmanager
def _ending_group(seconds: float | None) -> Iterator[None]:
    """End this process, and all that it has started, if what is inside is not over by then."""
    if seconds is None:
        yield
        return
    timer = threading.Timer(seconds, _end_group)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _end_group() -> None:
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
