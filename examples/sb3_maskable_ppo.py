"""Train sb3-contrib's MaskablePPO on many walks side by side, and compare it with searchers, as an agent of archwalk.

Needs the extra `sb3`: pip install 'archwalk[sb3]'.
"""

import argparse
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sb3_contrib import MaskablePPO

import archwalk
from archwalk.agents.base import Paid
from archwalk.agents.external import ExternalAgent
from archwalk.environments.incremental import IncrementalVectorEnv
from archwalk.environments.sb3 import SB3VecEnv

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--benchmark", default="nas-bench-graph:cora")
parser.add_argument("--steps", type=int, default=50_000)
parser.add_argument("--budget", type=int, default=50)
parser.add_argument("--trials", type=int, default=20)
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()
torch.set_num_threads(1)

walks = IncrementalVectorEnv(options.benchmark, num_envs=64)
model = MaskablePPO(
    "MultiInputPolicy", SB3VecEnv(walks), n_steps=32, batch_size=512, gamma=0.9, seed=options.seed
)
model.learn(options.steps)


def maskable_ppo(observation: dict[str, NDArray[Any]]) -> NDArray[np.int64]:
    """Actions for many observations."""
    actions: NDArray[np.int64]
    actions, _ = model.predict(observation, deterministic=True, action_masks=observation["mask"] == 1)
    return actions


paid = Paid(walks.ledger.queries, walks.ledger.unique)
agent = ExternalAgent(walks.benchmark.space, maskable_ppo, paid=paid)
result = archwalk.compare(
    [agent, "random-walk", "local-search"], options.benchmark, budget=options.budget, trials=options.trials
)
for name, strategy in result.record.strategies.items():
    after = strategy.best_after[options.budget]
    print(
        f"{name:14} {after.mean:.2f} after {options.budget} queries, {strategy.training_queries:,} in training"
    )
