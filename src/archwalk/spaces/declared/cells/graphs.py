"""Declared cells as graphs with operations on vertices (see `spaces/dags.py`)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archwalk.spaces.base import Codes
from archwalk.spaces.dags import NO_VERTEX, Dags
from archwalk.spaces.declared.cells.cell import Cell
from archwalk.spaces.declared.cells.limits import Limits


def dags_of(cell: Cell, codes_BL: Codes) -> Dags:
    """One graph each: inputs, operations, output. With operations on edges, an operation that reads a node reads all
    operations into that node.
    """
    return _by_nodes(cell, codes_BL) if cell.on == "nodes" else _by_edges(cell, codes_BL)


def _by_nodes(cell: Cell, codes_BL: Codes) -> Dags:
    limits = cell.limits
    output = limits.inputs + limits.nodes
    labels_BV = np.full((len(codes_BL), output + 1), NO_VERTEX, np.int32)
    _label_ends(cell, labels_BV)
    labels_BV[:, limits.inputs : output] = codes_BL[:, : limits.nodes] - 1
    return Dags(labels_BV[:, None], (_joined(cell, codes_BL) > 0)[:, None])


def _by_edges(cell: Cell, codes_BL: Codes) -> Dags:
    """Vertices are the places for edges, in the order of a code, between inputs and output."""
    limits = cell.limits
    source_P, target_P = pair_places(limits)
    output = limits.inputs + limits.pairs
    labels_BV = np.full((len(codes_BL), output + 1), NO_VERTEX, np.int32)
    _label_ends(cell, labels_BV)
    labels_BV[:, limits.inputs : output] = codes_BL[:, limits.nodes :] - 1
    meets_VV = np.zeros((output + 1, output + 1), np.bool_)
    meets_VV[: limits.inputs, limits.inputs : output] = np.arange(limits.inputs)[:, None] == source_P
    meets_VV[limits.inputs : output, limits.inputs : output] = target_P[:, None] == source_P
    there_BV = labels_BV != NO_VERTEX
    edges_BVV = meets_VV & there_BV[:, :, None] & there_BV[:, None]
    read_BV = _joined(cell, codes_BL)[:, :, -1] > 0  # whom the output reads
    last = limits.inputs + limits.nodes
    ends_BP = target_P == last if limits.reached else read_BV[:, target_P]
    edges_BVV[:, limits.inputs : output, output] = ends_BP & there_BV[:, limits.inputs : output]
    return Dags(labels_BV[:, None], edges_BVV[:, None])


def _label_ends(cell: Cell, labels_BV: NDArray[np.int32]) -> None:
    operations = len(cell.operations)
    labels_BV[:, -1] = operations
    labels_BV[:, : cell.inputs] = operations + 1 + np.arange(cell.inputs)


def _joined(cell: Cell, codes_BL: Codes) -> NDArray[np.int32]:
    """Kinds of edges (B, V, V) between inputs, nodes and the output, 0 where there is none; who is read by an output
    without edges of its own has one of kind 1.
    """
    limits = cell.limits
    source_P, target_P = pair_places(limits)
    last = limits.inputs + limits.nodes
    kinds_BVV = np.zeros((len(codes_BL), last + 1, last + 1), np.int32)
    kinds_BVV[:, source_P, target_P] = codes_BL[:, limits.nodes :]
    if not limits.reached:
        there_BN = codes_BL[:, : limits.nodes] > 0
        read_BN = (kinds_BVV[:, limits.inputs : last] > 0).any(axis=2)
        kinds_BVV[:, limits.inputs : last, last] = there_BN & (True if cell.output == "nodes" else ~read_BN)
    return kinds_BVV


def pair_places(limits: Limits) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The vertices that each place for an edge in a code joins; the output is numbered after all nodes."""
    pairs = [(u, v) for v in range(limits.inputs, limits.vertices) for u in range(v)]
    source_P, target_P = np.array(pairs, np.int64).reshape(-1, 2).T
    return source_P, target_P
