"""What every engine offers: stateful workers, calls of their methods that do not wait, values for all of them."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from archwalk.errors import ArchwalkError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Arrays = Mapping[str, "NDArray[Any]"]


class WorkerLostError(ArchwalkError):
    """The worker is gone (killed, crashed, left, its machine lost, or its engine closed); spawn another."""

    def __init__(self, name: str) -> None:
        super().__init__(f"worker {name!r} is lost")
        self.at = time.monotonic()
        """When that was seen."""


class WorkerCallError(RuntimeError):
    """A worker's code raised; the message holds the traceback from where it ran. The worker lives on."""


class Shared:
    """Arrays that `Engine.share` holds for all workers; as an argument of a call it arrives as the mapping."""


class Pending(Protocol):
    """The answer to a call, now or later."""

    def done(self) -> bool:
        """Whether `result` would answer at once."""
        ...

    def result(self) -> Any:
        """Wait for what the method returned.

        Raises WorkerLostError if the worker is gone, what the method raised if that is an ArchwalkError, else
        WorkerCallError. A factory that raised answers every call so.
        """
        ...


class Worker(Protocol):
    """An object that lives where the engine put it."""

    def submit(self, method: str, *args: Any) -> Pending:
        """Call a method without waiting for it; the calls of one worker run in the order of submission.

        Arguments and results are copies, and their arrays are read-only, in every engine alike.
        """
        ...

    def kill(self) -> None:
        """End the worker at once, amid a call too, which is lost then; a process that leads its group, with all that
        it has started.
        """
        ...


class Engine(ABC):
    """Hosts workers. A context manager: `close` frees everything, whatever happened inside.

    One thread of the driver submits. The same calls give the same bits in every engine, as far as the worker's
    own code does.
    """

    @abstractmethod
    def spawn(self, factory: Callable[[], object], name: str) -> Worker:
        """Start a worker that holds what `factory` makes; a factory is picklable and runs where the worker is."""

    @abstractmethod
    def share(self, arrays: Arrays) -> Shared:
        """Hand out arrays once, to pass them to any number of calls; they are freed with the last reference."""

    @abstractmethod
    def close(self) -> None:
        """Stop all workers, busy or not; what is pending is lost. Closing again does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
