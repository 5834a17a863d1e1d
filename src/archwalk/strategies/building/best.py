"""The best episode of a trial, shown to the agent as a hint: what it did at this step (ours)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Floats

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NONE = -1
_ARRAYS = ("best_BT", "mean_B", "top_B", "now_BT", "sum_B", "step_B", "followed_B")


class BestEpisode:
    """In each of B environments the actions of the episode whose mean reward an action is the highest of the trial.

    T is the most actions of an episode. Of equally good ones the first stays. `top_B` is the highest reward of an
    action.
    """

    def __init__(self, batch: int, actions: int, limit: int) -> None:
        self.actions = actions
        self.best_BT, self.now_BT = (np.full((batch, limit), NONE) for _ in range(2))
        self.mean_B, self.top_B, self.sum_B = (np.zeros(batch) for _ in range(3))
        self.step_B = np.zeros(batch, np.int64)
        self.followed_B = np.ones(batch, bool)

    @staticmethod
    def width(actions: int) -> int:
        """How many numbers a hint has."""
        return actions + 2

    def begin(self) -> None:
        """A trial begins."""
        self.best_BT[:], self.mean_B[:], self.top_B[:] = NONE, 0, 0
        self.restart(np.ones(len(self.mean_B), bool))

    def restart(self, rows_B: Bools) -> None:
        """Episodes begin in these environments."""
        self.now_BT[rows_B], self.sum_B[rows_B], self.step_B[rows_B] = NONE, 0, 0
        self.followed_B[rows_B] = True

    def add(self, action_B: Ints, reward_B: Floats, done_B: Bools) -> None:
        """Enter a step, before the environments that are done begin anew."""
        every = np.arange(len(action_B))
        self.followed_B &= self.best_BT[every, self.step_B] == action_B
        self.now_BT[every, self.step_B] = action_B
        self.sum_B += reward_B
        self.top_B = np.maximum(self.top_B, reward_B)
        self.step_B += 1
        better_B = done_B & (self.sum_B > self.mean_B * self.step_B)
        self.best_BT[better_B] = self.now_BT[better_B]
        self.mean_B[better_B] = (self.sum_B / self.step_B)[better_B]

    def hint(self, relative: bool = False) -> NDArray[np.float32]:
        """(B, A + 2): the action of the best episode at this step, one-hot, if all before it were the same; that
        episode's mean reward, perhaps `relative`; and whether they were.
        """
        at_B = np.minimum(self.step_B, self.best_BT.shape[1] - 1)
        action_B = np.where(self.followed_B, self.best_BT[np.arange(len(at_B)), at_B], NONE)
        mean_B1 = self.mean_B[:, None]
        return np.concatenate(
            [
                action_B[:, None] == np.arange(self.actions),
                self.relative(mean_B1) if relative else mean_B1,
                self.followed_B[:, None],
            ],
            axis=1,
            dtype=np.float32,
        )

    def relative(self, reward_B1: NDArray[Any]) -> NDArray[Any]:
        """Rewards (B, 1) as shares of the highest of the trial so far; 0 where there is none."""
        top_B1 = self.top_B[:, None]
        shares_B1 = np.zeros_like(reward_B1)
        np.divide(reward_B1, top_B1, out=shares_B1, where=top_B1 > 0)
        return shares_B1

    def state_dict(self) -> dict[str, Any]:
        """Everything."""
        return {name: getattr(self, name).copy() for name in _ARRAYS}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        for name in _ARRAYS:
            setattr(self, name, np.array(state[name]))
