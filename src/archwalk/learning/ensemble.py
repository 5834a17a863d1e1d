"""An ensemble of small networks that predicts a number from features, and its disagreement."""

import copy
from collections.abc import Callable
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from archwalk.learning.precision import half_precision, single_precision
from archwalk.learning.sets import Rows

_ROWS_AT_ONCE = 2_048  # so that the activations stay in the cache: thrice as fast as 65,536
_SMALLEST = 1e-4
"""Below this, predictions of exp(y) are not told apart."""

Draw = Callable[[], tuple[Tensor, Tensor]]
"""Gives minibatches for K networks: features (K, B, F) and targets (K, B)."""


class Perceptrons(nn.Module):
    """K networks of one shape side by side, as batched products: from features (T, F), or (K, T, F) where each has
    its own, to (K, T). They begin as PyTorch's linear layers do, or as Glorot and Bengio (2010) have it, with biases
    of zero, as Keras' do: the signal then survives many layers.
    """

    def __init__(
        self,
        networks: int,
        features: int,
        width: int,
        hidden: int,
        start: Literal["torch", "glorot"] = "torch",
    ) -> None:
        super().__init__()
        sizes = list(pairwise([features, *[width] * hidden, 1]))
        glorot = start == "glorot"
        self.weights = nn.ParameterList(
            _uniform((networks, size, out), (6 / (size + out)) ** 0.5 if glorot else size**-0.5)
            for size, out in sizes
        )
        self.biases = nn.ParameterList(
            _uniform((networks, 1, out), 0.0 if glorot else size**-0.5) for size, out in sizes
        )

    def forward(self, features: Tensor) -> Tensor:
        """See the class."""
        x = self._first(features)
        weights, biases = list(self.weights), list(self.biases)
        for weight, bias in zip(weights[1:-1], biases[1:-1], strict=True):
            x = torch.baddbmm(bias, x.relu(), weight)
        with single_precision():  # what is nearly equal is told apart
            return torch.baddbmm(biases[-1], x.relu().float(), weights[-1]).squeeze(-1)

    def _first(self, features: Tensor) -> Tensor:
        """The first layer (K, T, W), in one product where all networks see the same features."""
        weight_KFW, bias_K1W = self.weights[0], self.biases[0]
        if features.dim() == 3:
            return torch.baddbmm(bias_K1W, features, weight_KFW)
        flat = torch.addmm(bias_K1W.flatten(), features, weight_KFW.transpose(0, 1).flatten(1))
        return flat.view(len(features), *bias_K1W.shape[::2]).transpose(0, 1)

    def only(self, network: int) -> "Perceptrons":
        """A copy of one of them."""
        alone = copy.deepcopy(self)
        for parameters in (alone.weights, alone.biases):
            for i, parameter in enumerate(parameters):
                parameters[i] = nn.Parameter(parameter.detach()[network : network + 1].clone())
        return alone


def _uniform(shape: tuple[int, ...], bound: float) -> nn.Parameter:
    return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))


class LogEnsemble(nn.Module):
    """K networks that predict exp(y); gives scale * log(their mean) - offset, (T,) of features (T, F).

    Networks that are trained on exp(y) spend their capacity where y is large. `scale` and `offset` put the
    answer into the unit that is wanted.
    """

    scale: Tensor
    offset: Tensor

    def __init__(self, members: Perceptrons) -> None:
        super().__init__()
        self.members = members
        self.register_buffer("scale", torch.ones(()))
        self.register_buffer("offset", torch.zeros(()))

    def forward(self, features_TF: Tensor) -> Tensor:
        """See the class."""
        mean_T: Tensor = self.members(features_TF).mean(0)
        return self.scale * mean_T.clamp_min(_SMALLEST).log() - self.offset

    def of_member(self, member: int) -> "LogEnsemble":
        """A copy that takes one member's word."""
        alone = LogEnsemble(self.members.only(member))
        alone.scale.copy_(self.scale)
        alone.offset.copy_(self.offset)
        return alone


class EnsembleLearner:
    """Trains the members of an ensemble side by side, each on minibatches of its own from the same data.

    They differ by their first weights and their minibatches (deep ensemble, Lakshminarayanan et al., 2017).
    """

    def __init__(self, members: Perceptrons, *, learning_rate: float, weight_decay: float) -> None:
        self.members = members
        self.learning_rate = learning_rate
        self.optimiser = torch.optim.AdamW(
            self.members.parameters(), lr=learning_rate, weight_decay=weight_decay, fused=True
        )

    def fit(self, draw: Draw, *, updates: int, half: bool = False) -> float:
        """Take `updates` steps on the squared error; return the mean error of the last one.

        `draw` gives each member its minibatch; `half` is for half precision. The learning rate falls to zero within
        the steps, so that what is asked afterwards is not the noise of the last minibatches; the next fit begins with
        the whole rate again (Loshchilov and Hutter, 2017).
        """
        error = torch.zeros(())
        for update in range(updates):
            for group in self.optimiser.param_groups:
                group["lr"] = self.learning_rate * (1 - update / updates)
            features_KBF, targets_KB = draw()
            with half_precision(half):
                predicted_KB = self.members(features_KBF)
            error = (predicted_KB - targets_KB).square().mean()
            self.optimiser.zero_grad(set_to_none=True)
            (len(targets_KB) * error).backward()
            self.optimiser.step()
        return float(error.detach())

    def predict(self, features_NF: NDArray[np.uint8], half: bool = False) -> NDArray[np.float64]:
        """Predictions (K, N) of the members."""
        return predict(self.members, features_NF, half)


@torch.no_grad()
def predict(
    network: Callable[[Tensor], Tensor], features_NF: NDArray[np.uint8], half: bool = False
) -> NDArray[np.float64]:
    """What a network gives for many rows of features, whose answer (..., N) has a place for each."""
    with half_precision(half):
        parts = [
            network(torch.from_numpy(features_NF[start : start + _ROWS_AT_ONCE]).float())
            for start in range(0, max(1, len(features_NF)), _ROWS_AT_ONCE)
        ]
    values: NDArray[np.float64] = torch.cat(parts, -1).double().numpy()
    return values


def perceptron(features: int, width: int, hidden: int) -> nn.Sequential:
    """A network from features (T, F) to (T,) with `hidden` ReLU layers."""
    layers: list[nn.Module] = []
    for size in (features, *[width] * (hidden - 1)):
        layers += [nn.Linear(size, width), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, 1), nn.Flatten(0))


class Columns(nn.Module):
    """Some of the features, (T, F) to (T, columns): those that differ at all, say. Which ones is set afterwards."""

    index: Tensor

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.register_buffer("index", torch.arange(columns))

    def forward(self, features_TF: Tensor) -> Tensor:
        """See the class."""
        return features_TF.index_select(1, self.index)


class ClimbingNetwork(nn.Module):
    """The value of a move is what the model takes its target for less `toll`, that of stopping what it takes the
    first element for.
    """

    toll: Tensor

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("toll", torch.zeros(()))

    def forward(self, features_TF: Tensor, rows: Rows) -> Tensor:
        """Action values (T,), one an element, of flat float features (T, F)."""
        value_T = self.worth(features_TF) - self.toll
        return value_T.index_add(0, rows.firsts_B, self.toll.expand(len(rows.firsts_B)))

    def worth(self, features_TF: Tensor) -> Tensor:
        """What elements are worth where one stops there, (T,)."""
        worth_T: Tensor = self.model(features_TF)
        return worth_T
