"""What walks are rewarded by: the paper's rule and ours, and those of plug-ins."""

from collections.abc import Callable
from dataclasses import dataclass

from archwalk.estimators.base import Floats
from archwalk.registry import Registry


@dataclass(frozen=True)
class WalkReward:
    """A rule of rewards. Both arguments of `rule` are shaped (B,): what the walk was paid for before, and is now.

    With `every_move` each move is evaluated and rewarded, and the limit truncates an episode; else the architecture
    where it ends, alone, which costs one evaluation, and the limit terminates like a stop.
    """

    every_move: bool
    rule: Callable[[Floats, Floats], Floats]


def _gain(before_B: Floats, after_B: Floats) -> Floats:
    return after_B - before_B


def _worth(before_B: Floats, after_B: Floats) -> Floats:
    return after_B


DIFFERENCE = WalkReward(True, _gain)
"""shaped(new) - shaped(old) for every move (Cassimon et al. 2024, section 3.2.2)."""

FINAL = WalkReward(False, _worth)
"""shaped(last architecture), once (ours)."""

REWARDS: Registry[WalkReward] = Registry(
    "reward of walks",
    "archwalk.rewards",
    {
        "difference": "archwalk.environments.rewards:DIFFERENCE",
        "final": "archwalk.environments.rewards:FINAL",
    },
)
"""By the names that the setting `pay` takes."""
