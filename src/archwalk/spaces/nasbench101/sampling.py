"""The three samplers of Cassimon et al. 2024, figure 5, as exact probabilities of every cell.

A rejection sampler over labelled DAGs draws each cell in proportion to the labelled DAGs that are that
cell. The enumeration counts those, so one binary search replaces the rejections.
"""

import numpy as np
from numpy.typing import NDArray

from archwalk.jit import kernel
from archwalk.spaces.nasbench101.enumeration import LABELS, CellTables, pair_bit


def size_uniform_weights(tables: CellTables) -> NDArray[np.float64]:
    """Cassimon et al.'s sampler (section 3.2.3): the number of vertices uniform over 2..max, then a uniform labelled
    DAG.

    Cassimon et al. 2024 draws upper-triangular matrices and labels until they are a valid cell of that many vertices.
    Returns probabilities (N,).
    """
    sizes = tables.vertices_N.astype(np.int64)
    per_size = np.bincount(sizes, tables.ways_N)
    weights: NDArray[np.float64] = tables.ways_N / per_size[sizes] / np.count_nonzero(per_size)
    return weights


def banana_weights(tables: CellTables) -> NDArray[np.float64]:
    """BANANAS' "Random Cell Adj": uniform matrix on `max_vertices` and uniform operations, valid after pruning.

    Source: White et al. 2021, `random_cell`; Cassimon et al. 2024, figure 5. Returns probabilities (N,).
    """
    n = tables.max_vertices
    pruned_P = np.zeros(len(tables.topology), np.int64)
    _count_pruned(n, tables.first, pruned_P)
    valid = tables.topology >= 0
    per_topology = np.bincount(tables.topology[valid], pruned_P[valid])
    patterns_of_topology = np.bincount(tables.topology[valid])
    of_cell = tables.topology[tables.first[tables.vertices_N] + tables.bits_N]
    labellings = tables.ways_N / patterns_of_topology[of_cell]  # labellings of one pattern that are this cell
    free = float(LABELS) ** (n - tables.vertices_N)  # the operations of pruned vertices do not matter
    weights: NDArray[np.float64] = per_topology[of_cell] * labellings * free
    weights /= weights.sum()
    return weights


@kernel
def prune_pattern(n, bits):  # type: ignore[no-untyped-def]
    """Mask of the vertices on paths from the first to the last of n, and the pattern that they leave."""
    into = np.zeros(8, np.int64)
    for v in range(n):
        into[v] = (bits >> pair_bit(0, v)) & ((1 << v) - 1)
    forward, backward = 1, 1 << (n - 1)
    for v in range(1, n):
        if into[v] & forward:
            forward |= 1 << v
    for v in range(n - 1, -1, -1):
        if (backward >> v) & 1:
            backward |= into[v]
    kept = forward & backward
    pattern = p = 0
    for v in range(n):
        for u in range(v):
            if (kept >> u) & 1 and (kept >> v) & 1:
                pattern |= ((into[v] >> u) & 1) << p
                p += 1
    return kept, pattern


@kernel
def _count_pruned(n, first, pruned_P):  # type: ignore[no-untyped-def]
    """Count, for each pattern, the patterns of n vertices that prune to it."""
    for bits in range(1 << (n * (n - 1) // 2)):
        kept, pattern = prune_pattern(n, bits)
        vertices = 0
        while kept:
            kept &= kept - 1
            vertices += 1
        if vertices >= 2:
            pruned_P[first[vertices] + pattern] += 1
