"""A DARTS architecture as people write it, in the words of DARTS' `Genotype`."""

from typing import Any

import numpy as np

from archwalk.errors import InvalidArchitectureError, unknown
from archwalk.spaces.base import Codes, require_keys
from archwalk.spaces.darts.code import (
    CELLS,
    EDGES,
    INPUTS,
    NODES,
    OPERATIONS,
    canonical_codes,
    genotype_arrays,
)
from archwalk.spaces.foreign import plain, whole_numbers

CONCAT = list(range(INPUTS, INPUTS + NODES))
"""The states that are a cell's output: all its nodes."""


def read_genotype(description: object) -> Codes:
    """The code (32,) of {"normal": [[operation, input], ... 8], "normal_concat": [2, 3, 4, 5], "reduce": ...}.

    The two edges of a node come in any order. A `Genotype` is read, or its text, and NASLib's compact form (see
    `write_compact`). Raises InvalidArchitectureError.
    """
    fields = require_keys(
        _without_compact(plain(description)), *(key for cell in CELLS for key in (cell, f"{cell}_concat"))
    )
    cells = []
    for cell in CELLS:
        cells.append(_read_cell(cell, fields[cell]))
        if fields[f"{cell}_concat"] != CONCAT:
            raise InvalidArchitectureError(f'"{cell}_concat" must be {CONCAT}, all nodes of the cell')
    edges = np.array([cells])
    code: Codes = canonical_codes(edges[..., 0], edges[..., 1])[0]
    return code


def write_genotype(code_L: Codes) -> dict[str, Any]:
    """What `read_genotype` reads, the lower input of each node first."""
    inputs, operations = genotype_arrays(code_L[None])
    genotype: dict[str, Any] = {}
    for c, cell in enumerate(CELLS):
        edges = zip(operations[0, c].tolist(), inputs[0, c].tolist(), strict=True)
        genotype[cell] = [[OPERATIONS[operation], state] for operation, state in edges]
        genotype[f"{cell}_concat"] = list(CONCAT)
    return genotype


def write_tuple(code_L: Codes) -> str:
    """The text of DARTS' named tuple."""
    genotype = write_genotype(code_L)
    parts = []
    for cell in CELLS:
        parts.append(f"{cell}={[tuple(edge) for edge in genotype[cell]]}")
        parts.append(f"{cell}_concat=range({CONCAT[0]}, {CONCAT[-1] + 1})")
    return f"Genotype({', '.join(parts)})"


def write_compact(code_L: Codes) -> str:
    """NASLib's compact form: pairs (input, operation) of both cells, operations as places in `OPERATIONS`."""
    inputs, operations = genotype_arrays(code_L[None])
    cells = [
        list(zip(inputs[0, c].tolist(), operations[0, c].tolist(), strict=True)) for c in range(len(CELLS))
    ]
    return str(cells)


def _without_compact(description: object) -> object:
    """DARTS' form of NASLib's compact one; anything else as it is."""
    if not isinstance(description, list) or len(description) != len(CELLS):
        return description
    found: dict[str, Any] = {}
    for name, cell in zip(CELLS, description, strict=True):
        if not isinstance(cell, list) or not all(_is_compact(edge) for edge in cell):
            return description
        found[name] = [[OPERATIONS[operation], state] for state, operation in cell]
        found[f"{name}_concat"] = CONCAT
    return found


def _is_compact(edge: object) -> bool:
    numbers = whole_numbers(edge, len(OPERATIONS))
    return numbers is not None and len(numbers) == 2


def _read_cell(name: str, edges: object) -> list[tuple[int, int]]:
    """The pairs (input, operation) of a cell."""
    if not isinstance(edges, list | tuple) or len(edges) != EDGES:
        raise InvalidArchitectureError(f'"{name}" must be a list of {EDGES} pairs [operation, input]')
    read = [_read_edge(f'"{name}"[{i}]', edge, INPUTS + i // 2) for i, edge in enumerate(edges)]
    for node in range(NODES):
        if read[2 * node][0] == read[2 * node + 1][0]:
            raise InvalidArchitectureError(
                f'"{name}"[{2 * node}] and [{2 * node + 1}], the edges of node {INPUTS + node}, must have '
                f"different inputs, not both {read[2 * node][0]}"
            )
    return read


def _read_edge(place: str, edge: object, states: int) -> tuple[int, int]:
    if not isinstance(edge, list | tuple) or len(edge) != 2 or not isinstance(edge[0], str):
        raise InvalidArchitectureError(f'{place} must be a pair [operation, input], say ["sep_conv_3x3", 0]')
    operation, state = edge
    if operation not in OPERATIONS:
        raise InvalidArchitectureError(f"{place}: {unknown('operation', operation, OPERATIONS)}")
    if type(state) is not int or not 0 <= state < states:
        raise InvalidArchitectureError(
            f"{place} must have an input from 0 to {states - 1}, an earlier state, not {state!r}"
        )
    return state, OPERATIONS.index(operation)
