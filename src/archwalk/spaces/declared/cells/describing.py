"""Cells as JSON, as graphs, and as drawings.

Vertices are numbered: the inputs, the nodes, and, where edges lead there, the output. With operations on nodes a cell
is {"ops": ["input", "conv", "output"], "edges": [[0, 1], [1, 2]]}, with operations on edges {"edges": [[0, 1, "conv"]]}
alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import InvalidArchitectureError, unknown
from archwalk.spaces.base import Codes, require_keys
from archwalk.spaces.dags import Graph
from archwalk.spaces.declared.cells.canonical import canonical, scratch
from archwalk.spaces.declared.cells.cell import Cell
from archwalk.spaces.declared.cells.limits import graph_room, read_code
from archwalk.spaces.declared.cells.strings import prune
from archwalk.spaces.foreign import plain

INPUT, OUTPUT = "input", "output"
_MOST_VERTICES = 100  # before those on no way to the output are taken off

Edge = tuple[int, int, int]
"""From, to, kind."""


def describe_cell(cell: Cell, code_L: Codes) -> dict[str, Any]:
    """What `parse_cell` reads."""
    nodes, edges = graph_of(cell, code_L)
    if cell.on == "edges":
        return {"edges": [[u, v, cell.operations[kind - 1]] for u, v, kind in edges]}
    ends = [OUTPUT] * cell.limits.reached
    words = [*[INPUT] * cell.inputs, *(cell.operations[label - 1] for label in nodes), *ends]
    return {"ops": words, "edges": [[u, v] for u, v, _ in edges]}


def graph_of(cell: Cell, code_L: Codes) -> tuple[list[int], list[Edge]]:
    """Labels of the nodes, and edges, of a code."""
    limits = cell.limits
    label, edge = graph_room(limits)
    n = int(read_code(limits, code_L, label, edge))
    labels = label[limits.inputs : limits.inputs + n].tolist()
    return labels, [(int(u), int(v), int(edge[u, v])) for v, u in np.argwhere(edge.T)]


def diagram(cell: Cell, code_L: Codes) -> Graph:
    """A cell for people: boxes for operations, those on edges between boxes for the sums."""
    nodes, edges = graph_of(cell, code_L)
    inputs = [INPUT] if cell.inputs == 1 else [f"input {i}" for i in range(1, cell.inputs + 1)]
    on_nodes = cell.on == "nodes"
    inner = [cell.operations[label - 1] if on_nodes else f"sum {i}" for i, label in enumerate(nodes, start=1)]
    words, output = [*inputs, *inner, OUTPUT], len(inputs) + len(inner)
    read = {u for u, _, _ in edges}
    implied = [] if cell.limits.reached else [
        v for v in range(cell.inputs, output) if cell.output == "nodes" or v not in read
    ]  # fmt: skip
    arrows = [(v, output) for v in implied]
    for u, v, kind in edges:
        if on_nodes:
            arrows.append((u, v))
        else:
            arrows += [(u, len(words)), (len(words), v)]
            words.append(cell.operations[kind - 1])
    return words, arrows


def parse_cell(cell: Cell, description: object) -> Codes:
    """The code (L,) of a description; nodes that lie on no way from an input to the output are taken off.

    Beside the form of `describe_cell` it reads a "matrix" in place of edges (NAS-Bench-101) and, for operations on
    edges and one input, `|conv~0|+|skip~0|conv~1|` (NAS-Bench-201), also as {"arch_str": ...}. Raises
    InvalidArchitectureError.
    """
    given = plain(description)
    if cell.on == "edges":
        edges = _edges_with_operations(cell, given)
        count = max((v for _, v, _ in edges), default=0) + 1
        labels = [1] * max(0, count - cell.inputs - cell.limits.reached)
    else:
        labels, edges = _operations_and_edges(cell, given)
        count = cell.inputs + len(labels) + cell.limits.reached
    if count > _MOST_VERTICES:
        raise InvalidArchitectureError(f"the cell has {count} vertices; at most {_MOST_VERTICES} are read")
    _check_edges(cell, edges, count)
    return _settle(cell, labels, edges, count)


def _operations_and_edges(cell: Cell, given: object) -> tuple[list[int], list[Edge]]:
    found = require_keys(
        given, "ops", "matrix" if isinstance(given, Mapping) and "matrix" in given else "edges"
    )
    words = found["ops"]
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise InvalidArchitectureError('"ops" is a list of words, one a vertex')
    ends = cell.limits.reached
    inner = words[cell.inputs : len(words) - ends]
    if words != [*[INPUT] * cell.inputs, *inner, *[OUTPUT] * ends]:
        form = " ".join([*[INPUT] * cell.inputs, "...", *[OUTPUT] * ends])
        raise InvalidArchitectureError(
            f'"ops" has the form {form}: one word a vertex, operations between them'
        )
    labels = [_operation(cell, word) for word in inner]
    if "matrix" in found:
        return labels, _edges_of_matrix(found["matrix"], len(words))
    edges = found["edges"]
    if not isinstance(edges, list) or not all(_whole_numbers(pair, 2) for pair in edges):
        raise InvalidArchitectureError('"edges" is a list of pairs [from, to] of vertices, numbered from 0')
    return labels, [(u, v, 1) for u, v in edges]


def _edges_of_matrix(rows: object, vertices: int) -> list[Edge]:
    if (
        not isinstance(rows, list)
        or len(rows) != vertices
        or not all(_whole_numbers(row, vertices) for row in rows)
    ):
        raise InvalidArchitectureError(
            f'"matrix" is {vertices} lists of {vertices} numbers 0 and 1, as "ops" has words'
        )
    if any(entry not in (0, 1) for row in rows for entry in row):
        raise InvalidArchitectureError('"matrix" may hold only 0 and 1')
    return [(u, v, 1) for u, row in enumerate(rows) for v, entry in enumerate(row) if entry]


def _edges_with_operations(cell: Cell, given: object) -> list[Edge]:
    if isinstance(given, Mapping) and isinstance(given.get("arch_str"), str):
        given = given["arch_str"]
    if isinstance(given, str):
        return _edges_of_string(cell, given)
    edges = require_keys(given, "edges")["edges"]
    if not isinstance(edges, list) or not all(
        isinstance(edge, list) and len(edge) == 3 and _whole_numbers(edge[:2], 2) and isinstance(edge[2], str)
        for edge in edges
    ):
        raise InvalidArchitectureError('"edges" is a list of [from, to, operation], vertices numbered from 0')
    return [(u, v, _operation(cell, word)) for u, v, word in edges]


def _edges_of_string(cell: Cell, text: str) -> list[Edge]:
    """Of `|op~0|+|op~0|op~1|`: groups are the vertices behind the input; an operation `none` that is not declared takes
    its edge out.
    """
    form = "an architecture has the form |op~0|+|op~0|op~1|, a group for each vertex behind the input"
    if cell.inputs != 1:
        raise InvalidArchitectureError('an architecture is a JSON object with the key "edges"')
    edges = []
    for v, group in enumerate(text.strip().split("+"), start=1):
        for entry in group.strip().strip("|").split("|"):
            word, _, source = entry.rpartition("~")
            if not word or not source.isascii() or not source.isdigit() or len(source) > 3:
                raise InvalidArchitectureError(f"{form}, not {text[:80]!r}")
            if word != "none" or word in cell.operations:
                edges.append((int(source), v, _operation(cell, word)))
    return edges


def _operation(cell: Cell, word: str) -> int:
    if word not in cell.operations:
        raise InvalidArchitectureError(str(unknown("operation", word, cell.operations)))
    return cell.operations.index(word) + 1


def _whole_numbers(given: object, count: int) -> bool:
    return isinstance(given, list) and len(given) == count and all(type(one) is int for one in given)


def _check_edges(cell: Cell, edges: list[Edge], count: int) -> None:
    pairs = {(u, v) for u, v, _ in edges}
    for u, v in pairs:
        if not (0 <= u < count and 0 <= v < count):
            raise InvalidArchitectureError(f"edge [{u}, {v}] names no vertex; there are {count}")
        if v < cell.inputs:
            raise InvalidArchitectureError(f"edge [{u}, {v}] leads to an input")
        if cell.limits.reached and u == count - 1:
            raise InvalidArchitectureError(f"edge [{u}, {v}] leaves the output, which is the last vertex")
    if len(pairs) < len(edges):
        raise InvalidArchitectureError("two edges join the same vertices")


def _settle(cell: Cell, labels: list[int], edges: list[Edge], count: int) -> Codes:
    """The code of a graph in any numbering, pruned."""
    limits = cell.limits
    order = _ascending(limits.inputs, edges, count, limits.reached)
    place = {v: i for i, v in enumerate(order)}
    size = max(count, limits.vertices) + 1
    label, edge = np.zeros(size, np.int8), np.zeros((size, size), np.int8)
    for i, one in enumerate(labels):
        label[place[limits.inputs + i]] = one
    for u, v, kind in edges:
        edge[place[u], place[v]] = kind
    n = int(prune(limits, len(labels), label, edge))
    code_L = np.empty(limits.code_length, np.int32)
    _check(cell, n, edge)
    if not canonical(limits, n, *_trimmed(label, edge, limits.vertices + 1), scratch(limits), code_L):
        raise InvalidArchitectureError("the cell is not within the limits that are declared")
    return code_L


def _trimmed(
    label: NDArray[np.int8], edge: NDArray[np.int8], size: int
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    return label[:size].copy(), edge[:size, :size].copy()


def _ascending(inputs: int, edges: list[Edge], count: int, reached: int) -> list[int]:
    """The vertices in an order in which edges ascend, the output last. Raises InvalidArchitectureError for a cycle."""
    order, left = list(range(inputs)), list(range(inputs, count - reached))
    sources: dict[int, set[int]] = {v: set() for v in range(count)}
    for u, v, _ in edges:
        sources[v].add(u)
    while left:
        ready = next((v for v in left if sources[v].isdisjoint(left)), None)
        if ready is None:
            raise InvalidArchitectureError("the edges close a cycle")
        order.append(ready)
        left.remove(ready)
    return order + [count - 1] * reached


def _check(cell: Cell, n: int, edge: NDArray[np.int8]) -> None:
    """Raise InvalidArchitectureError with the limit that a pruned cell breaks."""
    limits = cell.limits
    if n < 0 or (limits.reached and not edge[: limits.inputs + n, limits.inputs + n].any()):
        raise InvalidArchitectureError("no path leads from an input to the output")
    if not limits.least_nodes <= n <= limits.nodes:
        raise InvalidArchitectureError(
            f"{n} nodes lie on paths to the output; the cell has {_told(limits.least_nodes, limits.nodes)}"
        )
    edges = int((edge > 0).sum())
    if not limits.least_edges <= edges <= limits.edges:
        raise InvalidArchitectureError(
            f"{edges} edges lie on paths to the output; the cell has {_told(limits.least_edges, limits.edges)}"
        )
    for v in range(limits.inputs, limits.inputs + n):
        into = int((edge[:, v] > 0).sum())
        if not limits.least_incoming <= into <= limits.incoming:
            raise InvalidArchitectureError(
                f"a node reads {into} vertices; a node reads {_told(limits.least_incoming, limits.incoming)}"
            )


def _told(least: int, most: int) -> str:
    return f"{least}" if least == most else f"{least} to {most}"
