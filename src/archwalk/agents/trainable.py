"""What every agent that must be trained has in common: its trainer's contract, and the network it acts by."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from torch import nn

from archwalk.agents.building.problem import BuildingRules
from archwalk.agents.building.recall import FACTS
from archwalk.environments.walks import Sampler
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.ledger import Bill
from archwalk.learning.a2c import RecurrentActorCritic
from archwalk.learning.action_values import ActionValues
from archwalk.learning.engines import Engine
from archwalk.learning.ensemble import ClimbingNetwork, Columns, LogEnsemble, Perceptrons, perceptron
from archwalk.learning.recalling import RecallingActorCritic
from archwalk.learning.seeding import made_from
from archwalk.learning.sets import AfterStateNetwork, PointerQNetwork
from archwalk.learning.transformer import FirstTokenQNetwork


@dataclass(frozen=True)
class NetworkSettings:
    """What a saved agent needs besides weights: neighbours that it sees, the kind and shape of its network.

    `layers` and `heads` are those of a pointer or a first-token network (P1's), `duelling` those of a pointer
    network (a first-token network always duels), `encoder_layers` those of a first-token network, `members` those
    of the ensemble that an after-state network stops by, `columns` how many features a climbing network reads (0: all).

    Agents that build (`recurrent`, `action-values`) have no neighbours but so many `inputs` and `actions`, and the
    rules they were trained by, `building`; `layers` are those of an action-values network.
    """

    neighbours: int
    width: int
    layers: int = 0
    heads: int = 1
    duelling: bool = False
    members: int = 1
    kind: Literal["pointer", "after-state", "climbing", "first-token", "recurrent", "action-values"] = (
        "pointer"
    )
    encoder_layers: int = 3
    columns: int = 0
    inputs: int = 0
    actions: int = 0
    building: BuildingRules | None = None

    def __post_init__(self) -> None:
        given: Any = self.building
        if isinstance(given, dict):  # as a file has it
            object.__setattr__(self, "building", BuildingRules(**given))


def make_network(settings: NetworkSettings, features: int, seed: int) -> nn.Module:
    """A fresh network whose weights depend on `seed` alone."""
    return made_from(seed, lambda: _make(settings, features))


def _make(settings: NetworkSettings, features: int) -> nn.Module:
    width, layers, heads = settings.width, settings.layers, settings.heads
    if settings.kind == "recurrent":
        if settings.building and settings.building.recall:
            return RecallingActorCritic(settings.inputs, width, settings.actions, FACTS)
        return RecurrentActorCritic(settings.inputs, width, settings.actions)
    if settings.kind == "action-values":
        return ActionValues(settings.inputs, width, layers, settings.actions)
    if settings.kind == "after-state":
        stop = LogEnsemble(Perceptrons(settings.members, features, width, hidden=2))
        return AfterStateNetwork(stop, perceptron(features, width, 3))
    if settings.kind == "climbing":
        if not settings.columns:
            return ClimbingNetwork(perceptron(features, width, 2))
        return ClimbingNetwork(
            nn.Sequential(Columns(settings.columns), *perceptron(settings.columns, width, 2))
        )
    if settings.kind == "first-token":
        return FirstTokenQNetwork(
            features, width, settings.neighbours + 1, settings.encoder_layers, layers, heads
        )
    return PointerQNetwork(features, width, layers, heads, settings.duelling)


class Trainer(Protocol):
    """Trains one agent. The same seed gives the same bits, also across `state_dict`."""

    log_every: int
    """How many yields of `run` make a line of metrics."""

    network: nn.Module
    network_settings: NetworkSettings

    @property
    def ledger(self) -> Bill:
        """What training has paid so far."""

    @property
    def done(self) -> int:
        """Progress: how many of `total` are done."""

    @property
    def total(self) -> int:
        """How much there is to do, in the trainer's own unit."""

    def run(self) -> Iterator[dict[str, float]]:
        """Train to the end, yielding metrics."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""


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
