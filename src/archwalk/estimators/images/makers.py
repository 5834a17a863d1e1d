"""From an architecture to the network that is trained: a maker knows one space and is sent to the workers."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Protocol

from archwalk.errors import unknown
from archwalk.estimators.images.settings import NetworkSettings
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.nasbench101.space import NASBench101

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Task:
    """What a network is for."""

    shape: tuple[int, int, int]
    """Channels, height and width of an image."""
    classes: int


class NetworkMaker(Protocol):
    """Makes networks from images (B, C, H, W) to class scores (B, classes), before any softmax.

    It is pickled for the workers. Weights are drawn from PyTorch's global generator, which is seeded for each
    training; what it draws besides would not be the same again. Where an architecture has no network (shapes that do
    not fit), it or the network raises RuntimeError, ValueError or InvalidArchitectureError: the architecture then
    scores 0 for that reason.
    """

    @property
    def space(self) -> SearchSpace:
        """Whose architectures."""

    @property
    def stored_as(self) -> str:
        """The space's name in the store: one for spaces whose descriptions mean the same networks."""

    def settings(self) -> dict[str, Any]:
        """Everything beside architecture, task and `NetworkSettings` that decides on the network, for JSON."""

    def __call__(self, code_L: Codes, task: Task, network: NetworkSettings) -> "nn.Module":
        """A fresh network."""


@dataclass(frozen=True)
class CellMaker:
    """NAS-Bench-101 cells in a narrow network with one cell a stack; it has a head of its own (Ying et al. 2019)."""

    space: NASBench101
    stem_channels: int = 16
    stacks: int = 2
    cells_per_stack: int = 1

    @property
    def stored_as(self) -> str:
        """See `NetworkMaker`."""
        return "nasbench101"

    def settings(self) -> dict[str, Any]:
        """See `NetworkMaker`."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "space"}

    def __call__(self, code_L: Codes, task: Task, network: NetworkSettings) -> "nn.Module":
        """See `NetworkMaker`; the settings of P3's networks have no meaning here. Pools are quicker, channels last."""
        from torch import channels_last

        made = self.space.build(code_L, **self.settings(), classes=task.classes, in_channels=task.shape[0])
        return made.to(memory_format=channels_last)  # type: ignore[call-overload, no-any-return] # PyTorch knows it


@dataclass(frozen=True)
class LayerMaker:
    """P3's networks: `space.build` takes the image's shape, the classes and the `NetworkSettings` as keywords."""

    space: Any

    @property
    def stored_as(self) -> str:
        """See `NetworkMaker`: the numbered chains are some of all chains."""
        name: str = self.space.name
        return "nsc-chain" if name == "chain" else name

    def settings(self) -> dict[str, Any]:
        """See `NetworkMaker`."""
        return {}

    def __call__(self, code_L: Codes, task: Task, network: NetworkSettings) -> "nn.Module":
        """See `NetworkMaker`; `limits.py` says what is too large, so the space need not."""
        made: nn.Module = self.space.build(
            code_L, image_shape=task.shape, classes=task.classes, max_parameters=None, **asdict(network)
        )
        return made


MAKERS: dict[str, Callable[[Any], NetworkMaker]] = {
    "chain": LayerMaker,
    "nasbench101": CellMaker,
    "nsc": LayerMaker,
    "nsc-chain": LayerMaker,
}
"""By name of the space."""


def maker_for(space: SearchSpace) -> NetworkMaker:
    """The maker of a space's networks for images. Raises UsageError for a space without one."""
    if space.name not in MAKERS:
        raise unknown("space of image networks", space.name, MAKERS)
    return MAKERS[space.name](space)
