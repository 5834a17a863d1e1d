"""Atari games by `ale_py`'s vector environment, with the standard preprocessing (Mnih et al., 2015).

Up to 30 no-ops at first, four frames an action and the brighter of the last two, 84 x 84 grey, four of them stacked.
The loss of a life ends an episode for learning, but the game goes on: `ale_py`'s own `episodic_life` would begin a new
game at every loss, so that a score would be that of a single life. Rewards are raw; who learns clips them.
"""

import hashlib
import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray

from archwalk.errors import DataError, MissingExtraError, unknown
from archwalk.estimators.policies.games.base import LOWEST, Game

_PREPROCESSING = "84x84 grey, 4 stacked, skip 4, no-ops 30, lives end episodes, 1"
"""A part of fingerprints: its number grows when scores change."""

_NEVER_NEGATIVE = ("breakout", "freeway")
"""Mazyavkina et al.'s games; of others we do not know it."""


def atari_game(title: str) -> Game:
    """The game of a title such as Breakout or MsPacman.

    Raises UsageError for an unknown title, MissingExtraError without `ale_py`, DataError where the ROM is missing.
    """
    try:
        import ale_py
        from ale_py import roms
        from ale_py.env import AtariEnv  # noqa: F401 - it registers what the vector environment needs
    except ImportError as error:
        raise MissingExtraError("ale-py", "rl") from error
    titles = {_title(rom): rom for rom in roms.get_all_rom_ids()}
    if title not in titles:
        raise unknown("game of Atari", title, titles)
    try:
        content = Path(str(roms.get_rom_path(titles[title]))).read_bytes()
    except OSError as error:
        raise DataError(
            f"the ROM of {title} is not there: ale_py {ale_py.__version__} brings it along; reinstall ale-py"
        ) from error
    digest = hashlib.sha256(content + f"{ale_py.__version__}; {_PREPROCESSING}".encode()).hexdigest()
    made = AtariGames(titles[title], 1)
    actions = int(made.single_action_space.n)
    made.close()
    lowest = 0.0 if titles[title] in _NEVER_NEGATIVE else LOWEST
    make = partial(AtariGames, titles[title])
    return Game(f"Atari-{title}", "atari", (4, 84, 84), actions, True, digest, lowest, make)


class AtariGames(VectorEnv[NDArray[np.uint8], NDArray[Any], NDArray[Any]]):
    """Games of one ROM, in one thread. Observations (N, 4, 84, 84) uint8; `info["game_over"]` says where scores end."""

    def __init__(self, rom: str, num_envs: int) -> None:
        from ale_py.vector_env import AtariVectorEnv

        self.inner = AtariVectorEnv(
            rom,
            num_envs,
            num_threads=1,
            autoreset_mode=AutoresetMode.SAME_STEP,
            reward_clipping=False,
            life_loss_info=True,
        )
        self.num_envs = num_envs
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}
        self.single_observation_space = self.inner.single_observation_space
        self.single_action_space: Any = self.inner.single_action_space
        self.observation_space, self.action_space = self.inner.observation_space, self.inner.action_space
        self._frames_N = np.zeros(num_envs, np.int64)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """Begin all games, each with a seed of its own."""
        seeds = None
        if seed is not None:
            words = np.random.SeedSequence(seed).generate_state(self.num_envs)  # type: ignore[arg-type]
            seeds = (words >> 1).astype(np.int32)
        observation, info = self.inner.reset(seed=seeds)
        self._frames_N = info["episode_frame_number"].copy()
        return observation, info

    def step(
        self, actions: NDArray[Any]
    ) -> tuple[NDArray[np.uint8], NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """One step in every game."""
        observation, reward_N, terminated_N, truncated_N, info = self.inner.step(actions)
        frames_N = info["episode_frame_number"]
        info["game_over"] = frames_N < self._frames_N  # counted anew: a new game has begun
        self._frames_N = frames_N.copy()
        return observation, reward_N, terminated_N, truncated_N, info

    def close_extras(self, **_: Any) -> None:
        """Close the emulators."""
        self.inner.close()


def _title(rom: str) -> str:
    """`ms_pacman` as MsPacman."""
    return re.sub(r"(?:^|_)(\w)", lambda found: found[1].upper(), rom)
