"""The supernet: all options of all choice blocks, any path through which is an architecture (Mazyavkina et al. 2020,
section 4.1).
"""

import copy
from collections.abc import Sequence

from torch import nn

from archwalk.spaces.policy_cnn.declaration import Declaration
from archwalk.spaces.policy_cnn.network import PolicyNetwork, make_block, make_head, make_stem
from archwalk.spaces.task import Task


class Supernet(nn.Module):
    """Weights that all architectures of a declaration share: of each option one convolution, of the rest one.

    All of them exist from the start, both heads among them, so that an optimiser that is handed `parameters` has all.
    """

    channels_last = True

    def __init__(self, declaration: Declaration, task: Task) -> None:
        super().__init__()
        self.declaration = declaration
        self.stem = make_stem(declaration, task.shape[0])
        self.blocks = nn.ModuleList(
            nn.ModuleList(make_block(declaration, number, option) for option in block.options)
            for number, block in enumerate(declaration.blocks)
        )
        self.head = make_head(declaration, task.outputs)

    def path(self, options: Sequence[tuple[int, int]]) -> PolicyNetwork:
        """The network of one (kernel, channels) a block, on the supernet's own weights: what it learns, all learn."""
        chosen = [
            layers[block.options.index(option)]  # type: ignore[index] # a ModuleList
            for layers, block, option in zip(self.blocks, self.declaration.blocks, options, strict=True)
        ]
        return PolicyNetwork(self.stem, chosen, self.head)

    def extract(self, options: Sequence[tuple[int, int]]) -> PolicyNetwork:
        """That network with weights of its own: names and shapes are those that `space.build` gives."""
        return copy.deepcopy(self.path(options))
