"""The network that is exported, or in one line why there is none."""

from __future__ import annotations

import inspect
import warnings
from typing import TYPE_CHECKING, Any

from archwalk.errors import InvalidArchitectureError, UsageError
from archwalk.spaces.architecture import Architecture
from archwalk.spaces.networks import task_for
from archwalk.spaces.task import written

if TYPE_CHECKING:
    from torch import nn


def build_exported(architecture: Architecture) -> nn.Module:
    """The network, fresh. Raises UsageError where it has none, or layers of it would be empty."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of layers without weights, which are refused
            network = architecture.build()
    except (TypeError, ValueError, ArithmeticError, RuntimeError) as error:
        raise UsageError(_complaint(architecture, first_line(error))) from error
    if empty := [name for name, weights in network.named_parameters() if not weights.numel()]:
        raise UsageError(_complaint(architecture, f"{empty[0]} would be empty"))
    return network


def misfit(architecture: Architecture, error: Exception) -> InvalidArchitectureError:
    """The error for an input whose shape the network cannot read."""
    shape = written(task_for(architecture.space, architecture.task).shape)
    return InvalidArchitectureError(
        f"this architecture cannot read inputs of the shape {shape}: {first_line(error)}"
    )


def input_name(network: nn.Module, architecture: Architecture) -> str:
    """What `forward` calls its only input. Raises UsageError where it reads more than one thing."""
    parameters = [
        parameter
        for parameter in inspect.signature(network.forward).parameters.values()
        if parameter.default is parameter.empty
    ]
    if len(parameters) != 1 or parameters[0].kind is not parameters[0].POSITIONAL_OR_KEYWORD:
        names = ", ".join(parameter.name for parameter in parameters)
        raise UsageError(
            f"networks of one input are exported to pytorch and onnx, and those of {architecture.space.name} read "
            f"{names}; svg, dot and json show them"
        )
    return parameters[0].name


def named(settings: dict[str, Any]) -> str:
    """Settings in a sentence."""
    return ", ".join(f"{name}={value!r}" for name, value in settings.items())


def first_line(error: Exception) -> str:
    """What an exception says, shortly."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _complaint(architecture: Architecture, reason: str) -> str:
    changed = architecture.changed_settings
    given = f" with {named(changed)}" if changed else ""
    return f"{architecture.space.name} cannot build this network{given}: {reason}"
