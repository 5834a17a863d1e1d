"""The engine in this process: a call runs when it is submitted."""

from collections.abc import Callable
from functools import partial
from typing import Any

from archwalk.learning.engines.base import Arrays, Engine, Shared, WorkerLostError
from archwalk.learning.engines.hosting import (
    Host,
    Parts,
    attempt,
    copied,
    make,
    pack,
    pack_outcome,
    settle,
    unpack,
)


class LocalShared(Shared):
    """Arrays in memory of their own."""

    def __init__(self, arrays: Arrays) -> None:
        self.parts = copied(pack(dict(arrays)))


class LocalPending:
    """An outcome that is there already; None if the worker is gone."""

    def __init__(self, name: str, outcome: Parts | None) -> None:
        self.name = name
        self.outcome = outcome

    def done(self) -> bool:
        """True."""
        return True

    def result(self) -> Any:
        """See `Pending`."""
        if self.outcome is None:
            raise WorkerLostError(self.name)
        return settle(unpack(self.outcome), self.name)


class LocalWorker:
    """A worker beside its driver; a copy of all that goes in and out keeps them apart, as processes would be."""

    def __init__(self, name: str, factory: Callable[[], object]) -> None:
        self.name = name
        self.host: Host | None = Host(partial(make, pack(factory)))

    def submit(self, method: str, *args: Any) -> LocalPending:
        """See `Worker`."""
        parts = [value.parts if isinstance(value, LocalShared) else copied(pack(value)) for value in args]
        if self.host is None:
            return LocalPending(self.name, None)
        try:
            outcome = attempt(partial(_answer, self.host, method, parts))
        except SystemExit:  # a process would be gone now
            self.host = None
            return LocalPending(self.name, None)
        return LocalPending(self.name, copied(pack_outcome(outcome)))

    def kill(self) -> None:
        """See `Worker`."""
        self.host = None


class LocalEngine(Engine):
    """See the module."""

    def __init__(self) -> None:
        self.workers: list[LocalWorker] = []

    def spawn(self, factory: Callable[[], object], name: str) -> LocalWorker:
        """See `Engine`."""
        worker = LocalWorker(name, factory)
        self.workers.append(worker)
        return worker

    def share(self, arrays: Arrays) -> LocalShared:
        """See `Engine`."""
        return LocalShared(arrays)

    def close(self) -> None:
        """See `Engine`."""
        for worker in self.workers:
            worker.host = None
        self.workers.clear()


def _answer(host: Host, method: str, parts: list[Parts]) -> Any:
    return host.call(method, *map(unpack, parts))
