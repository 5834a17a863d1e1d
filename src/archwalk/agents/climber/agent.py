"""The climbing agent: a move is worth what a distilled model takes its target for, less a toll."""

from dataclasses import dataclass

from torch import nn

from archwalk.agents.walking import JudgingAgent
from archwalk.estimators.base import Floats
from archwalk.learning.ensemble import ClimbingNetwork, Columns, perceptron, predict
from archwalk.spaces.base import Codes, SearchSpace


@dataclass(frozen=True)
class ClimberShape:
    """Of a `ClimbingNetwork` that reads so many `columns` of the features."""

    neighbours: int
    width: int
    columns: int


class ClimberAgent(JudgingAgent[ClimberShape, ClimbingNetwork]):
    """See the file."""

    name = "climber"
    shape_class = ClimberShape

    @staticmethod
    def make_network(shape: ClimberShape, space: SearchSpace) -> ClimbingNetwork:
        """See `NetworkAgent`."""
        return ClimbingNetwork(
            nn.Sequential(Columns(shape.columns), *perceptron(shape.columns, shape.width, 2))
        )

    def worth(self, codes_BL: Codes) -> Floats:
        """See `JudgingAgent`."""
        return predict(self.network.model, self.space.features(codes_BL))
