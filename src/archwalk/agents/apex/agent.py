"""The agent of Cassimon et al. 2024: it walks by a transformer that is read at the first token."""

from dataclasses import dataclass

from archwalk.agents.walking import WalkingAgent
from archwalk.learning.transformer import FirstTokenQNetwork
from archwalk.spaces.base import SearchSpace


@dataclass(frozen=True)
class FirstTokenShape:
    """Of a `FirstTokenQNetwork`, which has a position for each of `neighbours` and one more."""

    neighbours: int
    width: int
    encoder_layers: int
    layers: int
    heads: int


class ApexAgent(WalkingAgent[FirstTokenShape, FirstTokenQNetwork]):
    """See the file."""

    name = "apex"
    shape_class = FirstTokenShape

    @staticmethod
    def make_network(shape: FirstTokenShape, space: SearchSpace) -> FirstTokenQNetwork:
        """See `NetworkAgent`."""
        return FirstTokenQNetwork(
            space.feature_count, shape.width, shape.neighbours + 1, shape.encoder_layers, shape.layers,
            shape.heads,
        )  # fmt: skip
