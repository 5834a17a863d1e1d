"""The network of the planning agent for several goals, and what a preference makes of it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archwalk.learning.ensemble import Perceptrons, perceptron
from archwalk.learning.sets import Rows
from archwalk.strategies.goals.scalarised import AUGMENTATION


class PreferenceNetwork(nn.Module):
    """Of each of G goals an ensemble says what architectures reach, turned so that higher is better; `move` says from
    features and a preference what moving there leads to. Worth is the augmented Chebyshev function of the goals, 0 at
    the `ideal_G` point and 1 from it at the `nadir_G` point, in units of `unit`.
    """

    mean_G: Tensor
    scale_G: Tensor
    ideal_G: Tensor
    nadir_G: Tensor
    unit: Tensor

    def __init__(self, features: int, goals: int, members: int, width: int) -> None:
        super().__init__()
        self.goals = goals
        self.models = Perceptrons(goals * members, features, width, hidden=2)
        self.move = perceptron(features + goals, width, 3)
        self.register_buffer("mean_G", torch.zeros(goals))
        self.register_buffer("scale_G", torch.ones(goals))
        self.register_buffer("ideal_G", torch.ones(goals))
        self.register_buffer("nadir_G", torch.zeros(goals))
        self.register_buffer("unit", torch.ones(()))

    def values(self, features_TF: Tensor) -> Tensor:
        """What the members take the goals for, (members, G, T)."""
        predicted_KT: Tensor = self.models(features_TF)
        predicted_MGT = predicted_KT.view(-1, self.goals, len(features_TF))
        return predicted_MGT * self.scale_G[:, None] + self.mean_G[:, None]

    def worth(self, values_GT: Tensor, weights_G: Tensor) -> Tensor:
        """What values of the goals are worth by a preference, (T,)."""
        lacking_GT = (self.ideal_G[:, None] - values_GT) / (self.ideal_G - self.nadir_G)[:, None]
        weighted_GT = weights_G[:, None] * lacking_GT
        return -(weighted_GT.max(0).values + AUGMENTATION * weighted_GT.sum(0)) / self.unit

    def prefer(self, weights_G: Tensor) -> PreferredNetwork:
        """The network of one preference."""
        return PreferredNetwork(self, weights_G)

    def moving(self, features_TF: Tensor, weights_TG: Tensor) -> Tensor:
        """What moving to architectures leads to, each by a preference, (T,)."""
        found_T: Tensor = self.move(torch.cat([features_TF, weights_TG], dim=1)) / self.unit
        return found_T


class PreferredNetwork(nn.Module):
    """From features (T, F) to action values (T,), as `AfterStateNetwork`, by one preference."""

    def __init__(self, network: PreferenceNetwork, weights_G: Tensor) -> None:
        super().__init__()
        self.network, self.weights_G = network, weights_G

    def forward(self, features_TF: Tensor, rows: Rows) -> Tensor:
        """See the class."""
        return self.moving(features_TF).index_copy(0, rows.firsts_B, self.worth(features_TF[rows.firsts_B]))

    def worth(self, features_TF: Tensor) -> Tensor:
        """What architectures are worth where one stops there, (T,)."""
        return self.network.worth(self.network.values(features_TF).mean(0), self.weights_G)

    def moving(self, features_TF: Tensor) -> Tensor:
        """What moving to architectures leads to, (T,)."""
        return self.network.moving(features_TF, self.weights_G.expand(len(features_TF), -1))
