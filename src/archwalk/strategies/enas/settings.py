"""Settings of ENAS."""

from dataclasses import dataclass
from typing import Literal

from archwalk.strategies.checks import Count, CountOrZero, Discount, NotNegative, Positive, check_settings


@dataclass(frozen=True)
class ENASSettings:
    """Mazyavkina et al. 2020, table 5; what it leaves open is its code's, or ours.

    A child plays and learns for `child_rollouts` rollouts, then `children` of them make an update of the controller, an
    LSTM of `width` units. `baseline_momentum` is the share of the old baseline that stays. `steps` are timesteps of
    the supernet (0: as many as one training from scratch). In a space that is not numbered, `candidates` strings are
    drawn from the controller and ranked.

    `proxy`: the probability under the controller (Mazyavkina et al. 2020 5.3), or the mean score with inherited
    weights in `episodes` of at most `episode_steps` steps, as the first ENAS picks its network (Pham et al. 2018,
    section 2.3).
    """

    steps: CountOrZero = 0
    child_rollouts: Count = 10
    children: Count = 3
    width: Count = 64
    learning_rate: Positive = 1e-3
    epsilon: Positive = 1e-5
    entropy_weight: NotNegative = 1e-4
    baseline_momentum: Discount = 0.2
    gradient_clip: Positive = 0.5
    candidates: Count = 1000
    proxy: Literal["probability", "score"] = "probability"
    episodes: Count = 32
    episode_steps: Count = 5_000

    def __post_init__(self) -> None:
        check_settings(self)
