"""Train Stable-Baselines3's PPO on the incremental environment and compare it with random moves.

Needs the extra `sb3`: pip install 'archwalk[sb3]'. PPO here has no mask and no set encoder, so it is a demonstration
of the interface, not a strong searcher: for that, `archwalk train dqn`; with a mask, `sb3_maskable_ppo.py`.
"""

import argparse
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import torch
from stable_baselines3 import PPO

from archwalk.environments.incremental import (
    IncrementalVectorEnv,  # importing archwalk registers its environments
)
from archwalk.environments.sb3 import SB3VecEnv
from archwalk.environments.shaping import Shaping

ENVIRONMENT = "archwalk/Incremental-v0"
Choose = Callable[[dict[str, Any]], int]


def mean_gain(choose: Choose, settings: dict[str, Any], episodes: int) -> tuple[float, float]:
    """Mean validation accuracy gained by an episode of at most 32 steps, in points, and its standard error."""
    env = gymnasium.make(ENVIRONMENT, **settings | {"episode_limit": 32})
    gains = np.zeros(episodes)
    for episode in range(episodes):
        observation, _ = env.reset(seed=episode)
        done = False
        while not done:
            observation, reward, terminated, truncated, _ = env.step(choose(observation))
            gains[episode] += 100 * float(reward)
            done = terminated or truncated
    return float(gains.mean()), float(gains.std() / np.sqrt(episodes))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--benchmark", default="nas-bench-graph:cora")
    parser.add_argument("--steps", type=int, default=50_000)
    parser.add_argument("--episodes", type=int, default=200, help="of each evaluation")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(1)

    # Without shaping a move pays the difference in accuracy, so an episode's return is what it gained.
    settings = {"benchmark": options.benchmark, "shaping": Shaping(alpha=None)}
    environments = SB3VecEnv(IncrementalVectorEnv(num_envs=8, **settings))
    model = PPO("MultiInputPolicy", environments, n_steps=128, batch_size=256, gamma=0.9, seed=options.seed)
    model.learn(options.steps)

    rng = np.random.default_rng(options.seed)
    methods: dict[str, Choose] = {
        "random moves": lambda observation: int(rng.choice(np.flatnonzero(observation["mask"]))),
        f"PPO, {options.steps:,} steps": lambda observation: int(
            model.predict(observation, deterministic=True)[0]
        ),
    }
    for name, choose in methods.items():
        mean, error = mean_gain(choose, settings, options.episodes)
        print(f"{name:20} {mean:+.2f} +- {error:.2f} points of validation accuracy an episode")


if __name__ == "__main__":
    main()
