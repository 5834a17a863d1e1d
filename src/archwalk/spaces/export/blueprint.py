"""Which network is exported: an architecture, the shape of what it reads, and the settings around it."""

from __future__ import annotations

import inspect
import re
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from archwalk.errors import InvalidArchitectureError, UsageError
from archwalk.spaces.base import Codes, SearchSpace

if TYPE_CHECKING:
    from torch import nn

Shape = tuple[int, ...]
"""Of one input, without the batch; (channels, height, width) for images."""


@runtime_checkable
class ImageSpace(Protocol):
    """What a space has whose networks read images. This is beside `SearchSpace`, not part of it."""

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) where nothing else is said."""

    def image_settings(self, shape: tuple[int, int, int]) -> dict[str, Any]:
        """The settings of `build` that belong to images of a shape."""


@dataclass(frozen=True)
class Blueprint:
    """A network that can be built: `settings` are those of the space's `build`, but for the ones that `shape` says.

    Without a shape it is the space's own, if it has one (`ImageSpace`).
    """

    space: SearchSpace
    code_L: Codes
    given_shape: Shape | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def shape(self) -> Shape | None:
        """Of one input; None where neither caller nor space says it."""
        if self.given_shape is None and isinstance(self.space, ImageSpace):
            return self.space.image_shape
        return self.given_shape

    def build(self) -> nn.Module:
        """The network, fresh. Raises UsageError for settings or a shape that it cannot have."""
        settings = self.settings | self._shape_settings()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of layers without weights, which are refused
                network = self.space.build(self.code_L, **settings)
        except (TypeError, ValueError, ArithmeticError, RuntimeError) as error:
            raise UsageError(self._complaint(error)) from error
        if empty := [name for name, weights in network.named_parameters() if not weights.numel()]:
            raise UsageError(self._complaint(ValueError(f"{empty[0]} would be empty")))
        return network

    def misfit(self, error: Exception) -> InvalidArchitectureError:
        """The error for an input whose shape the network cannot read."""
        return InvalidArchitectureError(
            f"this architecture cannot read inputs of the shape {written(self.shape or ())}: {first_line(error)}"
        )

    def _shape_settings(self) -> dict[str, Any]:
        shape = self.shape
        if shape is None or not isinstance(self.space, ImageSpace):
            return {}
        if len(shape) != 3 or min(shape) < 1:
            raise UsageError(f"images have a shape of channels, height and width, not {written(shape)}")
        found = self.space.image_settings((shape[0], shape[1], shape[2]))
        if twice := sorted(found.keys() & self.settings.keys()):
            raise UsageError(f"{twice[0]} is not a setting of an export: the shape says it")
        return found

    def _complaint(self, error: Exception) -> str:
        if unknown := re.search(r"unexpected keyword argument '(\w+)'", str(error)):
            return f"networks of {self.space.name} have no setting {unknown[1]!r}"
        given = f" with {named(self.settings)}" if self.settings else ""
        return f"{self.space.name} cannot build this network{given}: {first_line(error)}"


def input_name(network: nn.Module, space: SearchSpace) -> str:
    """What `forward` calls its only input. Raises UsageError where it reads more than one thing."""
    parameters = [
        parameter
        for parameter in inspect.signature(network.forward).parameters.values()
        if parameter.default is parameter.empty
    ]
    if len(parameters) != 1 or parameters[0].kind is not parameters[0].POSITIONAL_OR_KEYWORD:
        names = ", ".join(parameter.name for parameter in parameters)
        raise UsageError(
            f"networks of one input are exported to pytorch and onnx, and those of {space.name} read {names}; "
            "svg, dot and json show them"
        )
    return parameters[0].name


def written(shape: Shape) -> str:
    """A shape as the command line takes it."""
    return ",".join(map(str, shape))


def named(settings: dict[str, Any]) -> str:
    """Settings in a sentence."""
    return ", ".join(f"{name}={value!r}" for name, value in settings.items())


def first_line(error: Exception) -> str:
    """What an exception says, shortly."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
