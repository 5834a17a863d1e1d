"""Any environment of Gymnasium that shows images and takes discrete actions.

Small images (at most 21 pixels a side) are shown as they are, their channels as planes. Larger ones become what Atari
games are: grey, 84 x 84 by means over areas, the last four stacked (without skipping frames).
"""

import hashlib
import re
from functools import partial
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from archwalk.errors import ArchwalkError, DataError, UsageError
from archwalk.estimators.policies.games.base import LOWEST, Game

SMALL = 21
"""The longest side of an image that is shown as it is."""
_SIDE, _STACK = 84, 4
_LUMINANCE = (0.299, 0.587, 0.114)
_ID = re.compile(r"(\w[\w.-]*:)?[^:]+")

Planes = NDArray[np.uint8]


def image_game(name: str) -> Game:
    """The environment of a Gymnasium id.

    Raises UsageError for an id that is unknown or an environment that is not supported, DataError where it cannot be
    made (a package is missing, or its own code fails).
    """
    if not _ID.fullmatch(name):
        raise UsageError(f"a Gymnasium id is Name-v0, or module:Name-v0 for one of a module, not {name!r}")
    try:
        env = gymnasium.make(name)
    except ArchwalkError:
        raise
    except gymnasium.error.DependencyNotInstalled as error:
        raise DataError(f"the environment {name} cannot be made: {_line(error)}") from error
    except (gymnasium.error.Error, ModuleNotFoundError) as error:
        raise UsageError(f"Gymnasium has no environment {name!r}: {_line(error)}") from error
    except Exception as error:  # its own code may raise anything
        raise DataError(f"the environment {name} cannot be made: {_line(error)}") from error
    observations, actions = env.observation_space, env.action_space
    env.close()
    supported = "supported are images of type uint8 or bool with discrete actions"
    if not isinstance(observations, Box) or len(observations.shape) not in (2, 3):
        raise UsageError(f"{name} observes {observations}, which are no images; {supported}")
    if observations.dtype not in (np.uint8, np.bool_):
        raise UsageError(f"{name} observes numbers of type {observations.dtype}; {supported}")
    if not isinstance(actions, Discrete):
        raise UsageError(f"{name} takes actions of {actions}, which are not discrete; {supported}")
    made = ImageGames(name, 1)
    planes = made.shape
    made.close()
    digest = hashlib.sha256(f"{name}; gymnasium {gymnasium.__version__}; 1".encode()).hexdigest()
    return Game(name, "images", planes, int(actions.n), False, digest, LOWEST, partial(ImageGames, name))


class ImageGames(VectorEnv[Planes, NDArray[Any], NDArray[Any]]):
    """Environments of one id in this process; observations are planes (N, C, H, W) uint8, actions count from 0."""

    def __init__(self, name: str, num_envs: int) -> None:
        self.inner = gymnasium.make_vec(
            name,
            num_envs,
            vectorization_mode="sync",
            vector_kwargs={"autoreset_mode": AutoresetMode.SAME_STEP},
        )
        self.num_envs = num_envs
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}
        inside: Any = self.inner.single_observation_space
        channels, height, width = _planes(np.zeros((1, *inside.shape), np.uint8)).shape[1:]
        self._small = max(height, width) <= SMALL
        self.shape = (channels, height, width) if self._small else (_STACK, _SIDE, _SIDE)
        high = 1 if inside.dtype == np.bool_ else int(inside.high.max())
        self.single_observation_space = Box(0, high, self.shape, np.uint8)
        actions: Any = self.inner.single_action_space
        self._first_action = int(actions.start)
        self.single_action_space = Discrete(int(actions.n))
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._stack_NSHW = np.zeros((num_envs, _STACK, _SIDE, _SIDE), np.uint8)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Planes, dict[str, Any]]:
        """Begin all episodes."""
        observation, info = self.inner.reset(seed=seed, options=options)  # type: ignore[arg-type]
        return self._begin(np.asarray(observation), np.ones(self.num_envs, np.bool_)), info

    def step(
        self, actions: NDArray[Any]
    ) -> tuple[Planes, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """One step in every environment."""
        observation, reward_N, terminated_N, truncated_N, info = self.inner.step(actions + self._first_action)
        done_N = terminated_N | truncated_N
        shown = np.array(observation)
        if done_N.any():
            last = shown.copy()
            for n in np.flatnonzero(done_N):
                last[n] = info["final_obs"][n]
            info["final_obs"] = self._push(last)
            return self._begin(shown, done_N), reward_N, terminated_N, truncated_N, info
        return self._push(shown), reward_N, terminated_N, truncated_N, info

    def close_extras(self, **_: Any) -> None:
        """Close the environments."""
        self.inner.close()

    def _begin(self, observation: NDArray[Any], new_N: NDArray[np.bool_]) -> Planes:
        """What is seen where some episodes are new."""
        if self._small:
            return _planes(observation)
        self._stack_NSHW[new_N] = _shrink(observation[new_N])[:, None]
        return self._stack_NSHW.copy()

    def _push(self, observation: NDArray[Any]) -> Planes:
        """What is seen where all episodes go on."""
        if self._small:
            return _planes(observation)
        self._stack_NSHW = np.roll(self._stack_NSHW, -1, axis=1)
        self._stack_NSHW[:, -1] = _shrink(observation)
        return self._stack_NSHW.copy()


def _planes(images: NDArray[Any]) -> Planes:
    """Images (N, H, W), (N, H, W, C) or (N, C, H, W) as planes (N, C, H, W) uint8."""
    if images.ndim == 3:
        images = images[:, None]
    elif images.shape[3] <= images.shape[1]:
        images = np.moveaxis(images, 3, 1)
    return np.ascontiguousarray(images).astype(np.uint8)


def _shrink(images: NDArray[Any]) -> Planes:
    """Grey images (N, 84, 84)."""
    planes = torch.from_numpy(_planes(images)).float()
    if planes.shape[1] == 3:
        planes = (planes * torch.tensor(_LUMINANCE)[:, None, None]).sum(1, keepdim=True)
    else:
        planes = planes.mean(1, keepdim=True)
    small = torch.nn.functional.interpolate(planes, (_SIDE, _SIDE), mode="area")[:, 0]
    grey: Planes = small.round().byte().numpy()
    return grey


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
