"""Where actors and learners run: in this process, in local processes, or on Ray; the code they run is the same."""

from archwalk.learning.engines.base import Engine, Pending, Shared, Worker, WorkerCallError, WorkerLostError
from archwalk.learning.engines.catalogue import ENGINES, make_engine

__all__ = [
    "ENGINES",
    "Engine",
    "Pending",
    "Shared",
    "Worker",
    "WorkerCallError",
    "WorkerLostError",
    "make_engine",
]
