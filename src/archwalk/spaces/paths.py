"""The path encoding: one bit for each sequence of operations that a path from an input to the output can have.

Source: White, Neiswanger and Savani, BANANAS, AAAI 2021 (short paths are the frequent ones
in random cells, so that the encoding is truncated to them).
"""

import numpy as np
from numpy.typing import NDArray

from archwalk.jit import kernel
from archwalk.spaces.base import Codes, Features
from archwalk.spaces.dags import DagSpace
from archwalk.spaces.graph_kernels import walk_paths


def path_bits(space: DagSpace, length: int) -> int:
    """Bits for the paths of at most `length` operations from one input of one cell.

    On NAS-Bench-101 the 40 of 3 operations are BANANAS' truncated encoding, the 364 of 5 the full one.
    """
    return int(path_firsts(space, length)[-1])


def path_encoding(space: DagSpace, codes_BL: Codes, length: int) -> Features:
    """Which paths of at most `length` operations there are, (B, C * inputs * `path_bits`).

    For each cell and each of its inputs the paths are in order of their lengths, those of a length by their
    operations read as digits.
    """
    dags = space.dags(codes_BL)
    batch, cells, vertices = dags.labels_BCV.shape
    firsts = path_firsts(space, length)
    out = np.zeros((batch * cells, space.dag_inputs * firsts[-1]), np.uint8)
    labels_GV = dags.labels_BCV.reshape(-1, vertices)
    edges_GVV = dags.edges_BCVV.reshape(-1, vertices, vertices)
    _fill(labels_GV, edges_GVV, len(space.dag_operations), firsts, out)
    return out.reshape(batch, -1)


def path_firsts(space: DagSpace, length: int) -> NDArray[np.int64]:
    """Where the paths of each number of operations begin, and in the end the number of all."""
    counts = len(space.dag_operations) ** np.arange(min(length, space.dag_depth) + 1)
    return np.concatenate([[0], np.cumsum(counts)])


@kernel
def _fill(labels_GV, edges_GVV, operations, firsts, out):  # type: ignore[no-untyped-def]
    vertices = labels_GV.shape[1]
    stack = np.empty((vertices * len(firsts), 3), np.int64)
    found = np.empty(64, np.int64)
    for g in range(len(labels_GV)):
        for source in range(vertices):
            if labels_GV[g, source] <= operations:
                continue
            first = (labels_GV[g, source] - operations - 1) * firsts[-1]
            stack[0] = source, 0, 0
            top = 1
            while top:
                top, n = walk_paths(labels_GV, edges_GVV, g, operations, firsts, first, stack, top, found, 0)
                for i in range(n):
                    out[g, found[i]] = 1
