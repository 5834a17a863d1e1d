"""Settings of the planning agent for several goals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from archwalk.errors import UsageError
from archwalk.strategies.checks import Count, NotNegative, Positive, Share, check_settings


@dataclass(frozen=True)
class PreferencePlannerSettings:
    """`maximise` and `minimise` name metrics of the benchmark, two goals at least.

    `evaluations` architectures are evaluated in all, `initial` sampled ones first, then rounds of at most `round`, of
    which a share `random` is sampled. An ensemble of `members` networks a goal takes `first_updates` steps on the first
    ones, `updates` after every round. In the end walks are planned for each of `preferences` preferences, in which a
    step must gain `step_price` of the distance between the worst and the best of the front that is known, and a network
    is distilled from the plans by `distil_updates` steps of Adam on `distil_batch` architectures. `neighbours` is how
    many the agent is presented with.
    """

    length: ClassVar[str] = "evaluations"
    """See `ModelSettings`."""

    scaled: ClassVar[tuple[str, ...]] = ("initial",)

    maximise: tuple[str, ...] = ()
    minimise: tuple[str, ...] = ()
    evaluations: Count = 300
    initial: Count = 60
    round: Count = 20
    random: Share = 0.1
    members: Count = 4
    model_learning_rate: Positive = 2e-3
    weight_decay: NotNegative = 1e-3
    model_batch: Count = 64
    first_updates: Count = 600
    updates: Count = 200
    preferences: Count = 25
    step_price: Positive = 0.01
    neighbours: Count = 50
    width: Count = 128
    distil_updates: Count = 2_000
    distil_batch: Count = 1_024
    distil_learning_rate: Positive = 2e-3

    def __post_init__(self) -> None:
        check_settings(self)
        if self.initial > self.evaluations:
            raise UsageError(f"initial ({self.initial}) must not exceed evaluations ({self.evaluations})")
