"""Settings of ENAS."""

from dataclasses import dataclass
from typing import Literal

from archwalk.errors import UsageError
from archwalk.strategies.checks import check_above_zero, check_at_least_one, check_words


@dataclass(frozen=True)
class ENASSettings:
    """P2 table 5; what it leaves open is its code's, or ours.

    A child plays and learns for `child_rollouts` rollouts, then `children` of them make an update of the controller, an
    LSTM of `width` units. `baseline_momentum` is the share of the old baseline that stays. `steps` are timesteps of
    the supernet (0: as many as one training from scratch). In a space that is not numbered, `candidates` strings are
    drawn from the controller and ranked.

    `proxy`: the probability under the controller (P2 5.3), or the mean score with inherited weights in `episodes` of at
    most `episode_steps` steps, as the first ENAS picks its network (Pham et al. 2018, section 2.3).
    """

    steps: int = 0
    child_rollouts: int = 10
    children: int = 3
    width: int = 64
    learning_rate: float = 1e-3
    epsilon: float = 1e-5
    entropy_weight: float = 1e-4
    baseline_momentum: float = 0.2
    gradient_clip: float = 0.5
    candidates: int = 1000
    proxy: Literal["probability", "score"] = "probability"
    episodes: int = 32
    episode_steps: int = 5_000

    def __post_init__(self) -> None:
        check_words(self)
        check_at_least_one(
            self, "child_rollouts", "children", "width", "candidates", "episodes", "episode_steps"
        )
        check_above_zero(self, "learning_rate", "epsilon", "gradient_clip")
        if self.steps < 0:
            raise UsageError(
                f"steps must not be negative (0: as one training from scratch), not {self.steps}"
            )
        if not 0 <= self.baseline_momentum < 1:
            raise UsageError(
                f"baseline_momentum must be at least 0 and below 1, not {self.baseline_momentum}"
            )
        if self.entropy_weight < 0:
            raise UsageError(f"entropy_weight must not be negative, not {self.entropy_weight}")
