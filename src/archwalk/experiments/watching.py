"""Who is told of every evaluation while a search runs: the journal of a run folder, trackers, functions of the user's.

Evaluations of a trial are told in their order. Those that take long (an objective's, trainings) are told one by one, as
soon as they are done; the others when the strategy is told them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.ledger import QueryLedger
from archwalk.experiments.evaluated import EPOCHS, Batch, Searched, measure_freely
from archwalk.secrets import one_line
from archwalk.spaces.base import Codes

_log = logging.getLogger(__name__)

_SHARE = 20.0
"""Looking for what is done may take one part in so many of the time."""


class Watcher:
    """Is told of a search. What it raises is a note; it is then told nothing more, and the search goes on."""

    def begin(self, about: Searched) -> None:
        """A search begins, or more is known of it: how its metrics are called, say."""

    def evaluated(self, batch: Batch) -> None:
        """Evaluations of one strategy."""

    def end(self) -> None:
        """The search is over, or was stopped."""


class Watchers:
    """All of them. `about` says what is searched, which may be known better after the first evaluation."""

    def __init__(self, every: Sequence[Watcher] = (), about: Callable[[], Searched] | None = None) -> None:
        self.every = list(every)
        self._about = about
        self._told: Searched | None = None

    def __bool__(self) -> bool:
        return bool(self.every)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Around a search."""
        try:
            self._introduce()
            yield
        finally:
            self._each(lambda one: one.end())

    def evaluated(self, batch: Batch) -> None:
        """Tell all."""
        if self.every and batch.reward_TN.size:
            self._introduce()
            self._each(lambda one: one.evaluated(batch))

    def _introduce(self) -> None:
        if not self.every or self._about is None:
            return
        about = self._about()
        if about != self._told:
            self._told = about
            self._each(lambda one: one.begin(about))

    def _each(self, tell: Callable[[Watcher], None]) -> None:
        tell_safely(self.every, tell)


def tell_safely(every: list[Any], tell: Callable[[Any], None]) -> None:
    """Tell all of a list something; who raises is a note, and out of the list."""
    for one in list(every):
        try:
            tell(one)
        except Exception as error:  # whatever a callback raises
            every.remove(one)
            name = getattr(one, "name", type(one).__name__)
            reason = one_line(str(error)) or type(error).__name__
            _log.warning("archwalk: %s failed and is told nothing more: %s", one_line(name), reason)


class Observer:
    """Tells watchers of one agent's evaluations, as they come out of a ledger."""

    def __init__(self, watchers: Watchers, benchmark: Benchmark, strategy: str, agent: int) -> None:
        self.watchers, self.benchmark = watchers, benchmark
        self.strategy, self.agent = strategy, agent
        self.done = 0
        """Evaluations of each trial that were begun."""

    @contextmanager
    def evaluating(self, ledger: QueryLedger, codes_TNL: Codes, fidelity: int) -> Iterator[None]:
        """Around the evaluation of architectures by a ledger."""
        told_T = np.zeros(len(codes_TNL), np.int64)
        estimator: Any = self.benchmark.estimator
        tells = hasattr(estimator, "on_outcome")  # it remembers evaluations, and says when one is done
        if tells and fidelity % len(ledger.fidelities) == len(ledger.fidelities) - 1:
            estimator.on_outcome = self._early(estimator, codes_TNL, told_T)
        try:
            yield
        finally:
            if tells:
                estimator.on_outcome = None
        reward_TN, report_TN = ledger.latest_TN
        if not told_T.any():
            self._tell(codes_TNL, reward_TN, report_TN, epochs_N=ledger.epochs_E[-codes_TNL.shape[1] :])
        for t, told in enumerate(told_T if told_T.any() else ()):
            rest = np.s_[t : t + 1, told:]
            self._tell(codes_TNL[rest], reward_TN[rest], report_TN[rest], t, int(told))
        self.done += codes_TNL.shape[1]

    def part(self, ledger: QueryLedger, trial: int) -> None:
        """Trials that another process has run to their end, the first of which is `trial`."""
        self._tell(ledger.codes_TQL, *ledger.scores_TQ, trial, epochs_N=ledger.epochs_E)

    def _early(self, estimator: Any, codes_TNL: Codes, told_T: NDArray[np.int64]) -> Callable[[], None]:
        """What is called whenever an evaluation is done: tells those before which all are done."""
        looked, took = time.perf_counter(), 0.0

        def look() -> None:
            nonlocal looked, took
            began = time.perf_counter()
            if began - looked < _SHARE * took:
                return
            for t, codes_NL in enumerate(codes_TNL):
                first = last = int(told_T[t])
                while last < len(codes_NL) and estimator.is_known(codes_NL[last]):
                    last += 1
                if last > first:
                    done_NL = codes_NL[first:last]
                    scores = estimator.evaluate(done_NL).checked()
                    self._tell(done_NL[None], scores.reward_B[None], scores.report_B[None], t, first)
                    told_T[t] = last
            looked = time.perf_counter()
            took = looked - began

        return look

    def _tell(
        self, codes_TNL: Codes, reward_TN: Floats, report_TN: Floats, trial: int = 0, before: int = 0,
        epochs_N: NDArray[np.int64] | None = None,
    ) -> None:  # fmt: skip
        if not self.watchers or not reward_TN.size:
            return
        metrics_TN = measure_freely(self.benchmark, codes_TNL)
        if len(fidelities := self.benchmark.fidelities) > 1:
            epochs_N = np.array([fidelities[-1]]) if epochs_N is None else epochs_N
            metrics_TN[EPOCHS] = np.broadcast_to(epochs_N.astype(np.float64), reward_TN.shape)
        self.watchers.evaluated(
            Batch(
                self.strategy,
                codes_TNL,
                reward_TN,
                report_TN,
                self.agent,
                trial,
                self.done + before + 1,
                metrics_TN,
            )
        )
