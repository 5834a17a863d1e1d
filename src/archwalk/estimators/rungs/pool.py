"""Workers that train rungs, on any engine; one that dies is replaced and its rung goes on."""

import logging
from dataclasses import dataclass
from functools import partial
from typing import Any

from archwalk.errors import ArchwalkError
from archwalk.estimators.rungs.training import Climb, RungTraining
from archwalk.estimators.store.records import Outcome
from archwalk.estimators.trainings.pool import Arrays
from archwalk.learning.engines import Pending, WorkerLostError, make_engine

_TRIES = 3
_log = logging.getLogger(__name__)


class _Trainer:
    """What a worker holds."""

    def __init__(self, training: RungTraining) -> None:
        self.training = training

    def train(self, climb: Climb, arrays: Arrays, seed: int) -> Outcome:
        """See `RungTraining.run`."""
        return self.training.run(climb, arrays, seed)


@dataclass
class _Work:
    """What a worker is at."""

    number: int
    climb: Climb
    pending: Pending
    tries: int = 1


class RungPool:
    """A context manager. Jobs have numbers, which come back with their outcomes."""

    def __init__(
        self,
        training: RungTraining,
        arrays: Arrays,
        seed: int,
        *,
        workers: int,
        engine: str,
        address: str | None,
    ) -> None:
        self.training, self.seed = training, seed
        self.engine = make_engine(engine, address=address, workers=workers if address is None else None)
        try:
            self.arrays = self.engine.share(arrays)
            self.workers = [self._spawn(index) for index in range(workers)]
        except BaseException:
            self.engine.close()
            raise
        self.busy: dict[int, _Work] = {}

    def _spawn(self, index: int) -> Any:
        return self.engine.spawn(partial(_Trainer, self.training), f"trainer {index}")

    @property
    def free(self) -> int:
        """Workers that have nothing to do."""
        return len(self.workers) - len(self.busy)

    def submit(self, number: int, climb: Climb) -> None:
        """Give a job to a free worker."""
        index = next(index for index in range(len(self.workers)) if index not in self.busy)
        self.busy[index] = _Work(number, climb, self._call(index, climb))

    def _call(self, index: int, climb: Climb) -> Pending:
        pending: Pending = self.workers[index].submit("train", climb, self.arrays, self.seed)
        return pending

    def finished(self) -> list[tuple[int, Outcome]]:
        """Jobs that are done since the last call. Raises ArchwalkError where no worker stays alive."""
        done = []
        for index, work in list(self.busy.items()):
            if not work.pending.done():
                continue
            try:
                outcome: Outcome = work.pending.result()
            except WorkerLostError as error:
                if work.tries == _TRIES:
                    raise ArchwalkError(
                        f"worker processes died over one network, {_TRIES} in a row; is there enough memory?"
                    ) from error
                _log.warning("archwalk: trainer %d died; a fresh one goes on with its rung", index)
                self.workers[index] = self._spawn(index)
                self.busy[index] = _Work(
                    work.number, work.climb, self._call(index, work.climb), work.tries + 1
                )
                continue
            del self.busy[index]
            done.append((work.number, outcome))
        return done

    def close(self) -> None:
        """End the workers, busy or not."""
        self.engine.close()

    def __enter__(self) -> "RungPool":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
