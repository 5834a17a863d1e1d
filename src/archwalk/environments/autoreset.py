"""When a vector environment restarts what has ended: the modes of Gymnasium."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from archwalk.environments.observations import Observation, final_observations
from archwalk.errors import UsageError

Info = dict[str, Any]


def read_mode(mode: AutoresetMode | str) -> AutoresetMode:
    """The mode of that name or value. Raises UsageError where there is none."""
    for known in AutoresetMode:
        if mode in (known, known.name, known.value):
            return known
    names = ", ".join(known.name for known in AutoresetMode)
    raise UsageError(f"autoreset_mode must be one of {names}, not {mode!r}")


class Ended:
    """Which of B episodes have ended and were not restarted yet."""

    def __init__(self, mode: AutoresetMode, batch: int) -> None:
        self.mode = mode
        self.waiting_B = np.zeros(batch, bool)

    def check(self) -> None:
        """Raises ResetNeeded where somebody else is to restart them and has not."""
        if self.mode is AutoresetMode.DISABLED and self.waiting_B.any():
            rows = np.flatnonzero(self.waiting_B)[:5].tolist()
            raise gymnasium.error.ResetNeeded(
                f"environments {rows} have ended; call reset() with options={{'reset_mask': ...}} before step()"
            )

    def restarts(self, done_B: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which to restart after a step in which `done_B` ended: these, or those that ended in the step before."""
        if self.mode is AutoresetMode.SAME_STEP:
            return done_B
        waiting_B, self.waiting_B = self.waiting_B, done_B
        return waiting_B


def mark(info: Info, batch: int) -> Info:
    """The arrays (B, ...) of an info with their masks beside them, as Gymnasium's vector environments have them."""
    return info | {f"_{key}": np.ones(batch, bool) for key in info}


def final(observation: Observation, info: Info, done_B: NDArray[np.bool_]) -> Info:
    """What an info has, beside that of the restarted, of episodes that ended in the same step."""
    ends = {f"_{key}": done_B for key in info} | info
    return {
        "final_obs": final_observations(observation, done_B), "_final_obs": done_B,
        "final_info": ends, "_final_info": done_B,
    }  # fmt: skip
