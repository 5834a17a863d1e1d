"""An ensemble of small networks that predicts a number from features, and its disagreement."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

_ROWS_AT_ONCE = 65_536


class RegressionEnsemble:
    """K networks, trained side by side on minibatches of their own from the same data.

    They differ by their first weights and their minibatches (deep ensemble, Lakshminarayanan et al., 2017).
    """

    def __init__(
        self, members: int, features: int, width: int, *, learning_rate: float, weight_decay: float, seed: int
    ) -> None:
        with torch.random.fork_rng(devices=[]):  # torch's layers draw from the global generator
            torch.manual_seed(seed)
            self.members = nn.ModuleList(_network(features, width) for _ in range(members))
        self.optimiser = torch.optim.AdamW(
            self.members.parameters(), lr=learning_rate, weight_decay=weight_decay
        )

    def fit(
        self, features_NF: Tensor, targets_N: Tensor, *, updates: int, batch: int, rng: np.random.Generator
    ) -> float:
        """Take `updates` steps of Adam on the squared error; return the mean error of the last one."""
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

    @torch.no_grad()
    def predict(self, features_NF: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Predictions (K, N) of the members."""
        parts = []
        for start in range(0, len(features_NF), _ROWS_AT_ONCE):
            rows = torch.from_numpy(features_NF[start : start + _ROWS_AT_ONCE]).float()
            parts.append(torch.stack([member(rows).squeeze(1) for member in self.members]).double())
        predictions_KN: NDArray[np.float64] = torch.cat(parts, 1).numpy()
        return predictions_KN

    def state_dict(self) -> dict[str, Any]:
        """Networks and optimiser."""
        return {"members": self.members.state_dict(), "optimiser": self.optimiser.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.members.load_state_dict(state["members"])
        self.optimiser.load_state_dict(state["optimiser"])


def _network(features: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(features, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1)
    )
