"""The network around a NAS-Bench-201 cell, as trained for the published tables.

A 3x3 stem; three stages of cells, and from one to the next a residual block that halves the resolution and
doubles the channels; batch normalisation, ReLU, global mean pool, a dense layer. Parameter counts equal the
published ones (a test). Source: Dong and Yang, NAS-Bench-201, ICLR 2020, section 2.1.
"""

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor, nn

from archwalk.spaces.nasbench201.cell import EDGES, NODES
from archwalk.spaces.nasbench201.size import PUBLISHED, NASBench201Size
from archwalk.spaces.task import CIFAR10, Task


class CellNetwork(nn.Module):
    """The network: `forward(images (B, in_channels, H, W))` gives class scores (B, classes).

    `operations` are the names on `EDGES`.
    """

    def __init__(
        self,
        operations: Sequence[str],
        task: Task = CIFAR10,
        size: NASBench201Size = PUBLISHED,
    ) -> None:
        super().__init__()
        channels = size.stem_channels
        stem = nn.Conv2d(task.shape[0], channels, 3, padding=1, bias=False)
        body: list[nn.Module] = [stem, nn.BatchNorm2d(channels)]
        for stage in range(size.stages):
            if stage:
                body.append(_ReductionBlock(channels, 2 * channels))
                channels *= 2
            body += [_Cell(operations, channels) for _ in range(size.cells_per_stage)]
        self.body = nn.Sequential(*body, nn.BatchNorm2d(channels), nn.ReLU())
        self.head = nn.Linear(channels, task.outputs)

    def forward(self, images: Tensor) -> Tensor:
        """Class scores (B, classes)."""
        scores: Tensor = self.head(self.body(images).mean(dim=(2, 3)))
        return scores


class _Cell(nn.Module):
    """A node is the sum of what enters it; zero if nothing does."""

    def __init__(self, operations: Sequence[str], channels: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList()
        self.entering: list[list[tuple[int, int]]] = [[] for _ in range(NODES)]
        """For each node the pairs (earlier node, layer)."""
        for (source, target), operation in zip(EDGES, operations, strict=True):
            if operation != "none":
                self.entering[target].append((source, len(self.layers)))
                self.layers.append(_operation(operation, channels))

    def forward(self, x: Tensor) -> Tensor:
        nodes = [x]
        for entering in self.entering[1:]:
            terms = [self.layers[layer](nodes[source]) for source, layer in entering]
            nodes.append(reduce(torch.add, terms) if terms else torch.zeros_like(x))
        return nodes[-1]


class _ReductionBlock(nn.Module):
    """The block of a residual network, with a mean pool and a 1x1 convolution on the shortcut."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        pool = nn.AvgPool2d(2, ceil_mode=True)  # of odd sizes as many pixels as the convolution leaves
        self.shortcut = nn.Sequential(pool, nn.Conv2d(in_channels, out_channels, 1, bias=False))
        self.residual = nn.Sequential(
            *_relu_conv_bn(in_channels, out_channels, 3, stride=2),
            *_relu_conv_bn(out_channels, out_channels, 3),
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.shortcut(x) + self.residual(x)
        return out


def _operation(name: str, channels: int) -> nn.Module:
    if name == "skip_connect":
        return nn.Identity()
    if name == "avg_pool_3x3":
        return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
    return _relu_conv_bn(channels, channels, {"nor_conv_1x1": 1, "nor_conv_3x3": 3}[name])


def _relu_conv_bn(in_channels: int, out_channels: int, kernel_size: int, stride: int = 1) -> nn.Sequential:
    padding = kernel_size // 2
    conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, bias=False)
    return nn.Sequential(nn.ReLU(), conv, nn.BatchNorm2d(out_channels))
