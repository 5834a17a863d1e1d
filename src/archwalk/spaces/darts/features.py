"""What a network sees of a DARTS architecture (Cassimon et al. 2024, figure 1 and section 3.2.3).

Operations on edges become operations on nodes. A cell has 15 vertices: 0 and 1 its inputs; for node n = 0..3
the operations on its two edges, 2 + 3 n and 3 + 3 n (the edge with the lower input first), and their sum,
4 + 3 n; 14 the output, which every sum enters. The features of a cell are the lower triangle of the adjacency
matrix, row by row (105), then a one-hot label of each vertex (15 x 10): input, output, sum, the operations.
Those of an architecture are the normal cell's, then the reduction cell's: 510. Most never change; they are
there because Cassimon et al. 2024 has them.
"""

import numpy as np

from archwalk.jit import kernel
from archwalk.spaces.base import Features
from archwalk.spaces.darts.code import CELLS, EDGES, INPUTS, NODES, OPERATIONS

VERTICES = INPUTS + EDGES + NODES + 1
PAIRS = VERTICES * (VERTICES - 1) // 2
LABELS = 3 + len(OPERATIONS)
CELL_FEATURES = PAIRS + VERTICES * LABELS
FEATURES = len(CELLS) * CELL_FEATURES

_INPUT, _OUTPUT, _SUM, _FIRST_OPERATION = range(4)

STATE_VERTEX = np.array([*range(INPUTS), *(INPUTS + 3 * node + 2 for node in range(NODES))])
"""The vertex of each state of a cell: the inputs, then the sums."""

EDGE_VERTEX = np.array([INPUTS + 3 * (edge // 2) + edge % 2 for edge in range(EDGES)])
"""The vertex of each edge's operation."""

_ROW = np.arange(VERTICES) * (np.arange(VERTICES) - 1) // 2
"""Where each vertex's row of the triangle begins: the bit of vertices u < v is at `_ROW[v] + u`."""


def _fixed_bits() -> Features:
    """The features (255,) that all cells share."""
    bits = np.zeros(CELL_FEATURES, np.uint8)
    labels = bits[PAIRS:].reshape(VERTICES, LABELS)
    labels[:INPUTS, _INPUT] = labels[-1, _OUTPUT] = 1
    for edge, vertex in enumerate(EDGE_VERTEX):
        total = STATE_VERTEX[INPUTS + edge // 2]
        bits[_ROW[total] + vertex] = bits[_ROW[-1] + total] = labels[total, _SUM] = 1
    return bits


_FIXED = np.tile(_fixed_bits(), len(CELLS))
_CELL = CELL_FEATURES * np.arange(len(CELLS)).repeat(EDGES)
_INPUT_BIT = (_CELL + np.tile(_ROW[EDGE_VERTEX], len(CELLS)))[:, None] + STATE_VERTEX
"""Place of the bit that says that an edge, of the 16 of an architecture, reads a state, (16, 6)."""
_OPERATION_BIT = _CELL + np.tile(PAIRS + LABELS * EDGE_VERTEX + _FIRST_OPERATION, len(CELLS))
"""Place of the first operation in the label of an edge's vertex, (16,)."""


@kernel
def fill_features(codes_BL, out):  # type: ignore[no-untyped-def]
    """Write to `out` (B, 510) the features of codes (B, 32); rows of -1 give zeros."""
    for b in range(len(codes_BL)):
        there = codes_BL[b, 0] >= 0
        for i in range(FEATURES):
            out[b, i] = _FIXED[i] if there else 0
        if there:
            for edge in range(len(_INPUT_BIT)):
                out[b, _INPUT_BIT[edge, codes_BL[b, 2 * edge]]] = 1
                out[b, _OPERATION_BIT[edge] + codes_BL[b, 2 * edge + 1]] = 1
