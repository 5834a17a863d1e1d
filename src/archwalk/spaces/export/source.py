"""A recorded calculation as Python: the layers of `__init__` and the lines of `forward`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise

from torch import fx, nn

from archwalk.errors import UsageError
from archwalk.spaces.export.expressions import expression, is_short, is_slice, step_name
from archwalk.spaces.export.layers import attribute, constructor, readable, unused

_INDENT = " " * 8
_RESERVED = {"self", "torch", "nn", "functional", "operator"}
_LONG = 2
"""Blocks of more lines stand between empty ones."""

Line = tuple[str, str]
"""The block, a cell say, that a line is part of, and the line."""


def write_layers(network: nn.Module, graph: fx.Graph) -> tuple[dict[str, str], str]:
    """The attribute of each module that is a step, and the lines that make them, in the network's own order.

    So the weights of both come in the same order. Raises UsageError if the calculation leaves some out.
    """
    steps = {str(node.target) for node in graph.nodes if node.op == "call_module"}
    names: dict[str, str] = {}
    taken: set[str] = set()
    lines = []
    for path, module in network.named_modules():
        if path in steps:
            names[path] = attribute(readable(network, path), taken)
            lines.append(f"{_INDENT}self.{names[path]} = {constructor(module, _INDENT)}\n")
    for weights, _ in network.named_parameters():
        if not any(weights.startswith(f"{path}.") for path in steps):
            raise UsageError(f"the network's scores do not depend on {weights}; build it without")
    return names, "".join(lines)


def write_forward(network: nn.Module, graph: fx.Graph, layers: dict[str, str]) -> str:
    """The lines of `forward`."""
    blocks = [
        [f"{_INDENT}{text}\n" for _, text in lines]
        for _, lines in groupby(_Forward(network, graph, layers).lines(), key=lambda line: line[0])
    ]
    gaps = ["\n" if max(len(a), len(b)) > _LONG else "" for a, b in pairwise(blocks)]
    return "".join("".join(block) + gap for block, gap in zip(blocks, [*gaps, ""], strict=True))


class _Forward:
    """Variables are named within their block, and a name is given anew when its value has been read for the last time:
    so the tensors of a cell are free as soon as the next cell needs the names.
    """

    def __init__(self, network: nn.Module, graph: fx.Graph, layers: dict[str, str]) -> None:
        self.network, self.layers = network, layers
        self.nodes = list(graph.nodes)
        self.place = {node: i for i, node in enumerate(self.nodes)}
        self.line_of = self._lines_of()
        self.texts: dict[fx.Node, str] = {}
        self.held: dict[str, int] = {}
        """For each variable the line that reads it last."""

    def lines(self) -> Iterator[Line]:
        """All lines with their blocks."""
        for i, node in enumerate(self.nodes):
            if node.op == "placeholder":
                self._name(node, str(node.target))
            elif node.op == "output":
                yield self._block(node), f"return {self._returned(node)}"
            else:
                text = expression(node, self.texts.__getitem__, self.layers)
                if self.line_of[node] != i:
                    self.texts[node] = text
                elif node.users:
                    yield self._block(node), f"{self._name(node, self._local_name(node))} = {text}"
                else:
                    yield self._block(node), f"{text}  # nothing reads this"

    def _lines_of(self) -> dict[fx.Node, int]:
        """The place of the step in whose line each step is written: its own, or that of the one that reads it."""
        found: dict[fx.Node, int] = {}
        for node in reversed(self.nodes):
            found[node] = found[next(iter(node.users))] if self._is_inside(node) else self.place[node]
        return found

    def _is_inside(self, node: fx.Node) -> bool:
        """Whether a step is written inside the one that reads it: a slice, or what only such steps stand between."""
        readers = list(node.users)
        if len(readers) != 1 or not is_short(node):
            return False
        between = self.nodes[self.place[node] + 1 : self.place[readers[0]]]
        movable = is_slice(node) or all(map(is_short, between))
        return movable and _times_read(node, readers[0]) == 1

    def _name(self, node: fx.Node, wanted: str) -> str:
        line = self.line_of[node]
        taken = {name for name, last in self.held.items() if last > line}
        name = unused(wanted, taken | _RESERVED)
        self.held[name] = max((self.line_of[reader] for reader in node.users), default=line)
        self.texts[node] = name
        return name

    def _local_name(self, node: fx.Node) -> str:
        scope = node.meta["scope"]
        if "gives" in node.meta:
            path = node.meta["gives"]
            return self._beyond(path, path.rpartition(".")[0])
        return self._beyond(str(node.target), scope) if node.op == "call_module" else step_name(node)

    def _beyond(self, path: str, scope: str) -> str:
        """A module's name within another."""
        words, outer = readable(self.network, path), readable(self.network, scope)
        while len(words) > 1 and outer and words[0] == outer[0]:
            words, outer = words[1:], outer[1:]
        return "_".join(words)

    def _block(self, node: fx.Node) -> str:
        return (readable(self.network, node.meta["scope"]) or [""])[0] if "scope" in node.meta else ""

    def _returned(self, node: fx.Node) -> str:
        (value,) = node.args
        if isinstance(value, fx.Node):
            return self.texts[value]
        if not isinstance(value, tuple) or not all(isinstance(part, fx.Node) for part in value):
            raise UsageError(
                "the network gives neither a tensor nor several, which export cannot write as code"
            )
        return ", ".join(self.texts[part] for part in value if isinstance(part, fx.Node))


def _times_read(node: fx.Node, reader: fx.Node) -> int:
    count = 0

    def see(earlier: fx.Node) -> fx.Node:
        nonlocal count
        count += earlier is node
        return earlier

    fx.node.map_arg((reader.args, reader.kwargs), see)
    return count
