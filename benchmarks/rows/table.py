"""Rows by their names."""

import atexit
import resource
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

CELLS, GRAPHS = "nasbench101:test-mean", "nas-bench-graph:cora"

Work = tuple[Callable[[], object], int]
"""What is timed, and how many units of work it does."""

Make = Callable[[], Work]
"""Prepares the work, which is not timed, and does the same on a small scale so that kernels are compiled."""


@dataclass(frozen=True)
class Row:
    """A figure is in `unit`, of which a second has `scale`. A `slow` row runs once."""

    name: str
    unit: str
    scale: float
    make: Make
    peer: str = ""
    slow: bool = False


ROWS: dict[str, Row] = {}


def row(name: str, unit: str, peer: str = "", *, slow: bool = False) -> Callable[[Make], Make]:
    """A row of the table; `peer` says what the row `NAME/peer` is."""

    def add(make: Make) -> Make:
        ROWS[name] = Row(name, unit, {"s": 1.0, "ms": 1e3, "us": 1e6}[unit], make, peer, slow)
        return make

    return add


def spent() -> float:
    """Processor seconds of this process and of those that it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(times.ru_utime + times.ru_stime for times in used)


def folder() -> Path:
    """A folder that goes when the process ends."""
    made = TemporaryDirectory()
    atexit.register(made.cleanup)
    return Path(made.name)
