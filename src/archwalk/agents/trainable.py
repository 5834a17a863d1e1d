"""The contract of a trainer: what trains an agent."""

from collections.abc import Iterator
from typing import Any, Literal, Protocol, runtime_checkable

from archwalk.agents.base import Agent
from archwalk.environments.walks import Sampler
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.ledger import TrainingCost
from archwalk.learning.engines import Engine


class Trainer(Protocol):
    """Trains one agent. The same seed gives the same bits, also across `state_dict`."""

    log_every: int
    """How many yields of `run` make a line of metrics."""

    @property
    def ledger(self) -> TrainingCost:
        """What training has paid so far."""

    @property
    def done(self) -> int:
        """Progress: how many of `total` are done."""

    @property
    def total(self) -> int:
        """How much there is to do, in the trainer's own unit."""

    def run(self) -> Iterator[dict[str, float]]:
        """Train to the end, yielding metrics."""

    def agent(self) -> Agent:
        """The agent as trained so far; what is learned later does not change it."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""


class StepTrainer:
    """The progress of a trainer whose unit is an environment step; `settings.steps` says how many there are."""

    settings: Any
    steps: int

    @property
    def done(self) -> int:
        """Environment steps taken."""
        return self.steps

    @property
    def total(self) -> int:
        """Environment steps to take."""
        return int(self.settings.steps)


class TrainerFactory(Protocol):
    """Makes a trainer; a trainer's class is one."""

    def __call__(
        self, benchmark: Benchmark, settings: Any, seed: int, starts: Sampler | None = None
    ) -> Trainer:
        """A trainer at its beginning; `starts` draws the architectures from which training sets out."""


@runtime_checkable
class DistributedTrainerFactory(TrainerFactory, Protocol):
    """Makes a trainer that runs on any engine, with the same bits."""

    distributed: Literal[True]

    def __call__(
        self,
        benchmark: Benchmark,
        settings: Any,
        seed: int,
        starts: Sampler | None = None,
        *,
        engine: Engine | None = None,
        device: str = "cpu",
    ) -> Trainer:
        """Its workers live on `engine` (by default in this process), its learner's network on a torch `device`."""
