"""How the minutes are spent: decided before the search begins, from how fast this machine trains."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from archwalk.errors import UsageError
from archwalk.estimators.rungs.speed import Speed
from archwalk.spaces.base import Codes
from archwalk.spaces.convnet.space import ConvNet


@dataclass(frozen=True)
class Schedule:
    """Shares of the time, and how large networks are for it."""

    search: float = 0.25
    """Of all minutes; the rest is the final training's."""
    first: float = 1 / 24
    """Of the search's core-seconds: the first cycle of a network."""
    growth: float = 2.0
    """How much longer each cycle is than the one before."""
    rungs: int = 3
    factor: int = 2
    """Of so many networks on a rung one goes up."""
    fewest_epochs: float = 5.0
    """That a network must be fast enough for in its final training; slower ones are not searched."""
    shown: float = 1_700.0
    """Images that the final training of a network of the right size shows, over the root of its core-seconds and the
    power .3 of the number of images: what is larger has too little time to learn, what is smaller learns no more in so
    much. Chosen on validation images of CIFAR-10's subset, 240 core-seconds: 92 epochs of a network of 13 million
    multiplications are better than 31 of one of 51 million.
    """
    spread: float = 4.0
    """By what factor networks may be slower and faster than those of the right size."""
    fewest_steps: int = 20
    """Of a cycle, however short."""
    at_random: bool = False
    """Whether new networks are drawn at random, to compare with."""

    def shown_in(self, seconds: float, images: int) -> float:
        """Images that a network of the right size is shown in so many core-seconds."""
        return float(self.shown * seconds**0.5 * images**0.3)

    def __post_init__(self) -> None:
        if not 0 < self.search < 1 or not 0 < self.first <= 1:
            raise UsageError("search and first of a schedule are shares above 0, search below 1")


@dataclass(frozen=True)
class Plan:
    """A schedule for one machine, data set and number of minutes."""

    schedule: Schedule
    seconds: float
    """Of the clock, for everything."""
    workers: int
    images: int
    """To train on in the search."""
    batch: int
    speed: Speed

    def __post_init__(self) -> None:
        if not (self.seconds > 0 and self.workers > 0 and self.images > 0 and self.batch > 0):
            raise ValueError("a plan has seconds, workers, images and a batch")

    @property
    def search_seconds(self) -> float:
        """Of the clock."""
        return self.schedule.search * self.seconds

    @property
    def cycles(self) -> tuple[float, ...]:
        """Core-seconds of each rung's cycle."""
        first = self.schedule.first * self.search_seconds * self.workers
        return tuple(first * self.schedule.growth**rung for rung in range(self.schedule.rungs))

    @property
    def lengths(self) -> tuple[float, ...]:
        """Core-seconds of all cycles up to and with each rung's."""
        return tuple(float(value) for value in np.cumsum(self.cycles))

    @property
    def slowest(self) -> float:
        """Seconds that an image may take at most."""
        by_epochs = self._final / (self.schedule.fewest_epochs * self.images)
        return min(by_epochs, self.schedule.spread * self.wanted)

    @property
    def wanted(self) -> float:
        """Seconds that an image takes with a network of the right size."""
        return self._final / self.schedule.shown_in(self._final, self.images)

    @property
    def _final(self) -> float:
        """Core-seconds of the final training."""
        return (1 - self.schedule.search) * self.seconds * self.workers

    def steps(self, space: ConvNet, code_L: Codes, rung: int) -> tuple[int, ...]:
        """Of each cycle up to a rung, for a network: what takes about as long for all of them."""
        a_step = self.batch * float(self.speed.seconds_B(space.costs(code_L[None]))[0])
        return tuple(
            max(self.schedule.fewest_steps, round(cycle / a_step)) for cycle in self.cycles[: rung + 1]
        )

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "seconds": self.seconds,
            "workers": self.workers,
            "images": self.images,
            "batch": self.batch,
            "schedule": vars(self.schedule),
            "speed": self.speed.as_dict(),
        }
