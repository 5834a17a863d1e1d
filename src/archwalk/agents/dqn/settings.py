"""Settings of the learned agent."""

from dataclasses import dataclass
from typing import ClassVar

from archwalk.environments.shaping import Shaping
from archwalk.environments.walks import WalkSettings
from archwalk.strategies.checks import (
    Count,
    CountOrZero,
    Discount,
    NotNegative,
    Positive,
    Share,
    check_heads,
    check_settings,
    say_unused_target,
)


@dataclass(frozen=True)
class DQNSettings:
    """Double DQN with a duelling pointer head over the incremental environment.

    `steps` are environment steps over all `environments` together; `updates` gradient steps of `batch`
    transitions follow every step of all environments. `target_every` counts updates. At least `stop_share`
    of a batch are transitions that stopped. Epsilon falls linearly over the first `epsilon_fraction` of the
    steps, the learning rate over all of them. `layers` = 0 leaves attention out: the advantage of a move then
    depends only on where it lands. The walk's rules are `WalkSettings`'. `reference` is that of the shaping;
    None takes the median of `calibration` sampled architectures, which training pays for, so that shaped
    accuracies begin near 1 on any benchmark.
    """

    length: ClassVar[str] = "steps"
    """The setting that says how long training is."""

    scaled: ClassVar[tuple[str, ...]] = ("learning_starts", "target_every")
    """What is counted in its unit, or in updates, so that a shorter training needs less of it."""

    steps: Count = 600_000
    environments: Count = 256
    neighbours: int = 50
    episode_limit: int = 16
    pay: str = "final"
    alpha: float | None = 32.0
    reference: float | None = None
    calibration: Count = 256
    gamma: Discount = 0.99
    n_step: Count = 1
    capacity: Count = 100_000
    learning_starts: CountOrZero = 5_000
    batch: Count = 256
    stop_share: Share = 0.0
    updates: Count = 1
    learning_rate: Positive = 5e-4
    learning_rate_end: NotNegative = 0.0
    target_every: Count = 200
    epsilon_start: Share = 1.0
    epsilon_end: Share = 0.05
    epsilon_fraction: Share = 0.4
    width: Count = 64
    layers: CountOrZero = 1
    heads: Count = 4
    duelling: bool = True

    def __post_init__(self) -> None:
        check_settings(self)
        check_heads(self)
        self.walk(1.0)

    def unused(self) -> str:
        """What of the algorithm would never happen in so short a training."""
        rounds, before = (-(-steps // self.environments) for steps in (self.steps, self.learning_starts))
        updates = self.updates * (rounds - max(1, before) + 1 - (self.n_step - 1))
        return say_unused_target(updates, self.target_every, self.steps)

    def walk(self, reference: float) -> WalkSettings:
        """The rules of training episodes, with the reference of their shaping."""
        return WalkSettings(self.neighbours, self.episode_limit, Shaping(self.alpha, reference), self.pay)
