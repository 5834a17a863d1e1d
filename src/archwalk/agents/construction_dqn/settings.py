"""Settings of the deep Q-network that builds."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from archwalk.agents.building.problem import BuildingRules
from archwalk.strategies.checks import (
    Count,
    CountOrZero,
    Positive,
    Range,
    Share,
    check_settings,
    say_unused_target,
)


@dataclass(frozen=True)
class ConstructionDQNSettings:
    """Q-learning with experience replay and a target network over the construction environment (Gomez Robles and
    Vanschoren 2019, section 6.1).

    Replay holds `capacity_share` of the `steps`. Epsilon falls linearly over the first `epsilon_fraction` of them; at
    1 throughout (`epsilon_end` = 1) it is Gomez Robles and Vanschoren's random search. An update follows every step,
    once `learning_starts` are held; `target_every` counts updates. The network has `layers` hidden layers of `width`.
    It sees the state alone, without the last action, the last reward and the step.

    Gomez Robles and Vanschoren 2019 gives capacity, batch, epsilon and learning rate, its code `target_every`. The
    rest it leaves to the OpenAI baselines: there double Q-learning, `learning_starts`, `gradient_clip` and two layers
    of 64. `gamma` (theirs: 1) is that of Gomez Robles and Vanschoren's other agent and `epsilon_fraction` (theirs:
    0.1) the whole (ours), and no duelling head (ours).
    """

    length: ClassVar[str] = "steps"
    """The setting that says how long training is."""

    scaled: ClassVar[tuple[str, ...]] = ("learning_starts", "target_every")
    """What is counted in its unit, or in updates, so that a shorter training needs less of it."""

    steps: Count = 6_500
    gamma: Share = 0.9
    n_step: Count = 1
    capacity_share: Annotated[float, Range(above=0, most=1)] = 0.5
    learning_starts: Count = 1_000
    batch: Count = 20
    learning_rate: Positive = 5e-4
    gradient_clip: Positive = 10.0
    target_every: Count = 100
    epsilon_start: Share = 1.0
    epsilon_end: Share = 0.1
    epsilon_fraction: Share = 1.0
    width: Count = 64
    layers: Count = 2
    action_limit: CountOrZero = 0
    limit_terminates: bool = False
    sigma: Share = 0.0

    def __post_init__(self) -> None:
        check_settings(self)

    def unused(self) -> str:
        """What of the algorithm would never happen in so short a training."""
        updates = self.steps - min(self.learning_starts, self.capacity) + 1 - (self.n_step - 1)
        return say_unused_target(updates, self.target_every, self.steps)

    @property
    def capacity(self) -> int:
        """Transitions that replay holds."""
        return max(1, round(self.capacity_share * self.steps))

    @property
    def rules(self) -> BuildingRules:
        """What the agent may do and what it sees."""
        return BuildingRules(self.action_limit, self.limit_terminates, self.sigma, history=False)
