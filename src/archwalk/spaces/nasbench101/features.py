"""Features of cells: Cassimon et al.'s lower-triangular adjacency and one-hot labels, padded (Cassimon et al. 2024,
section 3.2.3).

A cell can be written in several orders. `feature_table` has those of the representatives; a network that is shown
other orders too, drawn anew each time, learns that they are the same cell.
"""

import numpy as np

from archwalk.jit import Streams, kernel, random_below
from archwalk.spaces.base import Codes, Features
from archwalk.spaces.nasbench101.enumeration import CellTables, unpack_labels, unpack_matrix

_SLOTS = 5
"""Input, output, three operations."""


def feature_count(max_vertices: int) -> int:
    """F: a bit for each pair of vertices and one for each label of a vertex."""
    return max_vertices * (max_vertices - 1) // 2 + _SLOTS * max_vertices


def feature_table(tables: CellTables, max_vertices: int) -> Features:
    """Features (N, F) of all representatives."""
    table = np.zeros((tables.size, feature_count(max_vertices)), np.uint8)
    pairs = max_vertices * (max_vertices - 1) // 2
    _fill(tables.vertices_N, tables.bits_N, tables.code_N, pairs, np.zeros(0, np.uint64), table)
    return table


def rewritten_features(
    tables: CellTables, max_vertices: int, codes_BL: Codes, streams_B: Streams
) -> Features:
    """Features (B, F) of cells, each in a random topological order of its vertices."""
    ids = codes_BL[:, 0]
    table = np.zeros((len(ids), feature_count(max_vertices)), np.uint8)
    pairs = max_vertices * (max_vertices - 1) // 2
    _fill(tables.vertices_N[ids], tables.bits_N[ids], tables.code_N[ids], pairs, streams_B, table)
    return table


@kernel
def _fill(vertices_B, bits_B, code_B, pairs, streams_B, table):  # type: ignore[no-untyped-def]
    """Write features to `table`, zeros before; in the order of the vertices if there are no streams."""
    matrix = np.zeros((8, 8), np.uint8)
    label = np.zeros(8, np.int64)
    place = np.arange(8)
    for b in range(len(vertices_B)):
        n = vertices_B[b]
        unpack_matrix(n, bits_B[b], matrix)
        unpack_labels(n, code_B[b], label)
        if len(streams_B):
            _draw_order(n, matrix, streams_B, b, place)
        else:
            for v in range(n):
                place[v] = v
        for v in range(n):
            for u in range(v):
                table[b, place[v] * (place[v] - 1) // 2 + place[u]] |= matrix[u, v]
            slot = label[v] + 2 if label[v] >= 0 else -label[v] - 1
            table[b, pairs + _SLOTS * place[v] + slot] = 1


@kernel
def _draw_order(n, matrix, streams_B, b, place):  # type: ignore[no-untyped-def]
    """Write to `place` a random order in which every edge ascends: each next vertex is one whose sources have
    their places.
    """
    for v in range(n):
        place[v] = -1
    place[0] = 0
    place[n - 1] = n - 1
    for position in range(1, n - 1):
        ready = 0
        chosen = -1
        for v in range(1, n - 1):
            if place[v] < 0:
                free = True
                for u in range(v):
                    if matrix[u, v] and place[u] < 0:
                        free = False
                if free:
                    ready += 1
                    if random_below(streams_B, b, ready) == 0:  # so that each has the same chance in the end
                        chosen = v
        place[chosen] = position
