"""What is watched: evaluations that grow, or the log of a training."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from archwalk.experiments.evaluated import Searched
from archwalk.report.explorer.explored import Explored
from archwalk.spaces.base import SearchSpace

RUNNING, OVER, WAITING = "running", "over", "waiting"


class Source(ABC):
    """What is watched. `update` reads what came since."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.explored: Explored | None = None
        self.edition = 0
        """Another number as soon as what was read before is not what is shown now."""
        self.state = WAITING
        self.charts: dict[str, list[Any]] = {}
        """Lists of one length, a value a line of a training's log."""
        self.written: float | None = None
        """When something was written last, in seconds since 1970, where that is known."""
        self.report: Path | None = None
        """The report that was written at the end."""

    @abstractmethod
    def update(self) -> None:
        """Read on. Raises DataError where what stands there is damaged."""

    def _begin(self, about: Searched, space: SearchSpace | None = None) -> None:
        self.explored = Explored(about, space or about.load_space())
        self.edition += 1
