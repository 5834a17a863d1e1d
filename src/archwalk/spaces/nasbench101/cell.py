"""A NAS-Bench-101 cell as people write it: an adjacency matrix and a list of operations."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import InvalidArchitectureError, unknown
from archwalk.spaces.base import require_keys
from archwalk.spaces.foreign import plain, whole_numbers

INPUT, OUTPUT = "input", "output"
OPERATIONS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
"""Operations of interior vertices; the index is the label in codes and in the published hash."""

INPUT_LABEL, OUTPUT_LABEL = -1, -2

NASLIB_OPERATIONS = (INPUT, OUTPUT, "maxpool3x3", "conv1x1-bn-relu", "conv3x3-bn-relu")
"""In the order of NASLib's tuples (github.com/automl/NASLib, `nasbench101/conversions.py`)."""


@dataclass(frozen=True)
class Cell:
    """A pruned cell: upper-triangular `matrix` (V, V) of 0 and 1 and the label of each vertex.

    Labels are those of the published hash: -1 input, -2 output, else the index in `OPERATIONS`.
    """

    matrix: NDArray[np.int8]
    labels: tuple[int, ...]

    @property
    def vertices(self) -> int:
        """V, input and output included."""
        return len(self.labels)

    @property
    def operations(self) -> tuple[str, ...]:
        """The operation of each vertex in the published words."""
        names = {INPUT_LABEL: INPUT, OUTPUT_LABEL: OUTPUT, **dict(enumerate(OPERATIONS))}
        return tuple(names[label] for label in self.labels)

    @property
    def edges(self) -> list[tuple[int, int]]:
        """Pairs (source, target)."""
        return [(int(a), int(b)) for a, b in np.argwhere(self.matrix)]


def read_cell(description: object, max_vertices: int, max_edges: int) -> Cell:
    """Read the published form, {"matrix": [[0, 1, ...], ...], "ops": ["input", ..., "output"]}, and prune it.

    NASLib's tuple of both is read too (see `write_naslib`). As in nasbench, the limits hold after pruning. Raises
    InvalidArchitectureError.
    """
    fields = require_keys(_without_tuple(plain(description)), "matrix", "ops")
    matrix = _read_matrix(fields["matrix"])
    labels = _read_labels(fields["ops"], len(matrix))
    kept = _vertices_between(matrix)
    if 0 not in kept:
        raise InvalidArchitectureError(
            "no path leads from the input (first vertex) to the output (last vertex)"
        )
    cell = Cell(matrix[np.ix_(kept, kept)], tuple(labels[v] for v in kept))
    if cell.vertices > max_vertices:
        raise InvalidArchitectureError(
            f"{cell.vertices} vertices lie on paths from input to output; at most {max_vertices} are allowed"
        )
    if cell.matrix.sum() > max_edges:
        raise InvalidArchitectureError(
            f"{cell.matrix.sum()} edges remain after pruning; at most {max_edges} are allowed"
        )
    return cell


def write_cell(cell: Cell) -> dict[str, Any]:
    """The published form of a cell."""
    return {"matrix": cell.matrix.tolist(), "ops": list(cell.operations)}


def write_naslib(cell: Cell) -> str:
    """NASLib's tuple: the matrix row by row, then the operations as places in `NASLIB_OPERATIONS`."""
    operations = [NASLIB_OPERATIONS.index(name) for name in cell.operations]
    return str((*cell.matrix.reshape(-1).tolist(), *operations))


def _without_tuple(description: object) -> object:
    """The published form of NASLib's tuple; anything else as it is."""
    numbers = whole_numbers(description, len(NASLIB_OPERATIONS))
    vertices = isqrt(len(numbers)) if numbers else 0
    if not numbers or vertices < 2 or vertices * (vertices + 1) != len(numbers):
        return description
    rows = [numbers[v * vertices : (v + 1) * vertices] for v in range(vertices)]
    return {"matrix": rows, "ops": [NASLIB_OPERATIONS[operation] for operation in numbers[vertices**2 :]]}


def _read_matrix(rows: object) -> NDArray[np.int8]:
    try:
        matrix = np.array(rows, dtype=np.float64)
    except (ValueError, TypeError):
        matrix = np.empty(0)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) < 2:
        raise InvalidArchitectureError('"matrix" must be a square list of lists of 0 and 1, at least 2 by 2')
    if not np.isin(matrix, (0, 1)).all():
        raise InvalidArchitectureError('"matrix" may hold only 0 and 1')
    below = np.argwhere(np.tril(matrix))
    if len(below):
        a, b = below[0]
        raise InvalidArchitectureError(
            f'"matrix" must be upper-triangular (no cycles): entry [{a}][{b}] is 1; number the vertices in '
            "topological order"
        )
    return matrix.astype(np.int8)


def _read_labels(operations: object, vertices: int) -> list[int]:
    if not isinstance(operations, Iterable) or isinstance(operations, str | dict):
        raise InvalidArchitectureError('"ops" must be a list of operations, one a vertex')
    names = [str(name) for name in operations]
    if len(names) != vertices:
        raise InvalidArchitectureError(f'"ops" names {len(names)} vertices but "matrix" has {vertices}')
    if names[0] != INPUT or names[-1] != OUTPUT:
        raise InvalidArchitectureError('"ops" must begin with "input" and end with "output"')
    for name in names[1:-1]:
        if name not in OPERATIONS:
            raise InvalidArchitectureError(str(unknown("operation", name, OPERATIONS)))
    return [INPUT_LABEL, *(OPERATIONS.index(name) for name in names[1:-1]), OUTPUT_LABEL]


def _vertices_between(matrix: NDArray[np.int8]) -> list[int]:
    """Vertices that the input reaches and that reach the output, ascending."""
    last = len(matrix) - 1
    reached, reaching = {0}, {last}
    for v in range(1, last + 1):  # rows are in topological order
        if any(matrix[u, v] for u in reached):
            reached.add(v)
    for v in range(last - 1, -1, -1):
        if any(matrix[v, w] for w in reaching):
            reaching.add(v)
    return sorted(reached & reaching)
