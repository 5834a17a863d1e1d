"""Settings of P1's agent."""

from dataclasses import dataclass
from typing import ClassVar

from archwalk.agents.apex.agent import FirstTokenShape
from archwalk.environments.shaping import Shaping
from archwalk.environments.walks import WalkSettings
from archwalk.errors import UsageError
from archwalk.learning.exploration import per_worker_epsilon
from archwalk.strategies.checks import check_above_zero, check_at_least_one, check_q_learning, check_shares


@dataclass(frozen=True)
class ApexSettings:
    """Ape-X (Horgan et al., 2018) as P1 ran it on RLlib 1.13; the presets name the source of each value.

    `steps` are environment steps of all actors together. Each of `workers` actors walks in `environments`; what
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

    steps: int = 10_000_000
    workers: int = 8
    environments: int = 32
    neighbours: int = 50
    episode_limit: int = 16
    pay: str = "difference"
    alpha: float | None = 6.0
    reference: float = 1.0
    gamma: float = 0.9
    n_step: int = 3
    shards: int = 4
    capacity: int = 25_000
    per_alpha: float = 0.6
    per_beta: float = 0.4
    per_eps: float = 1e-6
    learning_starts: int = 50_000
    batch: int = 512
    training_intensity: float = 1.0
    fragment: int = 50
    block: int = 1_024
    sync_delay: int = 400
    target_every: int = 500_000
    learning_rate: float = 4e-5
    gradient_clip: float = 40.0
    epsilon_base: float = 0.4
    epsilon_alpha: float = 7.0
    width: int = 256
    encoder_layers: int = 3
    layers: int = 2
    heads: int = 4

    def __post_init__(self) -> None:
        check_at_least_one(
            self, "steps", "workers", "environments", "n_step", "shards", "capacity", "batch", "fragment", "block",
            "target_every", "width", "encoder_layers", "layers", "heads",
        )  # fmt: skip
        check_q_learning(self)
        check_shares(self, "per_alpha", "per_beta", "epsilon_base")
        check_above_zero(self, "per_eps", "training_intensity", "learning_rate", "gradient_clip")
        for name in ("learning_starts", "sync_delay", "epsilon_alpha"):
            if not getattr(self, name) >= 0:
                raise UsageError(f"{name} must be at least 0, not {getattr(self, name)}")
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

    @property
    def block_steps(self) -> int:
        """Steps of each environment in a block."""
        return self.fragment * -(-self.block // (self.fragment * self.environments))

    def epsilon(self, index: int) -> float:
        """What the actor of this index explores with."""
        return per_worker_epsilon(index, self.workers, self.epsilon_base, self.epsilon_alpha)

    def walk(self) -> WalkSettings:
        """The rules of training episodes."""
        return WalkSettings(
            self.neighbours, self.episode_limit, Shaping(self.alpha, self.reference), self.pay
        )

    def shape(self) -> FirstTokenShape:
        """That of the network."""
        return FirstTokenShape(self.neighbours, self.width, self.encoder_layers, self.layers, self.heads)
