"""A reward for walks: moves that make things worse cost twice what others bring."""

import numpy as np

from archwalk.environments.rewards import WalkReward
from archwalk.estimators.base import Floats


def careful(before_B: Floats, after_B: Floats) -> Floats:
    """Shaped rewards (B,) before and after the move, as a reward (B,)."""
    gain_B = after_B - before_B
    return np.where(gain_B < 0, 2 * gain_B, gain_B)


CAREFUL = WalkReward(every_move=True, rule=careful)
