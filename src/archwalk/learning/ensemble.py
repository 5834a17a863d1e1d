"""An ensemble of small networks that predicts a number from features, and its disagreement."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

_ROWS_AT_ONCE = 2_048  # so that the activations stay in the cache: thrice as fast as 65,536
_SMALLEST = 1e-4
"""Below this, predictions of exp(y) are not told apart."""


class LogEnsemble(nn.Module):
    """K networks that predict exp(y); gives scale * log(their mean) - offset, (T, 1) of features (T, F).

    Networks that are trained on exp(y) spend their capacity where y is large. `scale` and `offset` put the
    answer into the unit that is wanted.
    """

    scale: Tensor
    offset: Tensor

    def __init__(self, members: int, features: int, width: int) -> None:
        super().__init__()
        self.members = nn.ModuleList(perceptron(features, width, 2) for _ in range(members))
        self.register_buffer("scale", torch.ones(()))
        self.register_buffer("offset", torch.zeros(()))

    def forward(self, features_TF: Tensor) -> Tensor:
        """See the class."""
        mean = torch.stack([member(features_TF) for member in self.members]).mean(0)
        return self.scale * mean.clamp_min(_SMALLEST).log() - self.offset


class EnsembleLearner:
    """Trains the members of an ensemble side by side, each on minibatches of its own from the same data.

    They differ by their first weights and their minibatches (deep ensemble, Lakshminarayanan et al., 2017).
    """

    def __init__(self, ensemble: LogEnsemble, *, learning_rate: float, weight_decay: float) -> None:
        self.members = ensemble.members
        self.optimiser = torch.optim.AdamW(
            self.members.parameters(), lr=learning_rate, weight_decay=weight_decay
        )

    def fit(
        self, features_NF: Tensor, targets_N: Tensor, *, updates: int, batch: int, rng: np.random.Generator
    ) -> float:
        """Take `updates` steps on the squared error of exp(y); return the mean error of the last one."""
        batch = min(batch, len(targets_N))
        loss = torch.zeros(())
        for _ in range(updates):
            losses = []
            for member in self.members:
                rows = torch.from_numpy(rng.integers(0, len(targets_N), batch))
                losses.append(functional.mse_loss(member(features_NF[rows]).squeeze(1), targets_N[rows]))
            loss = torch.stack(losses).sum()
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()
        return float(loss.detach()) / len(self.members)

    def predict(self, features_NF: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Predictions of exp(y), (K, N), of the members."""
        return np.stack([predict(member, features_NF) for member in self.members])


@torch.no_grad()
def predict(network: nn.Module, features_NF: NDArray[np.uint8]) -> NDArray[np.float64]:
    """What a network from (T, F) to (T, 1) gives for many rows, (N,)."""
    parts = [
        network(torch.from_numpy(features_NF[start : start + _ROWS_AT_ONCE]).float()).squeeze(1)
        for start in range(0, len(features_NF), _ROWS_AT_ONCE)
    ]
    values_N: NDArray[np.float64] = torch.cat(parts).double().numpy()
    return values_N


def perceptron(features: int, width: int, hidden: int) -> nn.Sequential:
    """A network from features (T, F) to (T, 1) with `hidden` ReLU layers."""
    layers: list[nn.Module] = []
    for size in (features, *[width] * (hidden - 1)):
        layers += [nn.Linear(size, width), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, 1))
