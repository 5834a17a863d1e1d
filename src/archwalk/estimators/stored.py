"""Evaluations through the store: every architecture once, whoever asked first."""

import multiprocessing
import os
import threading
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any, Protocol, Self

from archwalk.data.files import Progress, untold
from archwalk.errors import DataError, UsageError
from archwalk.estimators.fingerprints import Fingerprint
from archwalk.estimators.jobs import Job, JobPool
from archwalk.estimators.store.database import LEASE_SECONDS, Store
from archwalk.estimators.store.records import DONE, MACHINE, OF_THE_MACHINE, Outcome, Problem, canonical_json
from archwalk.learning.engines.processes import can_start_processes
from archwalk.spaces.base import Codes

_ELSEWHERE_SECONDS = 0.2
"""How often to look whether another process is done with an evaluation that we wait for."""


class Describing(Protocol):
    """A space as far as the store needs it."""

    def describe(self, code_L: Codes) -> dict[str, Any]:
        """The architecture of a code (L,), as JSON has it."""


class StoredOutcomes(ABC):
    """Evaluates architectures of a space, each of them once.

    An evaluation is looked up in the store before it is begun, claimed, and entered when it is done; without a store
    they are remembered here. The workers live until `close`, or as long as this does.
    """

    def __init__(
        self,
        space: Describing,
        problem: Problem,
        store: Store | None,
        *,
        workers: int | None,
        usual_workers: int,
        engine: str,
    ) -> None:
        """`workers` are `usual_workers` by default; the engine `local` works in this process, as all do where processes
        cannot be had (on Windows).
        """
        if workers is not None and workers < 1:
            raise UsageError(f"workers must be at least 1, not {workers}")
        self.space, self.problem, self.store = space, problem, store
        self.engine = "local" if engine == "processes" and not can_start_processes() else engine
        self.workers = 1 if self.engine == "local" else workers or usual_workers
        self.trained = 0
        """Architectures that were evaluated here: those that were not in the store."""
        self.on_outcome: Callable[[], None] | None = None
        """Called whenever an evaluation of ours is done, before the next."""
        self.on_done: Callable[[str, Outcome], None] | None = None
        """Told what came of it, and what the architecture is called."""
        self._known: dict[str, Outcome] = {}
        self._pool: JobPool | None = None

    @property
    def fingerprint(self) -> Fingerprint:
        """All that the outcomes depend on: data and settings, and the seed."""
        problem = self.problem
        return {
            "dataset": problem.dataset,
            "dataset_fingerprint": problem.dataset_fingerprint,
            "settings": {"space": problem.space, **problem.settings},
            "seed": problem.seed,
        }

    @abstractmethod
    def _make_pool(self, workers: int, engine: str) -> JobPool:
        """What evaluates."""

    def _do(self, jobs: Iterator[Job], finish: Callable[[Job, Outcome], None]) -> None:
        """Evaluate what `jobs` gives, of which there is one at least, and hand each outcome to `finish`."""
        if self._pool is None:
            # A daemon, as the workers of an agent's training are, may not have processes of its own.
            engine = "local" if multiprocessing.current_process().daemon else self.engine
            self._pool = self._make_pool(1 if engine == "local" else self.workers, engine)
            weakref.finalize(self, self._pool.close)
        self._pool.run(jobs, finish)

    def close(self) -> None:
        """End the workers; they start again when they are needed."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_pool": None, "on_outcome": None, "on_done": None}

    def outcomes(self, codes_BL: Codes, progress: Progress = untold) -> list[Outcome]:
        """All that is known of each row's evaluation; `progress` is told how many are, of how many different ones.

        Raises DataError where the store fails, what a bug raises.
        """
        names = [self.architecture(code_L) for code_L in codes_BL]
        different = len(set(names))
        codes = {
            name: code_L for name, code_L in zip(names, codes_BL, strict=True) if name not in self._known
        }
        if self.store is not None:
            self._known |= self.store.find(self.problem, list(codes))
        missing = {name: code_L for name, code_L in codes.items() if name not in self._known}
        while missing:
            before = len(missing)
            progress(different - before, different)
            self._train(missing, partial(_go_on, progress, different - before, different))
            if self.store is not None:
                self._known |= self.store.find(self.problem, list(missing))
            missing = {name: code_L for name, code_L in missing.items() if name not in self._known}
            if len(missing) == before:  # others are at them
                time.sleep(_ELSEWHERE_SECONDS)
        return [self._known[name] for name in names]

    def known(self, codes_BL: Codes) -> list[Outcome | None]:
        """What is known of each row's evaluation; nothing is evaluated. Raises DataError where the store fails."""
        names = [self.architecture(code_L) for code_L in codes_BL]
        if self.store is not None:
            self._known |= self.store.find(self.problem, [name for name in names if name not in self._known])
        return [self._known.get(name) for name in names]

    def is_named(self, architecture: str) -> bool:
        """Whether the evaluation of what is called so is in memory."""
        return architecture in self._known

    def enter(self, architecture: str, outcome: Outcome) -> None:
        """Keep what came of an evaluation that was made elsewhere; one that is in the store already stays."""
        if self.store is not None and self.store.claim(self.problem, architecture):
            self.store.finish(self.problem.key(architecture), outcome)
        self._known[architecture] = outcome

    def is_known(self, code_L: Codes) -> bool:
        """Whether the evaluation of an architecture is in memory."""
        return self.architecture(code_L) in self._known

    @property
    def failures(self) -> list[str]:
        """Why evaluations failed, of all that were asked for here."""
        return [outcome.reason for outcome in self._known.values() if outcome.status != DONE]

    def architecture(self, code_L: Codes) -> str:
        """What a code is called in the store."""
        return canonical_json(self.space.describe(code_L))

    def _train(self, codes: dict[str, Codes], tell: Callable[[int], None]) -> None:
        """Evaluate those that nobody else is evaluating; `tell` is told how many were."""
        claimed: set[str] = set()
        before = self.trained

        def jobs() -> Iterator[Job]:
            for name, code_L in codes.items():
                if self.store is None or self.store.claim(self.problem, name):
                    claimed.add(name)
                    yield Job(name, code_L)

        def finish(job: Job, outcome: Outcome) -> None:
            if outcome.status in OF_THE_MACHINE:
                outcome = replace(outcome, versions={**outcome.versions, MACHINE: self.problem.machine})
            if self.store is not None:
                self.store.finish(self.problem.key(job.key), outcome)
            claimed.discard(job.key)
            self._known[job.key] = outcome
            self.trained += 1
            if self.on_done is not None:
                self.on_done(job.key, outcome)
            tell(self.trained - before)
            if self.on_outcome is not None:
                self.on_outcome()

        waiting = jobs()
        first = next(waiting, None)
        if first is None:  # all are at others: no processes are needed
            return
        try:
            with self._renewing(claimed):
                self._do(chain([first], waiting), finish)
        except BaseException:
            self.close()  # what its workers are at is nobody's any longer
            if self.store is not None:
                self.store.release([self.problem.key(name) for name in claimed])
            raise

    @contextmanager
    def _renewing(self, claimed: set[str]) -> Iterator[None]:
        """Renew our claims by a thread, for as long as we work."""
        store, over = self.store, threading.Event()
        if store is None:
            yield
            return

        def renew() -> None:
            while not over.wait(LEASE_SECONDS / 4):
                with suppress(DataError):  # the next time, perhaps; `finish` says it aloud
                    store.renew([self.problem.key(name) for name in list(claimed)])

        thread = threading.Thread(target=renew, name="claims", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _go_on(progress: Progress, before: int, total: int, count: int) -> None:
    progress(before + count, total)
