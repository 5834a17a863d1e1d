"""Settings of the planning agent."""

from dataclasses import dataclass

from archwalk.agents.accuracy_model import ModelSettings
from archwalk.errors import UsageError
from archwalk.strategies.checks import Positive, Share


@dataclass(frozen=True)
class PlannerSettings(ModelSettings):
    """Model-based search on an enumerable space: learn accuracies, plan walks, distil the plan.

    In each round a share `optimism` goes to the best upper bounds (mean + deviation of the ensemble), the rest to
    each member's favourites. Before the plan the model takes `last_updates` steps with `last_sharpness` that tell the
    best apart: what was a map to search by becomes a measure. Where accuracies are noisy that would learn the noise;
    0 leaves it out.
    `step_price` is what a step of a walk must gain, in percentage points of accuracy. The walking network is
    distilled from the plan, whose moves it learns.
    """

    optimism: Share = 0.13
    last_sharpness: Positive = 100.0
    step_price: Positive = 0.002

    @property
    def planning_sharpness(self) -> float:
        """On what scale the model speaks when walks are planned."""
        return self.last_sharpness if self.last_updates else self.sharpness

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.random + self.optimism > 1:
            raise UsageError("random and optimism are shares: together at most 1")
