"""What the tests of agents that build share: benchmarks over layers with smooth accuracies, and tiny settings."""

import numpy as np

from archwalk.agents.construction_dqn import ConstructionDQNSettings
from archwalk.agents.meta_rl import MetaRLSettings
from archwalk.estimators.base import Scores
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.table import TableEstimator
from archwalk.spaces.nsc import NSC, Chain, NSCSize
from archwalk.spaces.task import Task

TASK, SIZE = Task((1, 12, 12), 10), NSCSize(filters=2, dense=4)

META = MetaRLSettings(steps=60, later_steps=35, n_step=4, width=8)
DQN = ConstructionDQNSettings(steps=90, learning_starts=20, batch=8, target_every=5, width=8)


def chains(seed=0, depth=4):
    """All chains, with accuracies between 10 % and 95 % that the layers determine."""
    space = Chain(depth, TASK, SIZE)
    raw_N = space.feature_table @ np.random.default_rng(seed).normal(size=space.feature_count)
    reward_N = np.interp(raw_N, (raw_N.min(), raw_N.max()), (10, 95))
    return Benchmark(f"chains-{seed}", space, TableEstimator(accuracies(), reward_N, reward_N), {})


class Smooth:
    """Accuracies of any structure codes."""

    objective = accuracies()

    def __init__(self, space):
        self.space = space
        self.weights_F = np.random.default_rng(0).normal(size=space.feature_count) / 4

    def evaluate(self, codes_BL):
        reward_B = 100 / (1 + np.exp(-(self.space.features(codes_BL) @ self.weights_F)))
        return Scores(reward_B, reward_B, np.full(len(codes_BL), np.nan))


def branches(depth=4):
    """Networks with branches."""
    space = NSC(depth, "multi-branch", task=TASK, size=SIZE)
    return Benchmark("branches", space, Smooth(space), {})


def load_chains(words, seed):
    """As an entry of `BENCHMARKS`: `made-up:0`, `made-up:1`, each also with its objective."""
    return chains(int(words[0]) if words and words[0].isdigit() else 0)
