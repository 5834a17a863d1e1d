"""The planning agent: an ensemble says what stopping is worth, a distilled network what moving is."""

from dataclasses import dataclass

import torch
from torch import Tensor

from archwalk.agents.walking import JudgingAgent
from archwalk.learning.ensemble import LogEnsemble, Perceptrons, perceptron
from archwalk.learning.sets import AfterStateNetwork
from archwalk.spaces.base import SearchSpace


@dataclass(frozen=True)
class PlannerShape:
    """Of an `AfterStateNetwork` whose ensemble has so many `members`."""

    neighbours: int
    width: int
    members: int


class PlannerAgent(JudgingAgent[PlannerShape, AfterStateNetwork]):
    """See the file."""

    name = "planner"
    shape_class = PlannerShape

    @staticmethod
    def make_network(shape: PlannerShape, space: SearchSpace) -> AfterStateNetwork:
        """See `NetworkAgent`."""
        features, width = space.feature_count, shape.width
        stop = LogEnsemble(Perceptrons(shape.members, features, width, hidden=2))
        return AfterStateNetwork(stop, perceptron(features, width, 3))

    def judge(self, features_TF: Tensor) -> Tensor:
        """See `JudgingAgent`."""
        worth_T = self.network.stop(features_TF)
        return torch.stack([worth_T, worth_T, self.network.move(features_TF)])
