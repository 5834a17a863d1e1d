"""Trainings through the store: every architecture once, whoever asked first, on all cores."""

import multiprocessing
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any, Self

import numpy as np

from archwalk.data.files import Progress, part_of_all, untold
from archwalk.errors import DataError, UsageError, unknown
from archwalk.estimators.fingerprints import Fingerprint
from archwalk.estimators.store.database import LEASE_SECONDS, Store
from archwalk.estimators.store.records import DONE, MACHINE, OF_THE_MACHINE, Outcome, Problem, canonical_json
from archwalk.estimators.trainings.isolation import arithmetic_on, machine_on
from archwalk.estimators.trainings.pool import Arrays, Job, Recipe, TrainingPool
from archwalk.learning.engines.processes import can_start_processes
from archwalk.spaces.base import Codes
from archwalk.spaces.networks import NetworkSource

DEVICES = ("auto", "cpu", "cuda")
_ELSEWHERE_SECONDS = 0.2
"""How often to look whether another process is done with a training that we wait for."""


class StoredTrainings:
    """Trains architectures of a space, each of them once.

    A training is looked up in the store before it is begun, claimed, and entered when it is done; without a store they
    are remembered here. The workers live until `close`, or as long as this does.
    """

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
        if workers is not None and workers < 1:
            raise UsageError(f"workers must be at least 1, not {workers}")
        self.space, self.training, self.arrays = space, training, arrays
        self.problem = replace(
            problem,
            settings={**problem.settings, "arithmetic": arithmetic_on(training.device)},
            machine=machine_on(training.device),
        )
        self.store, self.seed = store, problem.seed
        self.engine = engine = _possible(engine)
        self.workers = 1 if engine == "local" else workers or _default_workers(training.device)
        self.trained = 0
        """Networks that were trained here: those that were not in the store."""
        self._known: dict[str, Outcome] = {}
        self._pool: TrainingPool | None = None

    @property
    def fingerprint(self) -> Fingerprint:
        """Data and settings of the trainings, and their seed."""
        problem = self.problem
        return {
            "dataset": problem.dataset,
            "dataset_fingerprint": problem.dataset_fingerprint,
            "settings": {"space": problem.space, **problem.settings},
            "seed": problem.seed,
        }

    def outcomes(self, codes_BL: Codes, progress: Progress = untold) -> list[Outcome]:
        """All that is known of each row's training; `progress` is told how many are, of how many different ones.

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
        """What is known of each row's training; nothing is trained. Raises DataError where the store fails."""
        names = [self.architecture(code_L) for code_L in codes_BL]
        if self.store is not None:
            self._known |= self.store.find(self.problem, [name for name in names if name not in self._known])
        return [self._known.get(name) for name in names]

    @property
    def failures(self) -> list[str]:
        """Why trainings failed, of all that were asked for here."""
        return [outcome.reason for outcome in self._known.values() if outcome.status != DONE]

    def architecture(self, code_L: Codes) -> str:
        """What a code is called in the store."""
        return canonical_json(self.space.describe(code_L))

    def _train(self, codes: dict[str, Codes], tell: Callable[[int], None]) -> None:
        """Train those of which nobody else is training; `tell` is told how many were."""
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
            tell(self.trained - before)

        waiting = jobs()
        first = next(waiting, None)
        if first is None:  # all are at others: no processes are needed
            return
        try:
            with self._renewing(claimed):
                self._workers().run(chain([first], waiting), finish)
        except BaseException:
            self.close()  # what its workers are at is nobody's any longer
            if self.store is not None:
                self.store.release([self.problem.key(name) for name in claimed])
            raise

    @contextmanager
    def _renewing(self, claimed: set[str]) -> Iterator[None]:
        """Renew our claims by a thread, for as long as we train."""
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

    def _workers(self) -> TrainingPool:
        if self._pool is None:
            # A daemon, as the workers of an agent's training are, may not have processes of its own.
            engine = "local" if multiprocessing.current_process().daemon else self.engine
            workers = 1 if engine == "local" else self.workers
            self._pool = TrainingPool(self.training, self.arrays(), self.seed, workers=workers, engine=engine)
            weakref.finalize(self, self._pool.close)
        return self._pool

    def close(self) -> None:
        """End the workers; they start again when they are needed."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_pool": None}


def train_everyone(
    estimators: Sequence[StoredTrainings], architectures: int, progress: Progress = untold
) -> Iterator[list[Outcome]]:
    """Train all of so many numbered architectures, by one estimator after the other; gives the outcomes of each."""
    every = np.arange(architectures, dtype=np.int32)[:, None]
    for place, estimator in enumerate(estimators):
        with estimator:
            yield estimator.outcomes(every, part_of_all(progress, place, len(estimators)))


def _go_on(progress: Progress, before: int, total: int, count: int) -> None:
    progress(before + count, total)


def _possible(engine: str) -> str:
    return "local" if engine == "processes" and not can_start_processes() else engine


def find_device(name: str) -> str:
    """`cpu` or `cuda`, of one of `DEVICES`. Raises UsageError."""
    import torch

    if name not in DEVICES:
        raise unknown("device", name, DEVICES)
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("PyTorch finds no CUDA device here; use cpu")
    return "cuda" if name != "cpu" and torch.cuda.is_available() else "cpu"


def _default_workers(device: str) -> int:
    if device == "cuda":
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
