"""A cell as it is declared: its nodes, its operations, limits of its edges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from archwalk.errors import UsageError, unknown
from archwalk.spaces.declared.cells.limits import Limits

PLACES = ("nodes", "edges")
OUTPUTS = ("edges", "ends", "nodes")
KEYS = ("operations", "on", "nodes", "edges", "incoming", "inputs", "output")
MOST_NODES, MOST_INPUTS, MOST_OPERATIONS = 20, 8, 100

Range = int | tuple[int, int]


@dataclass(frozen=True)
class Cell:
    """Directed acyclic graphs of `nodes` between `inputs` and an output, with `operations` on the nodes or, by
    `on="edges"`, on the edges.

    A number alone is exact, a pair says from and to, with both ends. `edges` counts all edges of a cell, those to the
    output too where there are any; "all" joins every two vertices. `incoming` counts the edges into a node. The output
    is read off by edges (`output="edges"`: every node leads to it, by some way), or reads the nodes that no other node
    reads ("ends"), or all of them ("nodes"); without edges to the output there are none to choose. Raises UsageError.
    """

    operations: tuple[str, ...]
    on: str = "nodes"
    nodes: Range = (1, 4)
    edges: Range | str | None = None
    incoming: Range | None = None
    inputs: int = 1
    output: str = "edges"

    def __post_init__(self) -> None:
        object.__setattr__(self, "operations", _words("operations", self.operations))
        for name, known in (("on", PLACES), ("output", OUTPUTS)):
            if getattr(self, name) not in known:
                raise UsageError(str(unknown(f"{name} of a cell", str(getattr(self, name)), known)))
        for name in ("nodes", "edges", "incoming"):
            given = getattr(self, name)
            if given is not None and not (name == "edges" and given == "all"):
                object.__setattr__(self, name, _range(name, given))
        self.limits  # noqa: B018 - or it says what makes no sense

    @cached_property
    def limits(self) -> Limits:
        """As numbers. Raises UsageError where they contradict each other."""
        _whole("inputs", self.inputs, 1, MOST_INPUTS)
        least, most = _range("nodes", self.nodes)
        reached = int(self.output == "edges")
        if most > MOST_NODES or most < 1:
            raise UsageError(f"nodes of a cell are 1 to {MOST_NODES}, and {most} are declared")
        if not reached and not least:
            raise UsageError(f"a cell whose output reads its {self.output} has one node at least, not 0")
        all_edges = self.inputs * most + most * (most - 1) // 2 + reached * (self.inputs + most)
        if self.edges == "all" and least < most:
            raise UsageError('edges = "all" needs a number of nodes, not a range')
        edges = (
            (all_edges, all_edges) if self.edges == "all" else _range("edges", self.edges or (0, all_edges))
        )
        incoming = _range("incoming", self.incoming or (1, self.inputs + most - 1))
        if incoming[0] > self.inputs:
            raise UsageError(
                f"incoming = {incoming[0]} needs as many inputs, since the first node reads nothing else; "
                f"there are {self.inputs}"
            )
        needed = least * max(incoming[0], 1) + reached
        if needed > edges[1]:
            raise UsageError(f"{least} nodes need {needed} edges, and at most {edges[1]} are allowed")
        on_nodes = self.on == "nodes"
        kinds = len(self.operations)
        return Limits(
            self.inputs, least, most, kinds if on_nodes else 1, 1 if on_nodes else kinds,
            edges[0], min(edges[1], all_edges), max(incoming[0], 1), min(incoming[1], self.inputs + most - 1), reached,
        )  # fmt: skip

    @property
    def complete(self) -> bool:
        """Whether every two vertices are joined."""
        limits = self.limits
        return limits.least_edges == limits.pairs

    def as_dict(self) -> dict[str, Any]:
        """As `read_cell` takes it."""
        found = {key: getattr(self, key) for key in KEYS}
        plain = {key: list(value) if isinstance(value, tuple) else value for key, value in found.items()}
        return {key: value for key, value in plain.items() if value is not None}


def read_cell(declared: object) -> Cell:
    """The cell of a table in TOML or JSON. Raises UsageError."""
    if not isinstance(declared, Mapping):
        raise UsageError('a cell is a table, such as operations = ["conv", "pool"] and nodes = [1, 5]')
    for key in declared:
        if key not in KEYS:
            raise unknown("key of a cell", str(key), KEYS)
    if "operations" not in declared:
        raise UsageError('a cell needs operations = ["conv", "pool"]')
    given: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in declared.items()
    }
    return Cell(**given)


def _words(name: str, values: object) -> tuple[str, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise UsageError(f"{name} of a cell are a list of words, not {values!r}")
    words = tuple(values)
    if not 1 <= len(words) <= MOST_OPERATIONS or not all(
        isinstance(word, str) and word.strip() for word in words
    ):
        raise UsageError(f"{name} of a cell are 1 to {MOST_OPERATIONS} words")
    if len(set(words)) < len(words):
        raise UsageError(f"{name} of a cell name one twice: {', '.join(words)[:200]}")
    for word in words:
        if word in ("input", "output"):
            raise UsageError(f"{word!r} is no operation: cells have an {word} of their own")
    return words


def _range(name: str, given: Any) -> tuple[int, int]:
    ends = (given, given) if type(given) is int else given
    if not isinstance(ends, list | tuple) or len(ends) != 2 or not all(type(end) is int for end in ends):
        raise UsageError(f"{name} of a cell is a number, or from and to as [1, 5], not {given!r}")
    if not 0 <= ends[0] <= ends[1]:
        raise UsageError(f"{name} of a cell go from {ends[0]} to {ends[1]}: nothing lies between")
    return int(ends[0]), int(ends[1])


def _whole(name: str, given: object, least: int, most: int) -> None:
    if type(given) is not int or not least <= given <= most:
        raise UsageError(f"{name} of a cell is a whole number from {least} to {most}, not {given!r}")
