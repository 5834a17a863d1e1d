"""The first blocks of VGG-19, the network that P3 sets the best architectures against (section 6.1)."""

from dataclasses import dataclass
from typing import Any

from torch import nn

from archwalk.errors import InvalidArchitectureError
from archwalk.estimators.images.makers import Task
from archwalk.estimators.images.settings import NetworkSettings
from archwalk.spaces.base import Codes

BLOCKS = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))
"""Filters and convolutions of each (Simonyan and Zisserman 2014, configuration E)."""


class VGG19Blocks:
    """What a maker asks of a space: a code (1,) is the number of blocks."""

    name = "vgg19-blocks"

    def describe(self, code_L: Codes) -> dict[str, Any]:
        """For the store."""
        return {"blocks": int(code_L[0])}


@dataclass(frozen=True)
class VGGMaker:
    """Blocks of 3 x 3 convolutions with ReLU, a pool of 2 behind each, then P3's prediction module instead of VGG's
    own (ours: P3 does not say). `filters` and `doubling` have no meaning here.
    """

    space: Any = VGG19Blocks()  # noqa: RUF009 - it has no state

    @property
    def stored_as(self) -> str:
        """See `NetworkMaker`."""
        return VGG19Blocks.name

    def settings(self) -> dict[str, Any]:
        """See `NetworkMaker`."""
        return {}

    def __call__(self, code_L: Codes, task: Task, network: NetworkSettings) -> nn.Module:
        """See `NetworkMaker`."""
        channels, height, width = task.shape
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
            nn.Linear(channels * height * width, network.dense),
            nn.ReLU(),
            nn.Dropout(network.dropout),
            nn.Linear(network.dense, task.classes),
        )
