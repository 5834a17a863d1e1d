"""Settings of the deep Q-network that builds."""

from dataclasses import dataclass
from typing import ClassVar

from archwalk.agents.building.problem import BuildingRules, check_rules
from archwalk.errors import UsageError
from archwalk.strategies.checks import check_above_zero, check_at_least_one, check_shares


@dataclass(frozen=True)
class ConstructionDQNSettings:
    """Q-learning with experience replay and a target network over the construction environment (P3 section 6.1).

    Replay holds `capacity_share` of the `steps`. Epsilon falls linearly over the first `epsilon_fraction` of them; at 1
    throughout (`epsilon_end` = 1) it is P3's random search. An update follows every step, once `learning_starts` are
    held; `target_every` counts updates. The network has `layers` hidden layers of `width`. It sees the state alone,
    without the last action, the last reward and the step.

    P3 gives capacity, batch, epsilon and learning rate, its code `target_every`. The rest it leaves to the OpenAI
    baselines: there double Q-learning, `learning_starts`, `gradient_clip` and two layers of 64. `gamma` (theirs: 1)
    is that of P3's other agent and `epsilon_fraction` (theirs: 0.1) the whole (ours), and no duelling head (ours).
    """

    length: ClassVar[str] = "steps"
    """The setting that says how long training is."""

    steps: int = 6_500
    gamma: float = 0.9
    n_step: int = 1
    capacity_share: float = 0.5
    learning_starts: int = 1_000
    batch: int = 20
    learning_rate: float = 5e-4
    gradient_clip: float = 10.0
    target_every: int = 100
    epsilon_start: float = 1.0
    epsilon_end: float = 0.1
    epsilon_fraction: float = 1.0
    width: int = 64
    layers: int = 2
    action_limit: int = 0
    limit_terminates: bool = False
    sigma: float = 0.0

    def __post_init__(self) -> None:
        check_at_least_one(
            self, "steps", "n_step", "learning_starts", "batch", "target_every", "width", "layers"
        )
        check_above_zero(self, "learning_rate", "gradient_clip", "capacity_share")
        check_shares(self, "epsilon_start", "epsilon_end", "epsilon_fraction", "gamma")
        check_rules(self)
        if self.capacity_share > 1:
            raise UsageError(f"capacity_share must be at most 1, not {self.capacity_share}")

    @property
    def capacity(self) -> int:
        """Transitions that replay holds."""
        return max(1, round(self.capacity_share * self.steps))

    @property
    def rules(self) -> BuildingRules:
        """What the agent may do and what it sees."""
        return BuildingRules(self.action_limit, self.limit_terminates, self.sigma, history=False)
