"""The vector environments as a `VecEnv` of Stable-Baselines3 (extra `sb3`), with which its algorithms train on them.

environments = SB3VecEnv(IncrementalVectorEnv("nas-bench-graph:cora", num_envs=64))
model = MaskablePPO("MultiInputPolicy", environments).learn(100_000)
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from archwalk.environments.observations import Observation
from archwalk.errors import UsageError

_ROWS = ("action_masks",)  # methods that give a row for each environment


class SB3VecEnv(VecEnv):  # type: ignore[misc] # SB3 has no types here
    """One of archwalk's vector environments, whose walks are restarted in the same step, as SB3 expects it.

    The infos of episodes that end have `terminal_observation`, `TimeLimit.truncated`, and `code` and `score` of where
    they ended.
    """

    def __init__(self, environments: VectorEnv[Any, Any, Any]) -> None:
        if environments.metadata.get("autoreset_mode") is not AutoresetMode.SAME_STEP:
            raise UsageError("Stable-Baselines3 needs walks that are restarted in the same step")
        self.environments = environments
        super().__init__(
            environments.num_envs, environments.single_observation_space, environments.single_action_space
        )
        self._actions = np.zeros(environments.num_envs, np.int64)

    def reset(self) -> Observation:
        """Start all anew, from the seeds of `seed` where it was called."""
        given = any(seed is not None for seed in self._seeds)
        observation, _ = self.environments.reset(seed=list(self._seeds) if given else None)  # type: ignore[arg-type]
        self._reset_seeds()
        self._reset_options()
        return observation  # type: ignore[no-any-return]

    def step_async(self, actions: NDArray[np.int64]) -> None:
        """Take the actions; `step_wait` acts."""
        self._actions = actions

    def step_wait(
        self,
    ) -> tuple[Observation, NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        """See `VecEnv`."""
        observation, reward_B, terminated_B, truncated_B, info = self.environments.step(self._actions)
        done_B = terminated_B | truncated_B
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for b in np.flatnonzero(done_B):
            ends = info.get("final_info", info)
            infos[b] = {
                "terminal_observation": info["final_obs"][b],
                "TimeLimit.truncated": bool(truncated_B[b] and not terminated_B[b]),
                "code": ends["code"][b],
                "score": float(ends["score"][b]),
            }
        return observation, reward_B.astype(np.float32), done_B, infos

    def close(self) -> None:
        """Close them."""
        self.environments.close()

    def get_attr(self, attr_name: str, indices: int | Iterable[int] | None = None) -> list[Any]:
        """The attribute that all have in common, one for each."""
        value = getattr(self.environments, attr_name)
        return [value for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: int | Iterable[int] | None = None) -> None:
        """Set what all have in common."""
        setattr(self.environments, attr_name, value)

    def env_method(
        self,
        method_name: str,
        *method_args: Any,
        indices: int | Iterable[int] | None = None,
        **method_kwargs: Any,
    ) -> list[Any]:
        """Call a method of the vector environment: `action_masks` gives each its row, others all the same."""
        found = getattr(self.environments, method_name)(*method_args, **method_kwargs)
        return [found[b] if method_name in _ROWS else found for b in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: Any, indices: int | Iterable[int] | None = None) -> list[bool]:
        """Never: wrap the vector environment before."""
        return [False for _ in self._get_indices(indices)]

    def get_images(self) -> Sequence[None]:
        """There are none."""
        return [None] * self.num_envs
