"""What a space of policy networks is made of, as a short declaration: a stem, choice blocks, a head.

A network is one fixed convolution, then one convolution a choice block, then a dense layer from which one layer reads
the policy and one the value. The planes behind every block are mapped to one size, so that any choice fits any other
(Mazyavkina et al. 2020, section 5.2): an adaptive maximum pool where they are larger, zeros around them where they
are smaller; where blocks differ in channels, zeros fill them up to the most that a block offers.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol, runtime_checkable

from archwalk.errors import UsageError
from archwalk.spaces.base import Codes
from archwalk.spaces.task import Shape, check_whole


@dataclass(frozen=True)
class Convolution:
    """A fixed convolution of square kernels, without padding."""

    channels: int
    kernel: int
    stride: int = 1

    def __post_init__(self) -> None:
        check_whole("a policy network", channels=self.channels, kernel=self.kernel, stride=self.stride)


@dataclass(frozen=True)
class ChoiceBlock:
    """A convolution of which kernel and channels are chosen; one value is no choice."""

    kernels: tuple[int, ...]
    channels: tuple[int, ...]
    stride: int = 1

    def __post_init__(self) -> None:
        check_whole("a policy network", stride=self.stride)
        for name in ("kernels", "channels"):
            values = tuple(getattr(self, name))
            object.__setattr__(self, name, values)
            if not values or len(set(values)) < len(values):
                raise UsageError(
                    f"{name} of a choice block are one or more different numbers, not {list(values)}"
                )
            check_whole("a policy network", **{f"{name} ({value!r})": value for value in values})

    @property
    def options(self) -> tuple[tuple[int, int], ...]:
        """All (kernel, channels), kernels outermost."""
        return tuple((kernel, channels) for kernel in self.kernels for channels in self.channels)


@dataclass(frozen=True)
class Declaration:
    """A space of policy networks.

    `observation` is (channels, height, width); the planes behind every block are mapped to `plane` x `plane`, and
    from there a dense layer leads to `hidden` units. Raises UsageError where a kernel fits no plane that it may meet.
    """

    name: str
    observation: tuple[int, int, int]
    stem: Convolution
    blocks: tuple[ChoiceBlock, ...]
    plane: int
    hidden: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "observation", tuple(self.observation))
        object.__setattr__(self, "blocks", tuple(self.blocks))
        if len(self.observation) != 3:
            raise UsageError(
                f"an observation has channels, height and width, not the shape {self.observation}"
            )
        channels, height, width = self.observation
        check_whole(
            "a policy network",
            channels=channels,
            height=height,
            width=width,
            plane=self.plane,
            hidden=self.hidden,
        )
        if all(len(block.options) == 1 for block in self.blocks):
            raise UsageError(f"the space {self.name!r} has nothing to choose: no block has two options")
        if self.stem.kernel > min(height, width):
            raise UsageError(
                f"the stem's kernel {self.stem.kernel} is larger than the image {height}x{width}"
            )
        side = (min(height, width) - self.stem.kernel) // self.stem.stride + 1
        for number, block in enumerate(self.blocks, start=1):
            if max(block.kernels) > side:
                raise UsageError(
                    f"choice block {number} of {self.name!r} cannot fit: its kernel {max(block.kernels)} is larger "
                    f"than the plane {side}x{side} that it reads"
                )
            side = self.plane

    def check(self, observation: Shape) -> None:
        """Raise UsageError where its networks cannot read such observations (channels, height, width)."""
        try:
            replace(self, observation=observation)  # type: ignore[arg-type] # of which its check says
        except UsageError as error:
            raise UsageError(f"images of {observation[1]}x{observation[2]} do not fit: {error}") from None

    @property
    def size(self) -> int:
        """Number of architectures."""
        count = 1
        for block in self.blocks:
            count *= len(block.options)
        return count

    @property
    def channels(self) -> int:
        """Channels behind every block: the most that one offers."""
        return max(max(block.channels) for block in self.blocks)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@runtime_checkable
class ChoiceBlockSpace(Protocol):
    """What a space has whose networks are paths through choice blocks, so that they can share the weights of one
    supernet.
    """

    @property
    def declaration(self) -> Declaration:
        """The blocks."""

    def options(self, code_L: Codes) -> list[tuple[int, int]]:
        """(kernel, channels) of every block."""
