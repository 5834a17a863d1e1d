"""An actor that plays environments side by side by a network's policy, and what it brings home."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray
from torch import Tensor, nn

from archwalk.learning.episodes import EpisodeScores

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class ActorCritic(Protocol):
    """A module that gives logits (B, A) and values (B,) of observations (B, ...), float from 0 to 1."""

    def __call__(self, observations: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""


@dataclass(frozen=True)
class Rollout:
    """S consecutive steps of N environments.

    `cut_value_SN` is the value of where an episode was truncated (0 elsewhere), `last_value_N` that of the
    observation after the last step. Rewards are raw.
    """

    observation_SNX: NDArray[Any]
    action_SN: NDArray[np.int64]
    log_probability_SN: Floats
    value_SN: Floats
    reward_SN: Floats
    terminated_SN: Bools
    truncated_SN: Bools
    cut_value_SN: Floats
    last_value_N: Floats


class Actor:
    """Plays a `VectorEnv` of `AutoresetMode.SAME_STEP` with discrete actions, by whatever network it is handed.

    Draws by NumPy alone, seeded by `seed`, which seeds the environments too, each of them otherwise. An environment
    with `state_dict` goes on where it was after a resume, to the bit; others begin anew (their unfinished episodes do
    not count).
    """

    def __init__(self, env: VectorEnv[Any, Any, Any], seed: int, device: str = "cpu") -> None:
        if env.metadata.get("autoreset_mode") != AutoresetMode.SAME_STEP:
            raise ValueError("the environments must begin finished episodes anew in the same step")
        self.env, self.device = env, device
        draws, games = np.random.SeedSequence(seed).spawn(2)
        self.rng = np.random.default_rng(draws)
        self._games = np.random.default_rng(games)
        space: Any = env.single_observation_space
        self.scale = 1.0 / float(space.high.max())
        self.actions = int(env.single_action_space.n)  # type: ignore[attr-defined]
        self.scores = EpisodeScores(env.num_envs)
        self.steps = 0
        """Steps taken, over all environments."""
        self._begin()

    def _begin(self) -> None:
        self.observation, _ = self.env.reset(seed=int(self._games.integers(2**31)))
        self.scores.forget()

    def inputs(self, observation: NDArray[Any]) -> Tensor:
        """Observations as a network reads them."""
        made = torch.from_numpy(observation).to(self.device).float()
        return made if self.scale == 1.0 else made.mul_(self.scale)

    def play(self, network: nn.Module | ActorCritic, steps: int) -> Rollout:
        """Act for so many steps in every environment."""
        number, env = self.env.num_envs, self.env
        shape = (steps, number)
        observation_SNX = np.empty((*shape, *self.observation.shape[1:]), self.observation.dtype)
        logits_SNA = np.empty((*shape, self.actions), np.float32)
        value_SN, reward_SN, cut_value_SN = np.empty(shape), np.empty(shape), np.zeros(shape)
        terminated_SN, truncated_SN = np.empty(shape, np.bool_), np.empty(shape, np.bool_)
        noise_SNA = self.rng.gumbel(size=(*shape, self.actions))
        action_SN = np.empty(shape, np.int64)
        with torch.inference_mode():
            for s in range(steps):
                observation_SNX[s] = self.observation
                logits, value = network(self.inputs(self.observation))
                logits_SNA[s], value_SN[s] = logits.cpu().numpy(), value.cpu().numpy()
                action_SN[s] = (logits_SNA[s] + noise_SNA[s]).argmax(axis=1)
                self.observation, reward_SN[s], terminated_SN[s], truncated_SN[s], info = env.step(
                    action_SN[s]
                )
                if truncated_SN[s].any():
                    _, cut = network(self.inputs(np.asarray(info["final_obs"])))
                    cut_value_SN[s] = np.where(truncated_SN[s], cut.cpu().numpy(), 0.0)
                self.scores.add(reward_SN[s], info.get("game_over", terminated_SN[s] | truncated_SN[s]))
            _, last = network(self.inputs(self.observation))
        self.steps += steps * number
        log_SNA = _log_probabilities(logits_SNA.astype(np.float64))
        chosen_SN = np.take_along_axis(log_SNA, action_SN[..., None], axis=2)[..., 0]
        return Rollout(
            observation_SNX, action_SN, chosen_SN, value_SN, reward_SN, terminated_SN, truncated_SN,
            cut_value_SN, last.cpu().numpy().astype(np.float64),
        )  # fmt: skip

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on, as far as the environments give it away."""
        state = {
            "rng": self.rng.bit_generator.state,
            "games": self._games.bit_generator.state,
            "scores": self.scores.state_dict(),
            "steps": self.steps,
        }
        if hasattr(self.env, "state_dict"):
            state |= {"env": self.env.state_dict(), "observation": self.observation.copy()}
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.rng.bit_generator.state = state["rng"]
        self._games.bit_generator.state = state["games"]
        self.scores.load_state_dict(state["scores"])
        self.steps = int(state["steps"])
        if "env" in state and hasattr(self.env, "load_state_dict"):
            self.env.load_state_dict(state["env"])
            self.observation = np.array(state["observation"])
        else:
            self._begin()


def first_scores(
    env: VectorEnv[Any, Any, Any],
    network: nn.Module | ActorCritic,
    seed: int,
    limit: int,
    device: str = "cpu",
) -> tuple[Floats, int]:
    """Raw scores (N,) of the first episode of every environment, and the timesteps played.

    None counts twice, so that short episodes are not over-represented. What is not over after `limit` steps counts as
    it stands. The same seed gives the same games and the same draws.
    """
    actor = Actor(env, seed, device)
    score_N, open_N, steps = np.zeros(env.num_envs), np.ones(env.num_envs, np.bool_), 0
    with torch.inference_mode():
        while steps < limit and open_N.any():
            steps += 1
            logits, _ = network(actor.inputs(actor.observation))
            noise_NA = actor.rng.gumbel(size=(env.num_envs, actor.actions))
            action_N = (logits.cpu().numpy() + noise_NA).argmax(axis=1)
            actor.observation, reward_N, terminated_N, truncated_N, info = env.step(action_N)
            score_N += np.where(open_N, reward_N, 0.0)
            open_N &= ~info.get("game_over", terminated_N | truncated_N)
    return score_N, steps * env.num_envs


def _log_probabilities(logits: Floats) -> Floats:
    shifted: Floats = logits - logits.max(axis=-1, keepdims=True)
    logs: Floats = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return logs
