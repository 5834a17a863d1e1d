"""One step of a recorded calculation as a Python expression."""

from __future__ import annotations

import inspect
import math
import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import fx
from torch.nn import functional

from archwalk.errors import UsageError

_SIGNS: dict[object, str] = {
    operator.add: "+",
    torch.add: "+",
    operator.sub: "-",
    torch.sub: "-",
    operator.mul: "*",
    torch.mul: "*",
    operator.truediv: "/",
    torch.div: "/",
}

_UNKNOWN = object()
_SHORT_METHODS = {"mean", "flatten", "size"}

Name = Callable[[fx.Node], str]
"""What stands for the result of an earlier step: a variable, or its expression."""


def is_short(node: fx.Node) -> bool:
    """Whether a step reads well inside another's expression: arithmetic, slices, a mean."""
    if node.op == "call_method":
        return node.target in _SHORT_METHODS
    return node.op == "call_function" and (is_sum(node) or node.target is operator.getitem)


def is_slice(node: fx.Node) -> bool:
    """Whether a step only looks at a part of a tensor, whenever it is done."""
    if node.op != "call_function" or node.target is not operator.getitem:
        return False
    index = node.args[1]
    return all(isinstance(part, slice | int) for part in (index if isinstance(index, tuple) else (index,)))


def is_sum(node: fx.Node) -> bool:
    """Whether a step is arithmetic, which wants parentheses inside a larger expression."""
    return node.op == "call_function" and node.target in _SIGNS and len(node.args) == 2 and not node.kwargs


def step_name(node: fx.Node) -> str:
    """A word for what a step does: `cat`, `add`."""
    if node.target is operator.getitem:
        return "part"
    if node.op == "call_function":
        return _function_name(node.target).rpartition(".")[2].strip("_")
    return str(node.target)


def expression(node: fx.Node, name: Name, layers: dict[str, str]) -> str:
    """The step as code; `layers` are the attributes of the modules. Raises UsageError for what has no such form."""
    if node.op == "call_module":
        return f"self.{layers[str(node.target)]}({_arguments(node.args, node.kwargs, name)})"
    if node.op == "call_method":
        owner, *rest = node.args
        return (
            f"{_value(owner, name, tight=True)}.{node.target}({_arguments(tuple(rest), node.kwargs, name)})"
        )
    if node.op != "call_function" or not callable(node.target):
        raise UsageError(
            f"the network has a tensor of its own, {node.target}, which export cannot write as code"
        )
    if is_sum(node):
        left, right = node.args
        chain = isinstance(left, fx.Node) and _SIGNS.get(left.target) == _SIGNS[node.target] == "+"
        return (
            f"{_value(left, name, tight=not chain)} {_SIGNS[node.target]} {_value(right, name, tight=True)}"
        )
    if node.target is operator.getitem:
        return f"{_value(node.args[0], name, tight=True)}[{_index(node.args[1], name)}]"
    given = {key: value for key, value in node.kwargs.items() if value != _default(node.target, key)}
    return f"{_function_name(node.target)}({_arguments(node.args, given, name)})"


def _default(function: Callable[..., Any], parameter: str) -> object:
    """What a function takes where nothing is given; `_UNKNOWN` for those that do not say."""
    try:
        return inspect.signature(function).parameters[parameter].default
    except (ValueError, KeyError):
        return _UNKNOWN


def _function_name(function: object) -> str:
    for prefix, names in (
        ("operator", vars(operator)),
        ("torch", vars(torch)),
        ("functional", vars(functional)),
    ):
        for name, known in names.items():
            if known is function and not name.startswith("__"):
                return f"{prefix}.{name}"
    raise UsageError(f"the network uses {function!r:.60}, which export cannot write as code")


def _arguments(args: tuple[Any, ...], kwargs: dict[str, Any], name: Name) -> str:
    given = [_value(value, name) for value in args]
    given += [f"{key}={_value(value, name)}" for key, value in kwargs.items()]
    return ", ".join(given)


def _index(index: Any, name: Name) -> str:
    if isinstance(index, tuple) and index:
        return ", ".join(_index(part, name) for part in index)
    if not isinstance(index, slice):
        return _value(index, name)
    ends = ["" if end is None else _value(end, name) for end in (index.start, index.stop)]
    return ":".join(ends) + ("" if index.step is None else f":{_value(index.step, name)}")


def _value(value: Any, name: Name, *, tight: bool = False) -> str:
    """An argument; `tight` where parentheses are wanted around arithmetic."""
    if isinstance(value, fx.Node):
        text = name(value)
        return f"({text})" if tight and not text.isidentifier() and is_sum(value) else text
    if isinstance(value, list | tuple):
        inner = ", ".join(_value(part, name) for part in value)
        if isinstance(value, list):
            return f"[{inner}]"
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if value is None or isinstance(value, bool | int | float | str | torch.dtype):
        return repr(value)
    raise UsageError(f"the network uses {value!r:.60}, which export cannot write as code")
