"""The contract of an agent: what training gives, which searches, improves, and is saved and loaded by its own class."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, Self, TypeVar, cast

import numpy as np

from archwalk.data.decoding import convert
from archwalk.errors import UsageError
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.strategies.base import Strategy, Trials
from archwalk.strategies.walker import Episodes

if TYPE_CHECKING:  # who only names agents needs no torch
    from torch import nn


@dataclass(frozen=True)
class Paid:
    """What training has cost: evaluations, different architectures among them, seconds by the clock; and how many of
    these architectures a table has no score of.
    """

    queries: int = 0
    unique: int = 0
    seconds: float = 0.0
    unscored: int = 0

    def __add__(self, other: Paid) -> Paid:
        """What both have cost."""
        return Paid(
            self.queries + other.queries,
            self.unique + other.unique,
            self.seconds + other.seconds,
            self.unscored + other.unscored,
        )


@dataclass(frozen=True)
class SpaceMark:
    """What must be alike in the space that an agent was trained in and in one that it is used in."""

    name: str
    code_length: int
    feature_count: int

    @classmethod
    def of(cls, space: SearchSpace) -> Self:
        """That of a space."""
        return cls(space.name, space.code_length, space.feature_count)

    def difference(self, other: SpaceMark) -> str | None:
        """`trained on A, not on B` as words, A this one; None where they are alike."""
        if self == other:
            return None
        if self.name != other.name:
            return f"was trained on {self.name}, not on {other.name}"
        return f"was trained on {self.name} of {self.feature_count} features, not on one of {other.feature_count}"


class Agent(ABC):
    """A trained agent. It is a factory of strategies: `agent(trials)` is a search by it.

    `name` is the name of the class in `AGENTS`: what is saved under it is loaded by it. `paid` is what its training
    has cost. Its weights are fixed.
    """

    name: ClassVar[str]

    def __init__(self, space: SearchSpace) -> None:
        self.space = space
        self.paid = Paid()

    @abstractmethod
    def strategy(self, trials: Trials) -> Strategy:
        """A search by this agent in its space."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """All that `from_state` needs: dictionaries and lists of arrays, tensors, numbers, strings and None."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: Mapping[str, Any], space: SearchSpace) -> Self:
        """The agent that gave `state`, in the same space. Raises DataError or any error of a state that is none."""

    def __call__(self, trials: Trials) -> Strategy:
        """A search, which says what the training has cost. Raises UsageError in a space of other features."""
        difference = SpaceMark.of(self.space).difference(SpaceMark.of(trials.space))
        if difference:
            raise UsageError(f"this agent {difference}")
        strategy = self.strategy(trials)
        strategy.training_queries = self.paid.queries
        strategy.training_unique = self.paid.unique
        strategy.training_seconds = self.paid.seconds
        return strategy

    def improve(self, starts_BL: Codes, rng: np.random.Generator) -> Episodes:
        """One episode from each start (B, L). Raises UsageError for an agent that builds from nothing."""
        strategy = self(Trials(self.space, 1, rng))
        if not hasattr(strategy, "improve"):
            raise UsageError(f"an agent of {self.name} builds from nothing; it improves no architecture")
        return cast(Episodes, strategy.improve(starts_BL))


N = TypeVar("N", bound="nn.Module")
Shape = TypeVar("Shape", bound="DataclassInstance")


class DataclassInstance(Protocol):
    """An instance of a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


class NetworkAgent(Agent, Generic[Shape, N]):
    """An agent that acts by a network. It is saved as the shape of the network, a frozen dataclass, and the weights.

    A subclass names its `shape_class` and makes the network.
    """

    shape_class: ClassVar[type[Any]]

    def __init__(self, space: SearchSpace, shape: Shape, network: N) -> None:
        super().__init__(space)
        self.shape = shape
        self.network = network

    @staticmethod
    @abstractmethod
    def make_network(shape: Any, space: SearchSpace) -> Any:
        """A network of this shape, its weights drawn from torch's generator."""

    @classmethod
    def fresh(cls, space: SearchSpace, shape: Shape, seed: int) -> Self:
        """An agent that has learned nothing; its weights depend on `seed` alone."""
        from archwalk.learning.seeding import made_from

        return cls(space, shape, made_from(seed, lambda: cls.make_network(shape, space)))

    def state(self) -> dict[str, Any]:
        """Shape and weights."""
        return {"shape": asdict(self.shape), "network": dict(self.network.state_dict())}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], space: SearchSpace) -> Self:
        """See `Agent`."""
        agent = cls.fresh(space, convert(state["shape"], cls.shape_class, "its shape"), seed=0)
        agent.network.load_state_dict(state["network"])
        return agent
