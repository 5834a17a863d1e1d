"""What a network sees of a DARTS architecture (P1 Figure 1 and section 3.2.3).

Operations on edges become operations on nodes. A cell has 15 vertices: 0 and 1 its inputs; for node n = 0..3
the operations on its two edges, 2 + 3 n and 3 + 3 n (the edge with the lower input first), and their sum,
4 + 3 n; 14 the output, which every sum enters. The features of a cell are the lower triangle of the adjacency
matrix, row by row (105), then a one-hot label of each vertex (15 x 10): input, output, sum, the operations.
Those of an architecture are the normal cell's, then the reduction cell's: 510. Most never change; they are
there because P1 has them.
"""

import numpy as np

from archwalk.jit import kernel
from archwalk.spaces.base import Features
from archwalk.spaces.darts.code import CELL_LENGTH, CELLS, EDGES, INPUTS, NODES, OPERATIONS

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


@kernel
def _pair(low, high):  # type: ignore[no-untyped-def]
    """Place of the adjacency bit of vertices low < high."""
    return high * (high - 1) // 2 + low


def _fixed_features() -> Features:
    """The features (255,) that all cells share."""
    fixed = np.zeros(CELL_FEATURES, np.uint8)
    labels = fixed[PAIRS:].reshape(VERTICES, LABELS)
    labels[:INPUTS, _INPUT] = 1
    labels[-1, _OUTPUT] = 1
    for node in range(NODES):
        total = STATE_VERTEX[INPUTS + node]
        labels[total, _SUM] = 1
        fixed[_pair(total, VERTICES - 1)] = 1
        for edge in (2 * node, 2 * node + 1):
            fixed[_pair(EDGE_VERTEX[edge], total)] = 1
    return fixed


_FIXED = _fixed_features()


@kernel
def fill_features(codes_BL, out):  # type: ignore[no-untyped-def]
    """Write to `out` (B, 510) the features of codes (B, 32); rows of -1 give zeros."""
    for b in range(len(codes_BL)):
        if codes_BL[b, 0] < 0:
            out[b] = 0
            continue
        for c in range(len(CELLS)):
            row, cell = out[b, c * CELL_FEATURES :], codes_BL[b, c * CELL_LENGTH :]
            row[:CELL_FEATURES] = _FIXED
            for edge in range(EDGES):
                vertex = EDGE_VERTEX[edge]
                row[_pair(STATE_VERTEX[cell[2 * edge]], vertex)] = 1
                row[PAIRS + LABELS * vertex + _FIRST_OPERATION + cell[2 * edge + 1]] = 1
