"""The agent that builds by a Q-network with the same actions in every state."""

from dataclasses import dataclass

from archwalk.agents.building.agent import BuildingAgent
from archwalk.agents.building.policies import ConstructionPolicy, ValuePolicy
from archwalk.agents.building.problem import BuildingRules
from archwalk.learning.action_values import ActionValues
from archwalk.spaces.base import SearchSpace


@dataclass(frozen=True)
class ValueShape:
    """Of `ActionValues` with so many hidden `layers`."""

    inputs: int
    actions: int
    rules: BuildingRules
    width: int
    layers: int


class ConstructionDQNAgent(BuildingAgent[ValueShape, ActionValues]):
    """See the file."""

    name = "construction-dqn"
    shape_class = ValueShape

    @staticmethod
    def make_network(shape: ValueShape, space: SearchSpace) -> ActionValues:
        """See `NetworkAgent`."""
        return ActionValues(shape.inputs, shape.width, shape.layers, shape.actions)

    def policy(self) -> ConstructionPolicy:
        """See `BuildingAgent`."""
        return ValuePolicy(self.network)
