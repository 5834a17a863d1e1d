from collections.abc import Callable

import numpy as np
import pytest
from torch import nn

from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.table import TableEstimator
from archwalk.spaces.base import EnumerableSpace
from archwalk.strategies.dqn.settings import DQNSettings
from archwalk.strategies.dqn.trainer import DQNTrainer


@pytest.fixture(scope="session")
def trained_network() -> Callable[[EnumerableSpace], nn.Module]:
    """Networks that have learned for a moment, one a space."""
    networks: dict[tuple[str, int], nn.Module] = {}
    settings = DQNSettings(
        steps=400, environments=8, neighbours=6, episode_limit=6, capacity=300, learning_starts=50, batch=16,
        calibration=8, width=16, heads=2,
    )  # fmt: skip

    def get(space: EnumerableSpace) -> nn.Module:
        key = (space.name, space.size)
        if key not in networks:
            reward_N = np.random.default_rng(0).uniform(50, 95, space.size)
            made_up = TableEstimator("validation", reward_N, reward_N)
            trainer = DQNTrainer(Benchmark("made-up", space, made_up, {}), settings, seed=0)
            for _ in trainer.run():
                pass
            networks[key] = trainer.learner.online
        return networks[key]

    return get
