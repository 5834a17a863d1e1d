"""Settings of ReMAADE and of the policies that Krishna et al. 2020 compares it with."""

from dataclasses import dataclass
from typing import Literal

from archwalk.strategies.checks import Count, CountOrZero, Discount, NotNegative, Positive, check_settings

PolicyName = Literal["maade", "made", "nade", "lstm", "independent"]
Objective = Literal["reinforce", "ppo", "ppo-standard"]


@dataclass(frozen=True)
class RemaadeSettings:
    """Krishna et al.'s symbols: `width` d, `blocks` M (of `maade`), `orders` S (0: a new order for every string, N!),
    `batch` B, `learning_rate` alpha, `clip` epsilon. `policy` is what the strings are drawn from: `maade` is Krishna
    et al.'s, the others are those that it is compared with. `families`: one embedding of values for all decisions of
    like size, or for all. `objective`, `epochs`, `optimiser`, `entropy` and `baseline_momentum` say how it learns
    (`learning/autoregressive/reinforce.py`).
    """

    policy: PolicyName = "maade"
    width: Count = 36
    blocks: Count = 1
    families: bool = True
    orders: CountOrZero = 1
    batch: Count = 30
    objective: Objective = "reinforce"
    epochs: Count = 1
    clip: Positive = 0.1
    learning_rate: Positive = 1e-2
    optimiser: Literal["adam", "sgd"] = "adam"
    baseline_momentum: Discount = 0.9
    entropy: NotNegative = 0.0

    def __post_init__(self) -> None:
        check_settings(self)
