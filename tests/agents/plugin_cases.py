"""A plug-in of another package: an agent with a network of its own, and the trainer that gives it."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from archwalk.agents.trainable import StepTrainer
from archwalk.agents.walking import WalkingAgent
from archwalk.errors import UsageError
from archwalk.estimators.ledger import TrainingLedger


@dataclass(frozen=True)
class LinearShape:
    neighbours: int
    scale: float | None = None


class Linear(nn.Module):
    """Values an architecture by a weighted sum of its features."""

    def __init__(self, features: int, scale: float | None) -> None:
        super().__init__()
        self.weights = nn.Parameter((1 if scale is None else scale) * torch.randn(features))

    def forward(self, features_TF, rows):
        return features_TF @ self.weights


class LinearAgent(WalkingAgent[LinearShape, Linear]):
    name = "linear"
    shape_class = LinearShape

    @staticmethod
    def make_network(shape, space):
        return Linear(space.feature_count, shape.scale)


@dataclass(frozen=True)
class LinearSettings:
    length: ClassVar[str] = "steps"

    steps: int = 40
    batch: int = 8
    neighbours: int = 12
    scale: float | None = None

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise UsageError(f"steps must be at least 1, not {self.steps}")


class LinearTrainer(StepTrainer):
    """Least squares by gradient descent on what it samples."""

    log_every = 1

    def __init__(self, benchmark, settings, seed, starts=None) -> None:
        self.space, self.settings, self.steps = benchmark.space, settings, 0
        self.starts, self.rng = starts or self.space.sample, np.random.default_rng(seed)
        self.ledger = TrainingLedger(benchmark.estimator, self.rng.spawn(1)[0])
        self.shape = LinearShape(settings.neighbours, settings.scale)
        self.network = LinearAgent.fresh(self.space, self.shape, seed).network

    def run(self) -> Iterator[dict[str, float]]:
        while self.steps < self.settings.steps:
            codes_BL = self.starts(self.rng, self.settings.batch)
            reward_B = torch.from_numpy(self.ledger.rewards(codes_BL) / 100).float()
            features_BF = torch.from_numpy(self.space.features(codes_BL)).float()
            error_B = features_BF @ self.network.weights.detach() - reward_B
            with torch.no_grad():
                self.network.weights -= 0.02 * error_B @ features_BF
            self.steps += self.settings.batch
            yield {"losses/error": float(error_B.square().mean())}

    def agent(self) -> LinearAgent:
        return LinearAgent(self.space, self.shape, copy.deepcopy(self.network))

    def state_dict(self) -> dict[str, Any]:
        return {
            "steps": self.steps,
            "rng": self.rng.bit_generator.state,
            "ledger": self.ledger.state_dict(),
            "network": dict(self.network.state_dict()),
        }

    def load_state_dict(self, state) -> None:
        self.steps = int(state["steps"])
        self.rng.bit_generator.state = state["rng"]
        self.ledger.load_state_dict(state["ledger"])
        self.network.load_state_dict(state["network"])


LINEAR = (LinearSettings, LinearTrainer)
