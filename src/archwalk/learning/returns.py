"""n-step returns with terminations and truncations kept apart (partial-episode bootstrapping)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.learning.replay import Batch

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class NStepReturns:
    """Turns steps of B environments into n-step transitions.

    A transition is (observation, action, R, next observation, discount): R sums up to n discounted rewards;
    discount is gamma to the number of them, or 0 where the episode terminated. A truncated episode keeps its
    discount: its value is bootstrapped from where it was cut (Pardo et al., 2018). Windows that an episode's
    end shortens are given out shortened.
    """

    def __init__(self, n: int, gamma: float) -> None:
        if n < 1:
            raise ValueError(f"n-step returns need n >= 1, not {n}")
        self.n = n
        self.gamma = gamma
        self.windows: list[Batch] = []

    def push(
        self,
        observation: Batch,
        action_B: NDArray[Any],
        reward_B: Floats,
        next_observation: Batch,
        terminated_B: Bools,
        truncated_B: Bools,
    ) -> Batch | None:
        """Take one step; return the transitions that it completes, oldest windows first, or None.

        `observation` and `next_observation` hold arrays of first dimension B; the next observation of a
        finished episode is where it ended, not where the new one begins.
        """
        batch = len(action_B)
        self.windows.append(
            {
                **{f"observation.{k}": v for k, v in observation.items()},
                "action": np.asarray(action_B),
                "return": np.zeros(batch, np.float64),
                "age": np.zeros(batch, np.int64),
                "open": np.ones(batch, np.bool_),
            }
        )
        done_B = terminated_B | truncated_B
        complete = []
        for window in self.windows:
            window["return"] = window["return"] + self.gamma ** window["age"] * reward_B * window["open"]
            window["age"] = window["age"] + 1
            ready_B = window["open"] & (done_B | (window["age"] == self.n))
            window["open"] = window["open"] & ~ready_B
            if ready_B.any():
                complete.append(self._transitions(window, ready_B, next_observation, terminated_B))
        self.windows = [window for window in self.windows if window["open"].any()]
        if not complete:
            return None
        return {name: np.concatenate([part[name] for part in complete]) for name in complete[0]}

    def _transitions(
        self, window: Batch, ready_B: Bools, next_observation: Batch, terminated_B: Bools
    ) -> Batch:
        discount_B = np.where(terminated_B, 0.0, self.gamma ** window["age"])
        return {
            **{k: v[ready_B] for k, v in window.items() if k.startswith("observation.")},
            "action": window["action"][ready_B],
            "return": window["return"][ready_B].astype(np.float32),
            **{f"next.{k}": v[ready_B] for k, v in next_observation.items()},
            "discount": discount_B[ready_B].astype(np.float32),
        }

    def state_dict(self) -> dict[str, Any]:
        """The open windows."""
        return {f"{i}.{k}": v for i, window in enumerate(self.windows) for k, v in window.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.windows = []
        for key, value in sorted(state.items(), key=lambda item: int(item[0].split(".")[0])):
            index, name = key.split(".", 1)
            if int(index) == len(self.windows):
                self.windows.append({})
            self.windows[int(index)][name] = value


def segment_returns(
    reward_SB: Floats,
    terminated_SB: Bools,
    truncated_SB: Bools,
    cut_value_SB: Floats,
    last_value_B: Floats,
    gamma: float,
) -> Floats:
    """Returns (S, B) of S consecutive steps: rewards to the segment's end, and the value of what follows it.

    Where an episode terminated nothing follows. Where it was truncated, what follows is `cut_value_SB`, the value of
    the observation in which it was cut off, which is not the one that the next step acts on. `last_value_B` is that
    of the observation after the segment.
    """
    return_SB = np.empty_like(reward_SB)
    following_B = last_value_B
    for s in reversed(range(len(reward_SB))):
        ahead_B = np.where(truncated_SB[s], cut_value_SB[s], following_B)
        return_SB[s] = reward_SB[s] + gamma * np.where(terminated_SB[s], 0.0, ahead_B)
        following_B = return_SB[s]
    return return_SB


def generalised_advantages(
    reward_SB: Floats,
    value_SB: Floats,
    terminated_SB: Bools,
    truncated_SB: Bools,
    cut_value_SB: Floats,
    last_value_B: Floats,
    gamma: float,
    decay: float,
) -> Floats:
    """Generalised advantages (S, B) of S consecutive steps (Schulman et al., 2016); `decay` is lambda.

    `value_SB` are the values of what was acted on, the rest is that of `segment_returns`, whose returns less the
    values are the advantages of decay 1.
    """
    advantage_SB = np.empty_like(reward_SB)
    ahead_SB = np.concatenate([value_SB[1:], last_value_B[None]])
    ahead_SB = np.where(terminated_SB, 0.0, np.where(truncated_SB, cut_value_SB, ahead_SB))
    error_SB = reward_SB + gamma * ahead_SB - value_SB
    keep_SB = gamma * decay * ~(terminated_SB | truncated_SB)
    following_B = np.zeros_like(last_value_B)
    for s in reversed(range(len(reward_SB))):
        following_B = error_SB[s] + keep_SB[s] * following_B
        advantage_SB[s] = following_B
    return advantage_SB
