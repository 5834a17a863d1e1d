"""MinAtar's Breakout and Freeway, many games side by side in one compiled step (Young and Tian, 2019).

Written anew from the games' rules; the `minatar` package itself plays one game at a time in Python. As there, an action
is replaced by the last one with probability 0.1, and only the actions that do something are offered.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from archwalk.errors import unknown
from archwalk.estimators.policies.games import breakout, freeway
from archwalk.jit import kernel, make_streams, random_unit

STICKY = 0.1
"""Probability with which an action is replaced by the last one."""
SIDE = 10
RULES = {"Breakout": breakout, "Freeway": freeway}
_BREAKOUT = 0
"""The number of Breakout in `RULES`."""

Planes = NDArray[np.uint8]


class MinAtarVectorEnv(VectorEnv[Planes, NDArray[np.int64], NDArray[Any]]):
    """`num_envs` games; observations (N, C, 10, 10) of zeros and ones. Raises UsageError for an unknown game.

    A game that is over begins anew in the same step; `info["final_obs"]` (N, C, 10, 10) then shows where it ended.
    Each game draws from a stream of its own, so that it does not hang on how many there are.
    """

    def __init__(self, game: str, num_envs: int, *, sticky: float = STICKY) -> None:
        if game not in RULES:
            raise unknown("game of MinAtar", game, RULES)
        self.game, self.num_envs, self.sticky = game, num_envs, sticky
        rules = RULES[game]
        self.number = list(RULES).index(game)
        shape = (len(rules.CHANNELS), SIDE, SIDE)
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}
        self.single_observation_space = Box(0, 1, shape, np.uint8)
        self.single_action_space = Discrete(len(rules.ACTIONS))
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.state_NS = np.zeros((num_envs, rules.WIDTH), np.int16)
        self.last_action_N = np.zeros(num_envs, np.int64)
        self.streams_N = make_streams(np.random.default_rng(), num_envs)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Planes, dict[str, Any]]:
        """Begin all games."""
        if seed is not None:
            self.streams_N = make_streams(np.random.default_rng(seed), self.num_envs)  # type: ignore[arg-type]
        observation = np.empty((self.num_envs, *self._shape), np.uint8)
        self.last_action_N[:] = 0
        _begin(self.number, self.state_NS, self.streams_N, observation)
        return observation, {}

    def step(
        self, actions: NDArray[np.int64]
    ) -> tuple[Planes, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """One step in every game."""
        number = self.num_envs
        observation = np.empty((number, *self._shape), np.uint8)
        final = np.empty_like(observation)
        reward_N, over_N = np.empty(number), np.empty(number, np.bool_)
        _step(
            self.number, self.state_NS, self.last_action_N, self.streams_N, actions, self.sticky,
            observation, final, reward_N, over_N,
        )  # fmt: skip
        info = {"final_obs": final, "_final_obs": over_N} if over_N.any() else {}
        return observation, reward_N, over_N, np.zeros(number, np.bool_), info

    @property
    def _shape(self) -> tuple[int, ...]:
        return self.single_observation_space.shape or ()

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return {
            "state": self.state_NS.copy(),
            "last_action": self.last_action_N.copy(),
            "streams": self.streams_N.view(np.int64).copy(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.state_NS = np.array(state["state"])
        self.last_action_N = np.array(state["last_action"])
        self.streams_N = np.array(state["streams"]).view(np.uint64)


@kernel
def _begin(game, state_NS, streams, observation_NCHW):  # type: ignore[no-untyped-def]
    for n in range(len(state_NS)):
        _begin_one(game, state_NS[n], streams, n)
        _draw(game, state_NS[n], observation_NCHW[n])


@kernel
def _step(  # type: ignore[no-untyped-def]
    game, state_NS, last_action_N, streams, action_N, sticky, observation_NCHW, final_NCHW, reward_N, over_N
):
    for n in range(len(state_NS)):
        state_S = state_NS[n]
        if random_unit(streams, n) >= sticky:
            last_action_N[n] = action_N[n]
        if game == _BREAKOUT:
            reward, over = breakout.act(state_S, last_action_N[n])
        else:
            reward, over = freeway.act(state_S, last_action_N[n], streams, n)
        reward_N[n], over_N[n] = reward, over
        _draw(game, state_S, observation_NCHW[n])
        if over:
            final_NCHW[n] = observation_NCHW[n]
            _begin_one(game, state_S, streams, n)
            _draw(game, state_S, observation_NCHW[n])
        else:
            final_NCHW[n] = 0


@kernel
def _begin_one(game, state_S, streams, n):  # type: ignore[no-untyped-def]
    if game == _BREAKOUT:
        breakout.begin(state_S, streams, n)
    else:
        freeway.begin(state_S, streams, n)


@kernel
def _draw(game, state_S, planes_CHW):  # type: ignore[no-untyped-def]
    if game == _BREAKOUT:
        breakout.draw(state_S, planes_CHW)
    else:
        freeway.draw(state_S, planes_CHW)
