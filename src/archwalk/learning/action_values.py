"""Q-networks with the same actions in every state, for `DoubleDQN`."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from archwalk.learning.double_dqn import SetBatch, Transitions
from archwalk.learning.replay import Batch
from archwalk.learning.sets import Rows


class ActionValues(nn.Module):
    """A perceptron from observations (B, X) to the values of A actions, flat as `DoubleDQN` reads them: (B A,)."""

    def __init__(self, inputs: int, width: int, hidden: int, actions: int) -> None:
        super().__init__()
        sizes = [inputs, *[width] * hidden]
        layers: list[nn.Module] = []
        for size in sizes[:-1]:
            layers += [nn.Linear(size, width), nn.Tanh()]
        self.layers = nn.Sequential(*layers, nn.Linear(sizes[-1], actions))
        self.actions = actions

    def forward(self, inputs_BX: Tensor, rows: Rows) -> Tensor:
        """Values (B A,); `rows` have A elements each."""
        values: Tensor = self.layers(inputs_BX).flatten()
        return values

    def see(self, inputs_BX: NDArray[np.float32]) -> SetBatch:
        """Observations as `DoubleDQN` takes them."""
        return SetBatch(torch.from_numpy(inputs_BX), Rows(np.full(len(inputs_BX), self.actions, np.int64)))

    @torch.no_grad()
    def best(self, inputs_BX: NDArray[np.float32]) -> NDArray[np.int64]:
        """The action of highest value in each of B states."""
        actions: NDArray[np.int64] = self.layers(torch.from_numpy(inputs_BX)).argmax(1).numpy()
        return actions

    def transitions(self, batch: Batch) -> Transitions:
        """Transitions as replay keeps them, with `observation.inputs` and `next.inputs` (B, X)."""
        alive_B: NDArray[Any] = batch["discount"] > 0
        return Transitions(
            self.see(batch["observation.inputs"]),
            batch["action"],
            batch["return"],
            self.see(batch["next.inputs"][alive_B]),
            batch["discount"],
        )
