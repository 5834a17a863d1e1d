"""A worker that learns, in a module that worker processes can import."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn


class Learner:
    """A NumPy state and a small network that is trained on what it draws."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        generator = torch.Generator().manual_seed(seed)
        self.network = nn.Sequential(nn.Linear(16, 32), nn.Tanh(), nn.Linear(32, 1))
        with torch.no_grad():
            for weight in self.network.parameters():
                weight.normal_(generator=generator)

    def load(self, weights: Mapping[str, np.ndarray]) -> None:
        self.network.load_state_dict({name: torch.tensor(array) for name, array in weights.items()})

    def weights(self) -> dict[str, np.ndarray]:
        return {name: weight.numpy() for name, weight in self.network.state_dict().items()}

    def train(self, x_BF: np.ndarray) -> dict[str, Any]:
        noise_B = self.rng.normal(size=len(x_BF)).astype(np.float32)
        y_B = x_BF.sum(axis=1) + noise_B
        loss = (self.network(torch.tensor(x_BF)).squeeze(1) - torch.tensor(y_B)).square().mean()
        self.network.zero_grad()
        loss.backward()
        with torch.no_grad():
            for weight in self.network.parameters():
                weight -= 0.01 * weight.grad
        return {"loss": loss.item(), "noise": noise_B, "mean": x_BF.mean(axis=0)}
