"""The climbing agent: a move is worth what a distilled model takes its target for, less a toll."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from archwalk.agents.walking import JudgingAgent
from archwalk.learning.ensemble import ClimbingNetwork, Columns, perceptron
from archwalk.spaces.base import SearchSpace


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

    def judge(self, features_TF: Tensor) -> Tensor:
        """See `JudgingAgent`; to the bit what the network gives."""
        worth_T, toll = self.network.worth(features_TF), self.network.toll
        move_T = worth_T - toll
        return torch.stack([worth_T, move_T + toll, move_T])
