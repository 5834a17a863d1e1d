"""An agent with a network of its own: it values an architecture by a weighted sum of its features, and climbs."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch

from archwalk.agents.trainable import StepTrainer
from archwalk.agents.walking import WalkingAgent
from archwalk.environments.walks import Sampler
from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.ledger import TrainingLedger
from archwalk.learning.sets import Rows
from archwalk.spaces.base import SearchSpace


class Linear(torch.nn.Module):
    """Values (T,) of the features (T, F) of architectures, the current one and its neighbours one after the other."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.weights = torch.nn.Parameter(torch.zeros(features))

    def forward(self, features_TF: torch.Tensor, rows: Rows) -> torch.Tensor:
        """Each architecture by itself; `rows` would say which of them are seen together."""
        return features_TF @ self.weights


@dataclass(frozen=True)
class Shape:
    """All that the network needs beside its weights, and how many neighbours the agent sees."""

    neighbours: int


class LinearAgent(WalkingAgent[Shape, Linear]):
    """Saved as its shape and weights, under its name."""

    name = "linear"
    shape_class = Shape

    @staticmethod
    def make_network(shape: Shape, space: SearchSpace) -> Linear:
        """See `NetworkAgent`."""
        return Linear(space.feature_count)


@dataclass(frozen=True)
class Settings:
    """`steps` architectures are evaluated, `batch` at a time."""

    length: ClassVar[str] = "steps"

    steps: int = 400
    batch: int = 20
    neighbours: int = 8
    learning_rate: float = 0.05

    def __post_init__(self) -> None:
        if min(self.steps, self.batch, self.neighbours) < 1:
            raise UsageError("steps, batch and neighbours are each at least 1")


class LinearTrainer(StepTrainer):
    """Least squares by gradient descent on sampled architectures."""

    log_every = 1

    def __init__(
        self, benchmark: Benchmark, settings: Settings, seed: int, starts: Sampler | None = None
    ) -> None:
        self.space, self.settings, self.steps = benchmark.space, settings, 0
        self.starts, self.rng = starts or self.space.sample, np.random.default_rng(seed)
        self.ledger = TrainingLedger(benchmark.estimator, self.rng.spawn(1)[0])
        self.shape = Shape(settings.neighbours)
        self.network = LinearAgent.fresh(self.space, self.shape, seed).network

    def run(self) -> Iterator[dict[str, float]]:
        """Train to the end, yielding metrics."""
        weights_F = self.network.weights.data
        while self.steps < self.settings.steps:
            codes_BL = self.starts(self.rng, self.settings.batch)
            reward_B = torch.from_numpy(self.ledger.rewards(codes_BL)).float()
            features_BF = torch.from_numpy(self.space.features(codes_BL)).float()
            error_B = features_BF @ weights_F - reward_B
            weights_F -= self.settings.learning_rate / self.settings.batch * error_B @ features_BF
            self.steps += self.settings.batch
            yield {"losses/error": float(error_B.square().mean())}

    def agent(self) -> LinearAgent:
        """The agent as trained so far."""
        return LinearAgent(self.space, self.shape, copy.deepcopy(self.network))

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return {
            "steps": self.steps,
            "rng": self.rng.bit_generator.state,
            "ledger": self.ledger.state_dict(),
            "network": dict(self.network.state_dict()),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.steps = int(state["steps"])
        self.rng.bit_generator.state = state["rng"]
        self.ledger.load_state_dict(state["ledger"])
        self.network.load_state_dict(state["network"])


LINEAR = (Settings, LinearTrainer)
