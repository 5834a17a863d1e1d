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

CONCAT = list(range(INPUTS, INPUTS + NODES))
"""The states that are a cell's output: all its nodes."""


def read_genotype(description: object) -> Codes:
    """The code (32,) of {"normal": [[operation, input], ... 8], "normal_concat": [2, 3, 4, 5], "reduce": ...}.

    The two edges of a node come in any order. Raises InvalidArchitectureError.
    """
    fields = require_keys(description, *(key for cell in CELLS for key in (cell, f"{cell}_concat")))
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
