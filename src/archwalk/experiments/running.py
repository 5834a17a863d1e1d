"""Running trials to the end of their budget, in this process or spread over several."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, as_completed
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from typing import Any

import numpy as np

from archwalk.estimators.base import Estimator
from archwalk.estimators.ledger import QueryLedger
from archwalk.experiments.watching import Observer
from archwalk.jit import Streams
from archwalk.late import use_one_thread
from archwalk.strategies.base import Strategy, Trials
from archwalk.strategies.catalogue import StrategyFactory

ASK_AT_ONCE = 32
IDLE_SECONDS = 10
WATCH_SECONDS = 0.5
PARTS_A_WORKER = 4  # more than one, so that the last to end is not waited for alone, and progress is seen


def run_trials(
    estimator: Estimator,
    strategy: Strategy,
    budget: int,
    tell: Callable[[float], None] | None = None,
    streams_T: Streams | None = None,
    observer: Observer | None = None,
) -> QueryLedger:
    """All trials of a strategy, side by side; `tell` is told the queries that each has done, `observer` sees them.

    A noisy estimator draws by `streams_T`.
    """
    ledger = QueryLedger(estimator, budget, strategy.trials.trials, strategy.query, streams_T)
    while affordable := ledger.affordable(fidelity := strategy.fidelity):
        codes_TNL = strategy.ask(min(ASK_AT_ONCE, affordable))
        with observer.evaluating(ledger, codes_TNL, fidelity) if observer else nullcontext():
            rewards_TN = ledger.evaluate(codes_TNL, fidelity)
        strategy.tell(codes_TNL, rewards_TN)
        if tell:
            tell(ledger.queries)
    ledger.close()
    return ledger


def run_in_processes(
    estimator: Estimator,
    factory: StrategyFactory,
    trials: Trials,
    budget: int,
    workers: int,
    tell: Callable[[float], None],
    streams_T: Streams | None = None,
    observer: Observer | None = None,
) -> tuple[QueryLedger, list[Any]]:
    """What `run_trials` gives for a strategy of independent trials (`PerTrial`), to the bit, and its findings.

    `tell` is told the mean number of queries done, `observer` sees a part of the trials when it is over. The estimator
    and the factory must be picklable.
    """
    ledger, parts, done = QueryLedger(estimator, budget, trials.trials, streams_T=streams_T), {}, 0
    streams_T = ledger.evaluator.streams_T
    with process_pool(workers) as pool:
        futures = {
            pool.submit(
                _run_part, estimator, factory, part, budget, streams_T[first : first + part.trials]
            ): first
            for first, part in _parts(trials, workers * PARTS_A_WORKER)
        }
        for future in as_completed(futures):
            parts[futures[future]] = future.result()
            if observer:
                observer.part(parts[futures[future]][0], futures[future])
            done += parts[futures[future]][0].trials
            tell(budget * done / trials.trials)
    ordered = [parts[first] for first in sorted(parts)]
    ledger.join([part for part, _ in ordered])
    ledger.close()
    return ledger, [finding for _, findings in ordered for finding in findings]


def _parts(trials: Trials, number: int) -> Iterator[tuple[int, Trials]]:
    """Consecutive trials, with the generators and the starts that they have among all."""
    generators = trials.rng.spawn(trials.trials)
    edges = np.linspace(0, trials.trials, min(number, trials.trials) + 1).astype(int)
    for first, last in pairwise(map(int, edges)):
        starts_TQL = None if trials.starts_TQL is None else trials.starts_TQL[first:last]
        part = generators[first:last]
        yield (
            first,
            Trials(
                trials.space,
                last - first,
                trials.rng,
                starts_TQL,
                part,
                trials.fidelities,
                trials.share_weights,
            ),
        )


def _run_part(
    estimator: Estimator, factory: StrategyFactory, trials: Trials, budget: int, streams_T: Streams
) -> tuple[QueryLedger, list[Any]]:
    strategy = factory(trials)
    ledger = run_trials(estimator, strategy, budget, streams_T=streams_T)
    ledger.evaluator = None  # type: ignore[assignment] # its table need not travel back
    return ledger, strategy.findings(ledger.codes_TQL, ledger.rewards_TQ)


def _begin_worker(parent: int) -> None:
    use_one_thread()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process when its parent is gone: loky's would work on for nobody."""
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os._exit(1)


@contextmanager
def process_pool(workers: int) -> Iterator[Executor]:
    """Processes that start afresh, since a fork would copy the locks of numba's and torch's threads.

    They are loky's: they do not run the script again that asked for them, as the standard library's do, functions
    of a script or a notebook reach them, and whoever asks next within some seconds is given the same ones.
    """
    import loky

    pool = loky.get_reusable_executor(
        workers, timeout=IDLE_SECONDS, initializer=_begin_worker, initargs=(os.getpid(),)
    )
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=True, kill_workers=True)
        raise
