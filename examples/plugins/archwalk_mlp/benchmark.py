"""A benchmark that trains every network for real: which of two spirals does a point lie on?"""

from functools import cache

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from archwalk.errors import UsageError
from archwalk.estimators.base import Scores
from archwalk.estimators.benchmarks import Benchmark
from archwalk.estimators.metrics import accuracies
from archwalk.spaces.base import Codes
from archwalk.spaces.networks import build_network
from archwalk.spaces.task import Task
from archwalk_mlp.space import MLP

STEPS = 60
TASK = Task(shape=(2,), outputs=2)
Points = tuple[torch.Tensor, torch.Tensor]


class Spirals:
    """Trains networks when asked. Reward: validation accuracy, report: test accuracy, both in percent."""

    objective = accuracies()

    def __init__(self, space: MLP, seed: int) -> None:
        self.space = space
        self.seed = seed
        self.training, self.validation, self.test = (spirals(300, seed, part) for part in range(3))
        self.score = cache(self.train)  # each network once

    def evaluate(self, codes_BL: Codes) -> Scores:
        """Score codes (B, 1); this benchmark does not say what a training costs."""
        scores_B2 = np.array([self.score(int(i)) for i in codes_BL[:, 0]]).reshape(-1, 2)
        return Scores(scores_B2[:, 0], scores_B2[:, 1], np.full(len(codes_BL), np.nan))

    def train(self, architecture: int) -> tuple[float, float]:
        """Validation and test accuracy of a network, which depend on it and on the seed alone."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            network = build_network(self.space, np.array([architecture], np.int32), TASK)
        optimiser = torch.optim.Adam(network.parameters(), lr=0.02)
        points, classes = self.training
        for _ in range(STEPS):
            loss = cross_entropy(network(points), classes)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        return accuracy(network, self.validation), accuracy(network, self.test)


@torch.no_grad()
def accuracy(network: torch.nn.Module, data: Points) -> float:
    """Percent of the points that the network puts on the right spiral."""
    points, classes = data
    return 100 * float((network(points).argmax(1) == classes).double().mean())


def spirals(n: int, seed: int, part: int) -> Points:
    """Noisy points (n, 2) and their spirals (n,)."""
    rng = np.random.default_rng([seed, part])
    classes, turns = rng.integers(0, 2, n), rng.uniform(0.2, 1.7, n)
    angles = 2 * np.pi * turns + np.pi * classes
    points = turns[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1) + rng.normal(0, 0.1, (n, 2))
    return torch.from_numpy(points).float(), torch.from_numpy(classes)


def load_spirals(words: list[str], seed: int) -> Benchmark:
    """Networks of four layers, trained to tell two spirals apart; `words` are those behind the name."""
    if words not in ([], ["validation"]):
        raise UsageError("mlp-spirals has one objective: validation")
    space = MLP()
    return Benchmark("mlp-spirals", space, Spirals(space, seed), {"source": "made by its own code"}, TASK)
