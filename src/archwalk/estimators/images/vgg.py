"""The first blocks of VGG-19, the network that Gomez Robles and Vanschoren 2019 sets the best architectures against
(section 6.1).
"""

from dataclasses import dataclass
from typing import Any

from torch import nn

from archwalk.errors import InvalidArchitectureError
from archwalk.spaces.base import Codes
from archwalk.spaces.task import CIFAR10, Task

BLOCKS = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))
"""Filters and convolutions of each (Simonyan and Zisserman 2014, configuration E)."""


@dataclass(frozen=True)
class VGGSize:
    """Of Gomez Robles and Vanschoren's prediction module behind the blocks."""

    dense: int = 1024
    dropout: float = 0.4


class VGG19Blocks:
    """What is trained is asked of a space: a code (1,) is the number of blocks.

    Blocks of 3 x 3 convolutions with ReLU, a pool of 2 behind each, then Gomez Robles and Vanschoren's prediction
    module instead of VGG's own (ours: Gomez Robles and Vanschoren 2019 does not say).
    """

    name = "vgg19-blocks"
    default_task, default_size = CIFAR10, VGGSize()

    def describe(self, code_L: Codes) -> dict[str, Any]:
        """For the store."""
        return {"blocks": int(code_L[0])}

    def build(self, code_L: Codes, task: Task, size: VGGSize) -> nn.Module:
        """See `SearchSpace.build`."""
        channels, height, width = self.default_task.check(task, "blocks of VGG-19").shape
        layers: list[nn.Module] = []
        for filters, convolutions in BLOCKS[: int(code_L[0])]:
            for _ in range(convolutions):
                layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]
                channels = filters
            layers.append(nn.MaxPool2d(2))
            height, width = height // 2, width // 2
        if not (height and width):
            raise InvalidArchitectureError(f"{task.shape} is too small for {int(code_L[0])} blocks of VGG-19")
        return nn.Sequential(
            *layers,
            nn.Flatten(),
            nn.Linear(channels * height * width, size.dense),
            nn.ReLU(),
            nn.Dropout(size.dropout),
            nn.Linear(size.dense, task.outputs),
        )
