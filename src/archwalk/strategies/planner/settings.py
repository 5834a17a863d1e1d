"""Settings of the planning agent."""

from dataclasses import dataclass
from typing import ClassVar

from archwalk.errors import UsageError
from archwalk.strategies.checks import check_above_zero, check_at_least_one


@dataclass(frozen=True)
class PlannerSettings:
    """Model-based search on an enumerable space: learn accuracies, plan walks, distil the plan.

    `evaluations` architectures are evaluated in all, `initial` sampled ones first, then rounds of `round`:
    of these each member of the ensemble picks its favourites, a share `optimism` goes to the best upper bounds
    (mean + deviation) and a share `random` to samples. `step_price` is what a step of a walk must gain, in
    percentage points of accuracy. `sharpness` weighs errors near the top: the model predicts
    exp(sharpness * (accuracy - best)). The walking network is distilled from the last plan.
    """

    length: ClassVar[str] = "evaluations"
    """The setting that says how long training is."""

    evaluations: int = 1_000
    initial: int = 256
    round: int = 60
    random: float = 0.07
    optimism: float = 0.13
    members: int = 4
    model_learning_rate: float = 2e-3
    weight_decay: float = 1e-3
    model_batch: int = 128
    first_updates: int = 600
    updates: int = 150
    sharpness: float = 32.0
    step_price: float = 0.02
    neighbours: int = 50
    width: int = 128
    distil_updates: int = 4_000
    distil_batch: int = 1_024
    distil_learning_rate: float = 2e-3

    def __post_init__(self) -> None:
        check_at_least_one(
            self, "evaluations", "initial", "round", "members", "updates", "first_updates", "neighbours", "width",
            "distil_updates", "distil_batch", "model_batch",
        )  # fmt: skip
        if self.initial > self.evaluations:
            raise UsageError(f"initial ({self.initial}) must not exceed evaluations ({self.evaluations})")
        if not 0 <= self.random + self.optimism <= 1 or min(self.random, self.optimism) < 0:
            raise UsageError("random and optimism are shares: each at least 0, together at most 1")
        check_above_zero(self, "step_price", "sharpness", "model_learning_rate", "distil_learning_rate")
