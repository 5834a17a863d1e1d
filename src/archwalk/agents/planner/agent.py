"""The planning agent: an ensemble says what stopping is worth, a distilled network what moving is."""

from dataclasses import dataclass

from archwalk.agents.walking import JudgingAgent
from archwalk.estimators.base import Floats
from archwalk.learning.ensemble import LogEnsemble, Perceptrons, perceptron, predict
from archwalk.learning.sets import AfterStateNetwork
from archwalk.spaces.base import Codes, SearchSpace


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

    def worth(self, codes_BL: Codes) -> Floats:
        """See `JudgingAgent`."""
        return predict(self.network.stop, self.space.features(codes_BL))
