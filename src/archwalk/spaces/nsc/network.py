"""The network of a list of NSC vectors, for images.

Source: Gomez Robles and Vanschoren 2019, sections 4.1.1 (a convolution is a pre-activation cell: ReLU, convolution,
batch normalisation; merges pad; leaves are concatenated) and 4.1.2 (the prediction module; its softmax is in the
loss).

Where Gomez Robles and Vanschoren 2019 is silent (ours): convolutions keep the size of the image and have no bias,
which the normalisation would undo. Pools have their size as stride and drop what does not fill a window, so that an
image smaller than the window is a shape error (the original code, as published, pads maximum pools but not average
pools). Padding is by zeros around the smaller map, of which the odd one goes right and below; an addition pads
channels too, a concatenation only height and width (the original code pads channels there as well). All leaves are
padded at once.
"""

import torch
from torch import Tensor, nn

from archwalk.spaces.nsc.code import count_layers, is_merge
from archwalk.spaces.nsc.measuring import Layers, measure
from archwalk.spaces.nsc.size import NSCSize
from archwalk.spaces.nsc.table import ADDITION, CONVOLUTION, MAX_POOLING
from archwalk.spaces.task import Task


class NSCNetwork(nn.Module):
    """The network: `forward(images (B, C, H, W))` gives class scores (B, classes).

    `layers` is (D, 4). Raises InvalidArchitectureError, before anything is allocated, if an image is too small for
    a pool or there are too many weights.
    """

    def __init__(self, layers: Layers, task: Task, size: NSCSize) -> None:
        super().__init__()
        measured = measure(layers, task, size)
        self.layers = nn.ModuleList()
        self.inputs: list[list[int]] = []
        width = size.filters
        for number, kernel_size, first, second in layers[: count_layers(layers)].tolist():
            self.inputs.append([first, second] if is_merge(number) else [first])
            channels = measured.shapes[first - 1][0] if first else task.shape[0]
            self.layers.append(_layer(number, kernel_size, channels, width))
            if number == CONVOLUTION and size.doubling:
                width *= 2
        read = {vertex for inputs in self.inputs for vertex in inputs}
        self.leaves = [vertex for vertex in range(1, len(self.inputs) + 1) if vertex not in read]
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(measured.features, size.dense),
            nn.ReLU(),
            nn.Dropout(size.dropout),
            nn.Linear(size.dense, task.outputs),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Class scores (B, classes)."""
        maps = [images]
        for layer, inputs in zip(self.layers, self.inputs, strict=True):
            maps.append(layer(*(maps[vertex] for vertex in inputs)))
        scores: Tensor = self.head(concatenate([maps[leaf] for leaf in self.leaves]))
        return scores


class Add(nn.Module):
    """The sum of two maps, padded where they differ."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """(B, C, H, W) and (B, C', H', W') to the larger of each size."""
        channels, height, width = (max(a, b) for a, b in zip(x.shape[1:], y.shape[1:], strict=True))
        return pad_to(x, channels, height, width) + pad_to(y, channels, height, width)


class Concatenate(nn.Module):
    """Two maps behind each other, padded where they differ in height or width."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """(B, C, H, W) and (B, C', H', W') to C + C' channels."""
        return concatenate([x, y])


def concatenate(maps: list[Tensor]) -> Tensor:
    """Maps (B, C, H, W) of one batch behind each other, padded to the largest height and width."""
    height, width = (max(x.shape[axis] for x in maps) for axis in (2, 3))
    return torch.cat([pad_to(x, x.shape[1], height, width) for x in maps], dim=1)


def pad_to(x: Tensor, channels: int, height: int, width: int) -> Tensor:
    """Zeros around (B, C, H, W), half of them in front."""
    missing = [
        wanted - size for wanted, size in zip((width, height, channels), reversed(x.shape[1:]), strict=True)
    ]
    if not any(missing):
        return x
    return nn.functional.pad(x, [side for m in missing for side in (m // 2, m - m // 2)])


def _layer(number: int, kernel_size: int, in_channels: int, filters: int) -> nn.Module:
    if is_merge(number):
        return Add() if number == ADDITION else Concatenate()
    if number != CONVOLUTION:
        return nn.MaxPool2d(kernel_size) if number == MAX_POOLING else nn.AvgPool2d(kernel_size)
    conv = nn.Conv2d(in_channels, filters, kernel_size, padding=kernel_size // 2, bias=False)
    return nn.Sequential(nn.ReLU(), conv, nn.BatchNorm2d(filters))
