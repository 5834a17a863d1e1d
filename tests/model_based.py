"""What the tests of the model-based agents share."""

import numpy as np
import torch

from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.metrics import accuracies
from archwalk.estimators.table import TableEstimator


def smooth_benchmark(space):
    """Accuracies that the features determine, between 70 % and 95 %."""
    weights = np.random.default_rng(0).normal(size=space.feature_count)
    raw_N = space.feature_table @ weights
    reward_N = np.interp(raw_N, (raw_N.min(), raw_N.max()), (70, 95))
    return Benchmark("smooth", space, TableEstimator(accuracies(), reward_N, reward_N), {})


def assert_same_network(one, other):
    others = other.network.state_dict()
    for name, tensor in one.network.state_dict().items():
        assert torch.equal(tensor, others[name]), name
