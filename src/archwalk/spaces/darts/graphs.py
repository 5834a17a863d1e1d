"""The two cells of a DARTS architecture as labelled graphs: 2 inputs, an operation on each of 8 vertices, the output.

The sums are no vertices: an operation that reads a node reads both operations of that node. Every node is part of the
output, so every vertex lies on a path.
"""

import numpy as np

from archwalk.spaces.base import Codes
from archwalk.spaces.dags import Dags
from archwalk.spaces.darts.code import CELLS, EDGES, INPUTS, OPERATIONS, genotype_arrays


def dags(codes_BL: Codes) -> Dags:
    """Graphs of 11 vertices: inputs, operations in the order of the edges, output."""
    inputs_BCE, operations_BCE = genotype_arrays(codes_BL)
    shape, vertices = (len(codes_BL), len(CELLS)), INPUTS + EDGES + 1
    labels_BCV = np.empty((*shape, vertices), np.int32)
    labels_BCV[..., :INPUTS] = len(OPERATIONS) + 1 + np.arange(INPUTS)
    labels_BCV[..., INPUTS:-1] = operations_BCE
    labels_BCV[..., -1] = len(OPERATIONS)
    edges_BCVV = np.zeros((*shape, vertices, vertices), np.bool_)
    for v in range(INPUTS + EDGES):
        state = v if v < INPUTS else INPUTS + (v - INPUTS) // 2  # what the vertex is, or is added to
        edges_BCVV[..., v, INPUTS:-1] = inputs_BCE == state
    edges_BCVV[..., INPUTS:-1, -1] = True
    return Dags(labels_BCV, edges_BCVV)
