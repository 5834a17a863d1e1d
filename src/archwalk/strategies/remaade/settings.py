"""Settings of ReMAADE and of the policies that P4 compares it with."""

from dataclasses import dataclass
from typing import Literal

from archwalk.errors import UsageError
from archwalk.strategies.checks import check_above_zero, check_at_least_one, check_words

PolicyName = Literal["maade", "made", "nade", "lstm", "independent"]
Objective = Literal["reinforce", "ppo", "ppo-standard"]


@dataclass(frozen=True)
class RemaadeSettings:
    """P4's symbols: `width` d, `blocks` M (of `maade`), `orders` S (0: a new order for every string, N!), `batch` B,
    `learning_rate` alpha, `clip` epsilon. `policy` is what the strings are drawn from: `maade` is P4's, the others are
    those that it is compared with. `families`: one embedding of values for all decisions of like size, or for all.
    `objective`, `epochs`, `optimiser`, `entropy` and `baseline_momentum` say how it learns
    (`learning/autoregressive/reinforce.py`).
    """

    policy: PolicyName = "maade"
    width: int = 36
    blocks: int = 1
    families: bool = True
    orders: int = 1
    batch: int = 30
    objective: Objective = "reinforce"
    epochs: int = 1
    clip: float = 0.1
    learning_rate: float = 1e-2
    optimiser: Literal["adam", "sgd"] = "adam"
    baseline_momentum: float = 0.9
    entropy: float = 0.0

    def __post_init__(self) -> None:
        check_words(self)
        check_at_least_one(self, "width", "blocks", "batch", "epochs")
        check_above_zero(self, "learning_rate", "clip")
        if self.orders < 0:
            raise UsageError(f"orders must not be negative (0 stands for all N!), not {self.orders}")
        if not 0 <= self.baseline_momentum < 1:
            raise UsageError(
                f"baseline_momentum must be at least 0 and below 1, not {self.baseline_momentum}"
            )
        if self.entropy < 0:
            raise UsageError(f"entropy must not be negative, not {self.entropy}")
