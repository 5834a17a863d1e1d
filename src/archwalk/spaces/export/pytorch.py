"""An architecture as a Python module that needs PyTorch and nothing else."""

from __future__ import annotations

import json
from typing import Any

import torch
from torch import fx, nn

import archwalk
from archwalk.errors import UsageError
from archwalk.spaces.architecture import Architecture
from archwalk.spaces.export.network import build_exported, first_line, input_name, misfit, named
from archwalk.spaces.export.source import write_forward, write_layers
from archwalk.spaces.export.tracing import trace
from archwalk.spaces.networks import task_for
from archwalk.spaces.task import Shape

_MODULE = '''{header}
{imports}

class Network(nn.Module):
    """{summary}"""

    def __init__(self) -> None:
        super().__init__()
{layers}
    def forward(self, {input}: torch.Tensor) -> {gives}:
{forward}'''

_PYTORCH_WEIGHTS = "First weights are drawn as PyTorch does."


def to_pytorch(architecture: Architecture) -> str:
    """The source of a module with the class `Network`, which calculates what `architecture.build` does.

    The weights of both networks come in the same order. Raises UsageError for networks that cannot be written so: those
    of several inputs, and those that do something else in training that is no layer. Nothing is allocated, and no
    generator is advanced.
    """
    with torch.device("meta"):
        network = build_exported(architecture)
    name = input_name(network, architecture)
    source = _write(architecture, network.eval(), name)
    try:
        same = _write(architecture, network.train(), name) == source
    except UsageError:
        same = False
    if not same:
        raise UsageError(
            f"in training the network of {architecture.space.name} with "
            f"{named(architecture.changed_settings) or 'its own settings'} does what is no layer, which export cannot "
            "write; build it without"
        )
    return source


def _write(architecture: Architecture, network: nn.Module, name: str) -> str:
    graph = _trace(architecture, network)
    names, layers = write_layers(network, graph)
    forward = write_forward(network, graph, names)
    several = isinstance(_returned(graph), tuple)
    return _MODULE.format(
        header=_header(architecture, network),
        imports=_imports(forward),
        summary=_summary(architecture, graph, name),
        layers=layers,
        input=name,
        gives="tuple[torch.Tensor, ...]" if several else "torch.Tensor",
        forward=forward,
    )


def _trace(architecture: Architecture, network: nn.Module) -> fx.Graph:
    try:
        return trace(network, task_for(architecture.space, architecture.task).shape)
    except (torch.fx.proxy.TraceError, TypeError, ValueError) as error:
        raise UsageError(
            f"the network of {architecture.space.name} cannot be written as plain code: {first_line(error)}"
        ) from error
    except RuntimeError as error:
        raise misfit(architecture, error) from error


def _header(architecture: Architecture, network: nn.Module) -> str:
    parameters = sum(weights.numel() for weights in network.parameters())
    lines = [
        f"A network of the search space {architecture.space.name}, written by `archwalk export` of archwalk "
        f"{archwalk.__version__}.",
        "",
        f"Architecture: {json.dumps(architecture.description)}",
        *([f"Settings: {named(architecture.settings)}"] if architecture.settings else []),
        f"Parameters: {parameters:,}",
        "",
        *getattr(network, "first_weights", _PYTORCH_WEIGHTS).splitlines(),
    ]
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)


def _summary(architecture: Architecture, graph: fx.Graph, name: str) -> str:
    """What goes in and what comes out, with shapes."""
    given = _returned(graph)
    shapes = [node.meta["value"].shape for node in (given if isinstance(given, tuple) else (given,))]
    gives = " and ".join(_batch_of(shape[1:]) for shape in shapes)
    return f"Reads {name} {_batch_of(task_for(architecture.space, architecture.task).shape)}, gives {gives}."


def _batch_of(shape: Shape) -> str:
    return f"({', '.join(map(str, ('batch', *shape)))})"


def _returned(graph: fx.Graph) -> Any:
    return next(node for node in reversed(graph.nodes) if node.op == "output").args[0]


def _imports(forward: str) -> str:
    used = "from torch import nn\n"
    if "functional." in forward:
        used += "from torch.nn import functional\n"
    return ("import operator\n\n" if "operator." in forward else "") + f"import torch\n{used}"
