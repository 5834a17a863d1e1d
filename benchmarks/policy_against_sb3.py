"""Our PPO against Stable-Baselines3's on MinAtar: the same network, first weights, settings and length, seed by seed.

Prints the mean raw score of the last 100 episodes and timesteps a second of processor time. Needs stable-baselines3.
"""

import argparse
import math
import time
from typing import Any

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import PPO
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.vec_env import DummyVecEnv, VecMonitor
from torch import Tensor

from archwalk.estimators.policies.benchmark import declaration_for, settings_for
from archwalk.estimators.policies.games import Game, find_game
from archwalk.estimators.policies.settings import PolicySettings
from archwalk.estimators.policies.training import PolicyTraining
from archwalk.learning.episodes import WINDOW
from archwalk.spaces.policy_cnn.network import Head
from archwalk.spaces.policy_cnn.numbered import NumberedPolicyCNN, numbered
from archwalk.spaces.task import ACTOR_CRITIC, Task


class OneGame(gymnasium.Env[NDArray[Any], int]):
    """One environment of a game, for SB3, which wants them one by one; its pixels are 0 to 255 in name only."""

    def __init__(self, game: Game) -> None:
        self.vector = game.make(1)
        shape = self.vector.single_observation_space.shape
        self.observation_space = gymnasium.spaces.Box(0, 255, shape, np.uint8)
        self.action_space = self.vector.single_action_space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        observation, _ = self.vector.reset(seed=seed)
        return observation[0], {}

    def step(self, action: int) -> tuple[NDArray[Any], float, bool, bool, dict[str, Any]]:
        observation, reward, over, cut, info = self.vector.step(np.array([action]))
        seen = info["final_obs"] if over[0] or cut[0] else observation
        return seen[0], float(reward[0]), bool(over[0]), bool(cut[0]), {}


class Extractor(BaseFeaturesExtractor):  # type: ignore[misc] # SB3 is not typed for us
    """All of our network but its two heads, which SB3 adds."""

    def __init__(
        self, observations: gymnasium.spaces.Box, space: NumberedPolicyCNN, code_L: NDArray[np.int32]
    ) -> None:
        network = space.build(code_L, Task(observations.shape, 2, ACTOR_CRITIC))
        assert isinstance(network.head, Head)
        super().__init__(observations, network.head.dense.out_features)
        self.stem, self.blocks, self.dense = network.stem, network.blocks, network.head.dense

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return torch.relu(self.dense(x.flatten(1)))


def theirs(
    space: NumberedPolicyCNN, code_L: NDArray[np.int32], game: Game, settings: PolicySettings, seed: int
) -> float:
    """The mean of the last 100 episodes of SB3's agent."""
    ppo = settings.ppo
    env = VecMonitor(DummyVecEnv([lambda: OneGame(game)] * ppo.environments))
    model = PPO(
        "CnnPolicy", env, n_steps=ppo.rollout, batch_size=ppo.batch // ppo.minibatches, n_epochs=ppo.epochs,
        learning_rate=lambda left: ppo.learning_rate * 0.5 * (1 + math.cos(math.pi * (1 - left))),
        gamma=ppo.gamma, gae_lambda=ppo.gae_decay, clip_range=ppo.clip, clip_range_vf=ppo.clip,
        ent_coef=ppo.entropy_weight, vf_coef=ppo.value_weight, max_grad_norm=ppo.gradient_clip, seed=seed,
        device="cpu", stats_window_size=WINDOW,
        policy_kwargs={
            "features_extractor_class": Extractor,
            "features_extractor_kwargs": {"space": space, "code_L": code_L},
            "net_arch": [], "normalize_images": False, "optimizer_kwargs": {"eps": ppo.epsilon},
        },
    )  # fmt: skip
    model.learn(settings.steps)
    return float(np.mean([episode["r"] for episode in model.ep_info_buffer]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--game", default="MinAtar-Breakout")
    parser.add_argument("--space", default="space-1")
    parser.add_argument("--kernels", default="4,3", help="of the choice blocks (default: the Nature CNN's)")
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options = parser.parse_args()
    torch.set_num_threads(1)
    game = find_game(options.game)
    space, settings = (
        numbered(declaration_for(game, options.space)),
        settings_for(game, options.space, options.steps),
    )
    layers = [
        {"kernel_size": int(k), "channels": space.declaration.channels} for k in options.kernels.split(",")
    ]
    code_L = space.parse({"convolutions": layers})
    scores: dict[str, list[float]] = {"archwalk": [], "stable-baselines3": []}
    for seed in options.seeds:
        for name, found in scores.items():
            began = time.process_time()
            if name == "archwalk":
                found.append(PolicyTraining(space, game, settings, "cpu").run(code_L, {}, seed).validation)
            else:
                found.append(theirs(space, code_L, game, settings, seed))
            rate = settings.steps / (time.process_time() - began)
            print(
                f"{game.name} {settings.steps:,} seed {seed} {name}: {found[-1]:.2f}, {rate:,.0f} timesteps/s",
                flush=True,
            )
    for name, found in scores.items():
        print(f"{name}: {np.mean(found):.2f} in the mean of {len(found)} seeds")


if __name__ == "__main__":
    main()
