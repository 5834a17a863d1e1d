"""How an agent is trained: Mazyavkina et al. 2020, table 4, and less of it for MinAtar."""

from dataclasses import asdict, dataclass, field
from typing import Any

from archwalk.errors import UsageError
from archwalk.learning.ppo import PPOSettings


@dataclass(frozen=True)
class PolicySettings:
    """One agent's training from scratch.

    Raises UsageError where there is nothing to train on.
    """

    steps: int = 10_000_000
    """Timesteps over all environments (Mazyavkina et al. 2020, table 4), rounded up to whole updates."""
    ppo: PPOSettings = field(default_factory=PPOSettings)
    seconds_limit: float | None = None
    """Of processor time (on CUDA of the clock); an agent that needs more has no score. None: no limit."""
    memory_limit: int = 4096
    """Megabytes that a worker may allocate."""

    def __post_init__(self) -> None:
        for name in ("steps", "memory_limit"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} of a training must be above 0, not {getattr(self, name)}")
        for name in ("environments", "rollout", "epochs", "minibatches"):
            if getattr(self.ppo, name) < 1:
                raise UsageError(f"{name} of PPO must be at least 1, not {getattr(self.ppo, name)}")
        if self.ppo.batch < 2 * self.ppo.minibatches:
            raise UsageError("a minibatch of PPO has at least 2 timesteps: its advantages are normalised")
        if not self.ppo.learning_rate > 0:
            raise UsageError(f"learning_rate of PPO must be above 0, not {self.ppo.learning_rate}")
        if self.seconds_limit is not None and self.seconds_limit <= 0:
            raise UsageError(f"seconds_limit must be above 0, not {self.seconds_limit}")

    @property
    def updates(self) -> int:
        """Of PPO."""
        return -(-self.steps // self.ppo.batch)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)
