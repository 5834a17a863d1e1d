"""Settings of the learned agent."""

from dataclasses import dataclass
from typing import ClassVar

from archwalk.environments.shaping import Shaping
from archwalk.environments.walks import WalkSettings
from archwalk.strategies.checks import check_above_zero, check_at_least_one, check_q_learning, check_shares


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

    steps: int = 600_000
    environments: int = 256
    neighbours: int = 50
    episode_limit: int = 16
    pay: str = "final"
    alpha: float = 32.0
    reference: float | None = None
    calibration: int = 256
    gamma: float = 0.99
    n_step: int = 1
    capacity: int = 100_000
    learning_starts: int = 5_000
    batch: int = 256
    stop_share: float = 0.0
    updates: int = 1
    learning_rate: float = 5e-4
    learning_rate_end: float = 0.0
    target_every: int = 200
    epsilon_start: float = 1.0
    epsilon_end: float = 0.05
    epsilon_fraction: float = 0.4
    width: int = 64
    layers: int = 1
    heads: int = 4
    duelling: bool = True

    def __post_init__(self) -> None:
        check_at_least_one(
            self, "steps", "environments", "n_step", "capacity", "batch", "updates", "target_every", "width",
            "heads", "calibration",
        )  # fmt: skip
        check_q_learning(self)
        check_shares(self, "stop_share")
        check_above_zero(self, "learning_rate")
        self.walk(1.0)

    def walk(self, reference: float) -> WalkSettings:
        """The rules of training episodes, with the reference of their shaping."""
        return WalkSettings(self.neighbours, self.episode_limit, Shaping(self.alpha, reference), self.pay)
