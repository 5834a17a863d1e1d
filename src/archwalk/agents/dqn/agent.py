"""The agent that double Q-learning gives: it walks by a pointer network."""

from dataclasses import dataclass

from archwalk.agents.walking import WalkingAgent
from archwalk.learning.sets import PointerQNetwork
from archwalk.spaces.base import SearchSpace


@dataclass(frozen=True)
class PointerShape:
    """Of a `PointerQNetwork`."""

    neighbours: int
    width: int
    layers: int
    heads: int
    duelling: bool


class DQNAgent(WalkingAgent[PointerShape, PointerQNetwork]):
    """See the file."""

    name = "dqn"
    shape_class = PointerShape

    @staticmethod
    def make_network(shape: PointerShape, space: SearchSpace) -> PointerQNetwork:
        """See `NetworkAgent`."""
        return PointerQNetwork(space.feature_count, shape.width, shape.layers, shape.heads, shape.duelling)
