"""What happens at a worker's side of a call, in every engine: a method runs, its outcome travels back."""

import pickle
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from archwalk.errors import ArchwalkError
from archwalk.learning.engines.base import WorkerCallError

Parts = Sequence[bytes | memoryview]
"""A pickled value: the pickle, then the contents of its arrays."""

ALIGNMENT = 64
"""Arrays begin at multiples of this many bytes, so that vectorised sums run over them in the same order."""


@dataclass(frozen=True)
class Failure:
    """What a call raised, in a form that every process can read."""

    error: type[ArchwalkError] | None
    message: str
    trace: str

    @classmethod
    def of(cls, error: Exception) -> "Failure":
        """The failure that an exception is."""
        kind = type(error) if isinstance(error, ArchwalkError) else None
        return cls(kind, str(error), "".join(traceback.format_exception(error)))

    def as_error(self, worker: str) -> Exception:
        """The exception to raise where the result is wanted."""
        if self.error is None:
            return WorkerCallError(f"worker {worker!r} failed:\n{self.trace}")
        error = self.error.__new__(self.error, self.message)  # its __init__ may want other arguments
        error.add_note(self.trace)
        return error


class Host:
    """Holds a worker's object and runs its methods."""

    def __init__(self, factory: Callable[[], object]) -> None:
        self.worker = attempt(factory)

    def call(self, method: str, *args: Any) -> Any:
        """What the method returns, or a Failure."""
        if isinstance(self.worker, Failure):
            return self.worker
        return attempt(lambda: getattr(self.worker, method)(*args))


def attempt(call: Callable[[], Any]) -> Any:
    """What a call returns, or the Failure that its exception is."""
    try:
        return call()
    except Exception as error:
        return Failure.of(error)


def settle(outcome: Any, worker: str) -> Any:
    """Return the outcome of a call, or raise what it failed by."""
    if isinstance(outcome, Failure):
        raise outcome.as_error(worker)
    return outcome


def pack(value: Any) -> Parts:
    """Pickle a value; its arrays are not copied yet. Raises what pickle raises."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    return [head, *(buffer.raw() for buffer in buffers)]


def pack_outcome(outcome: Any) -> Parts:
    """Pickle the outcome of a call; one that cannot be pickled is a Failure that says so."""
    try:
        return pack(outcome)
    except Exception as error:
        return pack(Failure(None, str(error), Failure.of(error).trace))


def unpack(parts: Parts) -> Any:
    """The value of pickled parts, its arrays read-only views of them. For parts from `pack` alone."""
    head, *buffers = parts
    # These come from a process that we started, over a socket that nobody else has.
    return pickle.loads(head, buffers=[memoryview(buffer).toreadonly() for buffer in buffers])  # noqa: S301


def make(factory: Parts) -> object:
    """What a pickled factory makes."""
    return unpack(factory)()


def aligned(size: int) -> memoryview:
    """Fresh memory for the contents of an array."""
    area = np.empty(size + ALIGNMENT, np.uint8)
    start = -area.ctypes.data % ALIGNMENT
    return area.data[start : start + size]


def copied(parts: Parts) -> Parts:
    """The same parts in fresh memory."""
    copies = []
    for part in parts:
        copy = aligned(memoryview(part).nbytes)
        copy[:] = memoryview(part).cast("B")
        copies.append(copy)
    return copies
