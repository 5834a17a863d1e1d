"""The agent of Gomez Robles and Vanschoren 2019: it builds by an LSTM, which learns within a trial by its memory."""

from dataclasses import dataclass

from archwalk.agents.building.agent import BuildingAgent
from archwalk.agents.building.policies import ConstructionPolicy, RecurrentPolicy
from archwalk.agents.building.problem import BuildingRules
from archwalk.agents.building.recall import FACTS
from archwalk.learning.a2c import RecurrentActorCritic
from archwalk.learning.recalling import RecallingActorCritic
from archwalk.spaces.base import SearchSpace


@dataclass(frozen=True)
class RecurrentShape:
    """Of a `RecurrentActorCritic`, or of a `RecallingActorCritic` where the rules let it recall."""

    inputs: int
    actions: int
    rules: BuildingRules
    width: int


class MetaRLAgent(BuildingAgent[RecurrentShape, RecurrentActorCritic]):
    """See the file."""

    name = "meta-rl"
    shape_class = RecurrentShape

    @staticmethod
    def make_network(shape: RecurrentShape, space: SearchSpace) -> RecurrentActorCritic:
        """See `NetworkAgent`."""
        if shape.rules.recall:
            return RecallingActorCritic(shape.inputs, shape.width, shape.actions, FACTS)
        return RecurrentActorCritic(shape.inputs, shape.width, shape.actions)

    def policy(self) -> ConstructionPolicy:
        """See `BuildingAgent`."""
        return RecurrentPolicy(self.network)
