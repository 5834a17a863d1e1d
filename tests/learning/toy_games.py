"""A vector environment whose every number is known: images of one pixel, rewards by the action."""

import numpy as np
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode, VectorEnv


class Lights(VectorEnv):
    """A pixel is 0 or 1; the action that equals it pays `reward`, the other nothing.

    Episodes end after `length` steps: terminated, or truncated where `cut`; with `lives`, a game is over after so many
    of them. `final_obs` is all 9s, which no observation is.
    """

    def __init__(self, num_envs=4, length=5, reward=1.0, cut=False, lives=1):
        self.num_envs, self.length, self.reward, self.cut, self.lives = num_envs, length, reward, cut, lives
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}
        self.single_observation_space = Box(0, 1, (1, 1, 1), np.uint8)
        self.single_action_space = Discrete(2)

    def reset(self, *, seed=None, options=None):
        self.rng = np.random.default_rng(seed)
        self.age, self.lost = 0, 0
        return self._show(), {}

    def _show(self):
        self.pixel_N = self.rng.integers(0, 2, self.num_envs)
        return self.pixel_N.astype(np.uint8).reshape(-1, 1, 1, 1)

    def step(self, actions):
        reward_N = np.where(actions == self.pixel_N, self.reward, 0.0)
        self.age += 1
        done_N = np.full(self.num_envs, self.age % self.length == 0)
        info = {"final_obs": np.full((self.num_envs, 1, 1, 1), 9, np.uint8)} if done_N[0] else {}
        if self.lives > 1:
            self.lost += done_N[0]
            info["game_over"] = done_N & (self.lost % self.lives == 0)
        never_N = np.zeros(self.num_envs, bool)
        terminated_N, truncated_N = (never_N, done_N) if self.cut else (done_N, never_N)
        return self._show(), reward_N, terminated_N, truncated_N, info
