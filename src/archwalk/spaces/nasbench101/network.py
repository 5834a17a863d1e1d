"""The network around a NAS-Bench-101 cell, as trained for the published table.

A 3x3 stem; stacks of cells, with a 2x2 max-pool and twice the channels from one stack to the next; global
mean pool; a dense layer. In a cell the channels of the output are split over the vertices wired to it, which
are concatenated; the input is projected wherever it is used. Parameter counts equal the published ones.

Where the channels do not divide, the first vertices get one more, so the order in which a cell's vertices are
written is part of the network: for 3 % of the cells two isomorphic orders differ in size, by at most 1 %. The
space numbers cells by the order that was trained, so `NASBench101.build` has the published counts for all of them.
Source: Ying et al., NAS-Bench-101, ICML 2019, and nasbench's `model_builder`.
"""

import math
from collections.abc import Sequence
from functools import reduce

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from archwalk.spaces.nasbench101.size import PUBLISHED, NASBench101Size
from archwalk.spaces.task import CIFAR10, Task

Matrix = NDArray[np.int8]


def vertex_channels(matrix: Matrix, in_channels: int, out_channels: int) -> list[int]:
    """Channels of each vertex of a pruned cell, matrix (V, V) upper-triangular (`compute_vertex_channels`).

    Vertices wired to the output share its channels, the first ones one more where that does not divide; any
    other interior vertex has as many as the largest vertex it feeds.
    """
    last = len(matrix) - 1
    channels = [in_channels, *[0] * (last - 1), out_channels]
    shared = [v for v in range(1, last) if matrix[v, last]]
    for i, v in enumerate(shared):
        channels[v] = out_channels // len(shared) + (i < out_channels % len(shared))
    for v in range(last - 1, 0, -1):
        if v not in shared:
            channels[v] = max(channels[w] for w in range(v + 1, last) if matrix[v, w])
    return channels


class CellNetwork(nn.Module):
    """The network: `forward(images (B, in_channels, H, W))` gives class scores (B, classes).

    `matrix` (V, V) is upper-triangular and pruned; `operations` names each vertex: `input`, then `conv3x3-bn-relu`,
    `conv1x1-bn-relu` or `maxpool3x3`, then `output`. Pools are quicker with channels last.
    """

    channels_last = True
    first_weights = (
        "First weights are drawn as PyTorch does. archwalk's own convolutions have TensorFlow's variance scaling:\n"
        "nn.init.trunc_normal_(weight, std=s, a=-2 * s, b=2 * s) with s = fan_in**-0.5 / 0.87962566103423978."
    )

    def __init__(
        self,
        matrix: Matrix,
        operations: Sequence[str],
        task: Task = CIFAR10,
        size: NASBench101Size = PUBLISHED,
    ) -> None:
        super().__init__()
        body: list[nn.Module] = [_conv_bn_relu(task.shape[0], size.stem_channels, 3)]
        channels = size.stem_channels
        for stack in range(size.stacks):
            if stack:
                body.append(nn.MaxPool2d(2))
            width = size.stem_channels * 2**stack
            for _ in range(size.cells_per_stack):
                body.append(_Cell(matrix, operations, channels, width))
                channels = width
        self.body = nn.Sequential(*body)
        self.head = nn.Linear(channels, task.outputs)

    def forward(self, images: Tensor) -> Tensor:
        """Class scores (B, classes)."""
        scores: Tensor = self.head(self.body(images).mean(dim=(2, 3)))
        return scores


class _Cell(nn.Module):
    def __init__(
        self, matrix: Matrix, operations: Sequence[str], in_channels: int, out_channels: int
    ) -> None:
        super().__init__()
        self.last = last = len(matrix) - 1
        self.channels = vertex_channels(matrix, in_channels, out_channels)
        self.sources = [[u for u in range(1, v) if matrix[u, v]] for v in range(last + 1)]
        self.projections = nn.ModuleDict(
            {
                str(v): _conv_bn_relu(in_channels, self.channels[v], 1)
                for v in range(1, last + 1)
                if matrix[0, v]
            }
        )
        self.operations = nn.ModuleList(_operation(operations[v], self.channels[v]) for v in range(1, last))

    def forward(self, x: Tensor) -> Tensor:
        tensors = [x]
        for v, operation in enumerate(self.operations, start=1):
            terms = [tensors[u][:, : self.channels[v]] for u in self.sources[v]]
            tensors.append(operation(self._add_input(x, v, terms)))
        wired = [tensors[v] for v in self.sources[self.last]]
        return self._add_input(x, self.last, [torch.cat(wired, dim=1)] if wired else [])

    def _add_input(self, x: Tensor, v: int, terms: list[Tensor]) -> Tensor:
        """Sum of `terms` and, where vertex `v` reads the input, its projection."""
        if str(v) in self.projections:
            terms = [self.projections[str(v)](x), *terms]
        return reduce(torch.add, terms)


def _operation(name: str, channels: int) -> nn.Module:
    if name == "maxpool3x3":
        return nn.MaxPool2d(3, stride=1, padding=1)
    return _conv_bn_relu(channels, channels, {"conv3x3-bn-relu": 3, "conv1x1-bn-relu": 1}[name])


def _conv_bn_relu(in_channels: int, out_channels: int, kernel_size: int) -> nn.Sequential:
    conv = nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2, bias=False)
    # TensorFlow's variance scaling: a normal of variance 1 / fan-in, cut at two deviations and rescaled.
    deviation = 1 / math.sqrt(in_channels * kernel_size**2) / 0.87962566103423978
    nn.init.trunc_normal_(conv.weight, std=deviation, a=-2 * deviation, b=2 * deviation)
    norm = nn.BatchNorm2d(out_channels, eps=1e-5, momentum=0.003)  # TensorFlow's 0.997
    return nn.Sequential(conv, norm, nn.ReLU())


def parameter_count(
    matrix: Matrix,
    operations: Sequence[str],
    task: Task = CIFAR10,
    size: NASBench101Size = PUBLISHED,
) -> int:
    """Trainable parameters of the `CellNetwork` with the same arguments, without building it."""

    def conv(inputs: int, outputs: int, kernel_size: int) -> int:
        return inputs * outputs * kernel_size**2 + 2 * outputs

    kernel_sizes = {"conv3x3-bn-relu": 3, "conv1x1-bn-relu": 1}
    total = conv(task.shape[0], size.stem_channels, 3)
    channels = size.stem_channels
    for stack in range(size.stacks):
        width = size.stem_channels * 2**stack
        for _ in range(size.cells_per_stack):
            vertices = vertex_channels(matrix, channels, width)
            total += sum(conv(channels, vertices[v], 1) for v in range(1, len(matrix)) if matrix[0, v])
            total += sum(
                conv(vertices[v], vertices[v], kernel_sizes[operation])
                for v, operation in enumerate(operations)
                if operation in kernel_sizes
            )
            channels = width
    return total + (channels + 1) * task.outputs
