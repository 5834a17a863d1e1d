"""The calculation of a network as a graph of PyTorch's own layers and functions.

`torch.fx` records it, with two differences. Shapes are numbers while it does: every step is done on tensors without
data ("meta"), so that what a network decides by shapes, such as paddings, is decided; only the batch stays open. And
an `nn.Sequential` of plain layers is one step, because that is how a person would write it.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx, nn

from archwalk.spaces.task import Shape

BATCH = 2
"""Of the tensors without data; nothing that is written says so."""


class ShapedTracer(fx.Tracer):
    """Records a network on "meta" for inputs of a shape; without one, no shape may be asked for.

    In the `meta` of a node: `scope`, the path of the module that the step is part of; `value`, its tensor without
    data; and `gives`, the path of the module of which it is the result, if it is one's.
    """

    def __init__(self, shape: Shape | None) -> None:
        super().__init__()
        self._shape = shape
        self._scopes = [""]

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether a module is one step."""
        return is_plain(m)

    def call_module(
        self, m: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """A step, or the steps inside."""
        if is_plain(m):
            return super().call_module(m, forward, args, kwargs)
        path = self.path_of_module(m)
        self._scopes.append(path)
        out = super().call_module(m, forward, args, kwargs)
        self._scopes.pop()
        if isinstance(out, fx.Proxy) and f"{out.node.meta['scope']}.".startswith(f"{path}."):
            out.node.meta.setdefault("gives", path)
        return out

    def create_proxy(self, kind: str, *args: Any, **kwargs: Any) -> fx.Proxy:
        """A new step and what it gives."""
        proxy = super().create_proxy(kind, *args, **kwargs)
        proxy.node.meta["scope"] = self._scopes[-1]
        if self._shape is not None:
            proxy.node.meta["value"] = self._value(proxy.node)
        return proxy

    def proxy(self, node: fx.Node) -> fx.Proxy:
        """What stands for a step's result."""
        return _Shaped(node, self)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        """Weights are weights, also for layers that run on "meta" meanwhile."""
        return attr_val

    def _value(self, node: fx.Node) -> Any:
        if node.op == "placeholder":
            return torch.empty((BATCH, *(self._shape or ())), device="meta")
        args, kwargs = fx.node.map_arg((node.args, node.kwargs), _known_value)
        if node.op == "call_module":
            return _run(self.root.get_submodule(str(node.target)), *args, **kwargs)
        if node.op == "call_method":
            return getattr(args[0], str(node.target))(*args[1:], **kwargs)
        if node.op == "call_function" and callable(node.target):
            return node.target(*args, **kwargs)
        return None


class _Shaped(fx.Proxy):
    @property
    def shape(self) -> tuple[Any, ...]:
        """The batch, which stays open, and numbers."""
        value: Tensor | None = self.node.meta.get("value")
        if value is None:
            raise ValueError("the calculation depends on shapes, so the shape of an input has to be said")
        return (self.size(0), *value.shape[1:])


def is_plain(module: nn.Module) -> bool:
    """Whether a module is one of PyTorch's layers, or an `nn.Sequential` of such."""
    if isinstance(module, nn.Sequential):
        return all(map(is_plain, module))
    return type(module).__module__.startswith("torch.nn.") and not list(module.children())


def trace(network: nn.Module, shape: Shape | None) -> fx.Graph:
    """The steps of a network on "meta", without those that lead to nothing and change nothing."""
    with torch.no_grad():
        graph = ShapedTracer(shape).trace(network)
    for node in reversed(graph.nodes):
        if not node.users and (node.op == "call_method" or node.op == "call_function"):
            graph.erase_node(node)
    return graph


def _known_value(node: fx.Node) -> Any:
    if node.op == "get_attr":
        raise ValueError(f"it has a tensor of its own, {node.target}")
    return node.meta["value"]


def _run(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
    """Without `__call__`, which is recorded."""
    if not isinstance(module, nn.Sequential):
        return module.forward(*args, **kwargs)
    (x,) = args
    for layer in module:
        x = _run(layer, x)
    return x
