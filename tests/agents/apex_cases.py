"""What the tests of Ape-X share; worker processes import it too."""

from typing import ClassVar

import numpy as np
import torch

from archwalk.agents.apex import ApexSettings, ApexTrainer
from archwalk.data.states import read_state, write_state
from archwalk.estimators.table import TableEstimator

SMALL = ApexSettings(
    steps=400, actors=2, environments=4, neighbours=6, episode_limit=5, shards=2, capacity=120, fragment=5,
    block=1, learning_starts=100, batch=16, target_every=100, width=8, heads=2, layers=1, encoder_layers=1,
    learning_rate=1e-3,
)  # fmt: skip
"""Ten rounds of 40 steps."""


class Spy(TableEstimator):
    """Keeps what is evaluated in this process."""

    seen: ClassVar[list[int]] = []

    def evaluate(self, codes_BL):
        self.seen.extend(codes_BL[:, 0].tolist())
        return super().evaluate(codes_BL)


def first_ten(rng, n):
    """Starts that hold the others out."""
    return rng.integers(0, 10, (n, 1), dtype=np.int32)


def train(benchmark, settings=SMALL, seed=0, **extra):
    trainer = ApexTrainer(benchmark, settings, seed, **extra)
    return trainer, list(trainer.run())


def rounds(trainer, n):
    """So many rounds of a trainer's training."""
    return [metrics for _, metrics in zip(range(n), trainer.run(), strict=False)]


def through_a_file(trainer, path):
    write_state(path, trainer.state_dict())
    return read_state(path)


def assert_same(one, other):
    """Networks, what was paid, how far they are."""
    for name, tensor in one.learner.state_dict()["online"].items():
        assert torch.equal(tensor, other.learner.online.state_dict()[name]), name
        assert torch.equal(one.learner.target.state_dict()[name], other.learner.target.state_dict()[name]), (
            name
        )
    for name in ("steps", "blocks", "next_shard"):
        assert getattr(one, name) == getattr(other, name)
    assert (one.ledger.queries, one.ledger.unique) == (other.ledger.queries, other.ledger.unique)
