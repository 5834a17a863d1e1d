"""The network of a DARTS architecture, as evaluated on CIFAR-10.

A 3x3 stem; cells, of which those at one and two thirds of the depth halve the resolution and double the
channels; global mean pool, a dense layer. Each cell reads the two before it, brought to its own width and
resolution. Parameter counts equal published ones (tests).
Source: Liu, Simonyan and Yang, DARTS, ICLR 2019, sections 2.1, 3.1 and appendix A.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from archwalk.errors import UsageError
from archwalk.spaces.darts.code import INPUTS, NODES
from archwalk.spaces.darts.operations import FactorizedReduce, drop_path, make_operation, relu_conv_bn
from archwalk.spaces.darts.size import NASBENCH301, DARTSSize
from archwalk.spaces.task import CIFAR10, Task

Edges = Sequence[tuple[str, int]]
"""The 8 pairs (operation, input) of a cell."""

STEM_FACTOR = 3


class Network(nn.Module):
    """The network: `forward(images (B, in_channels, H, W))` gives class scores (B, classes).

    `normal` and `reduce` are a genotype's. With `size.auxiliary`, `forward_with_auxiliary` gives the scores of the
    auxiliary head as well.
    """

    def __init__(
        self,
        normal: Edges,
        reduce: Edges,
        task: Task = CIFAR10,
        size: DARTSSize = NASBENCH301,
    ) -> None:
        super().__init__()
        self.drop_path = size.drop_path
        channels, layers = size.channels, size.layers
        width = STEM_FACTOR * channels
        stem = nn.Conv2d(task.shape[0], width, 3, padding=1, bias=False)
        self.stem = nn.Sequential(stem, nn.BatchNorm2d(width))
        self.cells = nn.ModuleList()
        self.branch = 2 * layers // 3
        """The cell whose output the auxiliary head reads."""
        widths, reduced = [width, width], False
        for layer in range(layers):
            reduces = layer in (layers // 3, self.branch)
            channels *= 1 + reduces
            self.cells.append(_Cell(reduce if reduces else normal, widths[-2:], channels, reduces, reduced))
            widths.append(NODES * channels)
            reduced = reduces
        self.head = nn.Linear(widths[-1], task.outputs)
        self.auxiliary = _auxiliary_head(widths[2 + self.branch], task.outputs) if size.auxiliary else None

    def forward(self, images: Tensor) -> Tensor:
        """Class scores (B, classes)."""
        return self._scores(self._outputs(images)[-1])

    def forward_with_auxiliary(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Class scores (B, classes) of the network and of its auxiliary head. Raises UsageError without one."""
        if self.auxiliary is None:
            raise UsageError("the network has no auxiliary head; build it with auxiliary=True")
        outputs = self._outputs(images)
        return self._scores(outputs[-1]), self.auxiliary(outputs[self.branch])

    def _outputs(self, images: Tensor) -> list[Tensor]:
        """The output of every cell."""
        probability = self.drop_path if self.training else 0.0
        states = [self.stem(images)] * INPUTS
        for cell in self.cells:
            states.append(cell(*states[-INPUTS:], probability))
        return states[INPUTS:]

    def _scores(self, output: Tensor) -> Tensor:
        scores: Tensor = self.head(output.mean(dim=(2, 3)))
        return scores


class _Cell(nn.Module):
    """A cell of `channels` a node; `reduces` it the resolution, or did the cell before (`reduced`)?"""

    def __init__(
        self, edges: Edges, widths: Sequence[int], channels: int, reduces: bool, reduced: bool
    ) -> None:
        super().__init__()
        self.preprocess = nn.ModuleList(relu_conv_bn(width, channels) for width in widths)
        if reduced:
            self.preprocess[0] = FactorizedReduce(widths[0], channels)
        self.inputs = [state for _, state in edges]
        self.operations = nn.ModuleList(
            make_operation(name, channels, 2 if reduces and state < INPUTS else 1) for name, state in edges
        )

    def forward(self, before_last: Tensor, last: Tensor, probability: float) -> Tensor:
        states = [self.preprocess[0](before_last), self.preprocess[1](last)]
        for node in range(NODES):
            terms = [self._edge(edge, states, probability) for edge in (2 * node, 2 * node + 1)]
            states.append(terms[0] + terms[1])
        return torch.cat(states[INPUTS:], dim=1)

    def _edge(self, edge: int, states: list[Tensor], probability: float) -> Tensor:
        operation = self.operations[edge]
        out: Tensor = operation(states[self.inputs[edge]])
        if probability > 0 and not isinstance(operation, nn.Identity):
            out = drop_path(out, probability)
        return out


def _auxiliary_head(channels: int, classes: int) -> nn.Sequential:
    """The head that reads 8 x 8 pixels."""
    return nn.Sequential(
        nn.ReLU(),
        nn.AvgPool2d(5, stride=3, count_include_pad=False),
        nn.Conv2d(channels, 128, 1, bias=False),
        nn.BatchNorm2d(128),
        nn.ReLU(),
        nn.Conv2d(128, 768, 2, bias=False),
        nn.BatchNorm2d(768),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(768, classes),
    )
