"""Settings of Cassimon et al.'s agent."""

from dataclasses import dataclass
from typing import ClassVar

from archwalk.agents.apex.agent import FirstTokenShape
from archwalk.environments.shaping import Shaping
from archwalk.environments.walks import WalkSettings
from archwalk.errors import UsageError
from archwalk.learning.exploration import per_worker_epsilon
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
class ApexSettings:
    """Ape-X (Horgan et al., 2018) as Cassimon et al. 2024 ran it on RLlib 1.13; the presets name the source of each
    value.

    `steps` are environment steps of all actors together. Each of `actors` walks in `environments`; what
    it hands over at once, a block, is as many rollout fragments (of `fragment` steps of each environment) as give
    `block` transitions. `capacity` is that of all `shards` of the replay together. Learning begins after
    `learning_starts` steps, which like RLlib counts what was added to the replay, so it may exceed the capacity;
    from then on `training_intensity` transitions are trained on, in batches of `batch`, for each step that is
    taken. The target network follows every `target_every` transitions that were trained on. Actors get weights
    after a block if they have taken `sync_delay` steps since the last time. `neighbours` and `episode_limit` are
    those of `WalkSettings`, `alpha` and `reference` those of `Shaping`.
    """

    length: ClassVar[str] = "steps"
    """The setting that says how long training is."""

    scaled: ClassVar[tuple[str, ...]] = ("learning_starts", "target_every")
    """What is counted in its unit, so that a shorter training needs less of it."""

    steps: Count = 10_000_000
    actors: Count = 8
    environments: Count = 32
    neighbours: int = 50
    episode_limit: int = 16
    pay: str = "difference"
    alpha: float | None = 6.0
    reference: float = 1.0
    gamma: Discount = 0.9
    n_step: Count = 3
    shards: Count = 4
    capacity: Count = 25_000
    per_alpha: Share = 0.6
    per_beta: Share = 0.4
    per_eps: Positive = 1e-6
    learning_starts: CountOrZero = 50_000
    batch: Count = 512
    training_intensity: Positive = 1.0
    fragment: Count = 50
    block: Count = 1_024
    sync_delay: CountOrZero = 400
    target_every: Count = 500_000
    learning_rate: Positive = 4e-5
    gradient_clip: Positive = 40.0
    epsilon_base: Share = 0.4
    epsilon_alpha: NotNegative = 7.0
    width: Count = 256
    encoder_layers: Count = 3
    layers: Count = 2
    heads: Count = 4

    def __post_init__(self) -> None:
        check_settings(self)
        check_heads(self)
        self._check_that_it_learns()
        self.walk()

    def _check_that_it_learns(self) -> None:
        if self.capacity < self.shards:
            raise UsageError(f"capacity {self.capacity} must be at least 1 for each of {self.shards} shards")
        if self.updates_after(self.steps) < 1:
            raise UsageError(
                f"nothing would be learned: {self.steps} steps leave no batch of {self.batch} after the "
                f"{self.learning_starts} before learning_starts; lower learning_starts"
            )

    def updates_after(self, steps: int) -> int:
        """How many updates are due after so many steps."""
        return int(self.training_intensity * max(0, steps - self.learning_starts) / self.batch)

    def unused(self) -> str:
        """What of the algorithm would never happen in so short a training."""
        return say_unused_target(self.updates_after(self.steps), self.target_updates, self.steps)

    @property
    def target_updates(self) -> int:
        """After how many updates the target network follows."""
        return -(-self.target_every // self.batch)

    @property
    def block_steps(self) -> int:
        """Steps of each environment in a block."""
        return self.fragment * -(-self.block // (self.fragment * self.environments))

    def epsilon(self, index: int) -> float:
        """What the actor of this index explores with."""
        return per_worker_epsilon(index, self.actors, self.epsilon_base, self.epsilon_alpha)

    def walk(self) -> WalkSettings:
        """The rules of training episodes."""
        return WalkSettings(
            self.neighbours, self.episode_limit, Shaping(self.alpha, self.reference), self.pay
        )

    def shape(self) -> FirstTokenShape:
        """That of the network."""
        return FirstTokenShape(self.neighbours, self.width, self.encoder_layers, self.layers, self.heads)
