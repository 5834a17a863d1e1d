"""Networks of a declared space: by a function of the architecture, or by a template of PyTorch's layers.

A template is a list of layers in a row. Each is a call of a class in `torch.nn` whose arguments are values or names of
decisions, and perhaps numbers computed from them:

    [[build]]
    layer = "LazyLinear(width)"
    repeat = "depth"                  # that many in a row; 1 if it is left out
    [[build]]
    layer = "Dropout(rate)"
    when = "rate > 0"

Beside decisions `inputs`, `channels` and `outputs` can be named, numbers of the task: `LazyLinear(outputs)`. It is
read, not run: nothing but layers of `torch.nn` can be named.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np

from archwalk.errors import ArchwalkError, UsageError, unknown
from archwalk.registry import find_attribute
from archwalk.spaces.declared.decisions import Decision
from archwalk.spaces.declared.expressions import Column, compile_expression, compile_number, word
from archwalk.spaces.task import Task

if TYPE_CHECKING:
    import torch

MOST_LAYERS = 10_000

Builder = Callable[..., Any]
"""Makes a network (a `torch.nn.Module`) of an architecture's description, and perhaps of a parameter `task`."""

Columns = Mapping[str, Column]
Argument = Callable[[Mapping[str, Any], Columns], Any]
"""A value that a layer is called with, of a description and of its decisions as expressions read them."""


def call_builder(
    name: str, build: Builder | str | None, description: Mapping[str, Any], task: Task | None
) -> torch.nn.Module:
    """The network that a function of the space called `name` makes; it gets the task if it has a parameter `task`.

    Raises UsageError where no function is declared, ArchwalkError where it fails.
    """
    from torch import nn

    if build is None:
        raise UsageError(
            f"the space {name!r} does not say how to build a network: its declaration has no build"
        )
    function: Any = find_attribute(build, "build") if isinstance(build, str) else build
    try:
        network = function(
            dict(description), **({"task": task} if "task" in signature(function).parameters else {})
        )
    except ArchwalkError:
        raise
    except Exception as error:
        raise ArchwalkError(f"build of {name!r} fails for {dict(description)}: {error}") from error
    if not isinstance(network, nn.Module):
        raise ArchwalkError(f"build of {name!r} gives a {type(network).__name__}, no torch.nn.Module")
    return network


@dataclass(frozen=True)
class Entry:
    """One entry of a template: a call of a layer of `torch.nn`, how often it stands in a row, and where it is there."""

    layer: str
    repeat: int | str = 1
    when: str | None = None

    @classmethod
    def of(cls, declared: object) -> Entry:
        """Read {"layer": "LazyLinear(width)", "repeat": "depth", "when": "..."}. Raises UsageError."""
        if not isinstance(declared, Mapping) or not isinstance(declared.get("layer"), str):
            raise UsageError('an entry of build has a layer, such as layer = "LazyLinear(width)"')
        for key in declared:
            if key not in ("layer", "repeat", "when"):
                raise UsageError(f"an entry of build has no key {key!r}; known: layer, repeat, when")
        return cls(**declared)

    def as_dict(self) -> dict[str, Any]:
        """What `of` reads."""
        optional = {"repeat": self.repeat if self.repeat != 1 else None, "when": self.when}
        return {"layer": self.layer} | {key: value for key, value in optional.items() if value is not None}


@dataclass(frozen=True)
class Layer:
    """One entry of a template, compiled."""

    text: str
    kind: str
    positional: tuple[Argument, ...]
    named: Mapping[str, Argument]
    repeat: Argument
    when: Argument

    @classmethod
    def of(cls, entry: Entry, decisions: Sequence[Decision]) -> Layer:
        """Compile an entry. Raises UsageError."""
        text, when = entry.layer, entry.when
        try:
            call = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            call = None
        match call:
            case ast.Call(ast.Name(kind), positional, named) if all(one.arg for one in named):
                pass
            case _:
                raise UsageError(f"a layer of build is a call such as LazyLinear(width), not {text!r}")
        where = f"layer {text!r}"
        number = compile_number(str(entry.repeat), decisions, f"repeat of {where}")
        truth = compile_expression(str(when), decisions, f"when of {where}") if when is not None else None
        return cls(
            text,
            kind,
            tuple(_argument(one, decisions, where) for one in positional),
            {str(one.arg): _argument(one.value, decisions, where) for one in named},
            lambda _, columns: number(columns).values_B[0],
            lambda _, columns: (
                truth is None or bool((found := truth(columns)).values_B[0] and found.known_B[0])
            ),
        )

    def make(self, description: Mapping[str, Any], columns: Columns) -> list[torch.nn.Module]:
        """The modules of one architecture."""
        from torch import nn

        if not self.when(description, columns):
            return []
        kind = getattr(nn, self.kind, None)
        if not (isinstance(kind, type) and issubclass(kind, nn.Module)):
            known = [
                name for name, one in vars(nn).items() if isinstance(one, type) and issubclass(one, nn.Module)
            ]
            raise unknown("layer of torch.nn", self.kind, known)
        times = float(self.repeat(description, columns))
        if not 0 <= times <= MOST_LAYERS:
            raise ArchwalkError(f"layer {self.text!r} is to be repeated {times:g} times")
        positional = [one(description, columns) for one in self.positional]
        named = {name: one(description, columns) for name, one in self.named.items()}
        try:
            return [kind(*positional, **named) for _ in range(int(times))]
        except (TypeError, ValueError, RuntimeError) as error:
            told = ", ".join([*map(repr, positional), *(f"{k}={v!r}" for k, v in named.items())])
            raise ArchwalkError(f"layer {self.kind}({told}) cannot be built: {error}") from error


def compile_template(entries: Sequence[Entry], decisions: Sequence[Decision]) -> list[Layer]:
    """The layers of a template. Raises UsageError."""
    if not entries:
        raise UsageError("build has no layers")
    return [Layer.of(entry, decisions) for entry in entries]


def task_words(task: Task | None) -> dict[str, Any]:
    """What a template can say of a task: values of one input, its first dimension, outputs."""
    if task is None:
        return {}
    return {"inputs": math.prod(task.shape), "channels": task.shape[0], "outputs": task.outputs}


def _of_task(name: str, where: str) -> Argument:
    def read(words: Mapping[str, Any], columns: Columns) -> Any:
        if name not in words:
            raise UsageError(f"{where} needs a task, which says how many {name} there are")
        return words[name]

    return read


def columns_of(description: Mapping[str, Any], decisions: Sequence[Decision]) -> dict[str, Column]:
    """One architecture's decisions as expressions read them."""
    return {
        word(decision.name): Column(
            np.array([decision.index(description[decision.name]) if decision.name in description else 0]),
            np.array([decision.name in description]),
        )
        for decision in decisions
    }


def _argument(node: ast.expr, decisions: Sequence[Decision], where: str) -> Argument:
    """A constant, a tuple, a decision's value, or a number computed from decisions."""
    by_word = {word(decision.name): decision for decision in decisions}
    match node:
        case ast.Constant(value):
            return lambda *_: value
        case ast.Name("true" | "false" as truth):
            return lambda *_: truth == "true"
        case ast.Name(name) if name in by_word:
            return lambda description, _: description.get(by_word[name].name)
        case ast.Name("inputs" | "channels" | "outputs" as name):
            return _of_task(name, where)
        case ast.Tuple(elements) | ast.List(elements):
            parts = [_argument(element, decisions, where) for element in elements]
            return lambda description, columns: tuple(part(description, columns) for part in parts)
    number = compile_number(ast.unparse(node), decisions, where)

    def compute(_: Mapping[str, Any], columns: Columns) -> float:
        value = float(number(columns).values_B[0])
        return int(value) if value.is_integer() else value

    return compute
