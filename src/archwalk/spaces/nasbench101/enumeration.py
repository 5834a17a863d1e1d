"""All NAS-Bench-101 cells up to isomorphism, and tables that canonicalise any cell in O(1).

A labelled DAG on V vertices is a pattern: bit i + j (j - 1) / 2 of an integer for each pair i < j, and a code:
the labels of the interior vertices as base-3 digits, vertex 1 the highest. Patterns fall into topologies
(equal up to renumbering interior vertices); the first pattern of each is its representative, and the first
labelling of each orbit that of its cell. That is the order in which NAS-Bench-101 was generated, so the
representative is the very matrix that was trained (its channel counts depend on the numbering). For every
pattern the tables hold its topology and the renumbering that leads to the representative; for every topology
and code they hold the id of the cell. So

    id = label_ids[topology[pattern], relabelling[renumbering[pattern], code]].
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.jit import kernel

LABELS = 3
_CODES = 243  # 3 ** 5: codes of 7 vertices


@dataclass(frozen=True)
class CellTables:
    """The enumeration of the N cells with up to `max_vertices` vertices and `max_edges` edges.

    For each cell: `vertices_N`, `bits_N` (pattern of the representative), `code_N` (labels), `ways_N` (the
    labelled DAGs, over all upper-triangular patterns, that are this cell). `first[v]` is where the patterns
    of v vertices begin in `topology` (-1: invalid) and `renumbering`.
    """

    max_vertices: int
    max_edges: int
    vertices_N: NDArray[np.int8]
    bits_N: NDArray[np.int32]
    code_N: NDArray[np.int16]
    ways_N: NDArray[np.int32]
    first: NDArray[np.int64]
    topology: NDArray[np.int16]
    renumbering: NDArray[np.uint8]
    relabelling: NDArray[np.int16]
    label_ids: NDArray[np.int32]

    @property
    def size(self) -> int:
        """N, the number of cells."""
        return len(self.bits_N)

    @cached_property
    def lookup(
        self,
    ) -> tuple[NDArray[np.int64], NDArray[np.int16], NDArray[np.uint8], NDArray[np.int16], NDArray[np.int32]]:
        """What the kernel `cell_id` takes."""
        return self.first, self.topology, self.renumbering, self.relabelling, self.label_ids


def enumerate_cells(max_vertices: int, max_edges: int) -> CellTables:
    """Enumerate the space: 1, 6, 84, 2,441, 62,010, 359,082 cells of 2..7 vertices with at most 9 edges."""
    pairs = [v * (v - 1) // 2 for v in range(max_vertices + 1)]
    sizes = [1 << p if v >= 2 else 0 for v, p in enumerate(pairs)]
    first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    topology = np.full(first[-1], -1, np.int16)
    renumbering = np.zeros(first[-1], np.uint8)
    orders = [np.array(list(permutations(range(max(v - 2, 0)))), np.int64) for v in range(8)]
    relabelling = np.zeros((8, 120, _CODES), np.int16)
    for v in range(2, max_vertices + 1):
        _fill_relabelling(orders[v], relabelling[v])
    parts, label_ids = [], []
    topologies = cells = 0
    for v in range(2, max_vertices + 1):
        patterns = slice(first[v], first[v + 1])
        representatives, patterns_T = _find_topologies(
            v, max_edges, orders[v], topologies, topology[patterns], renumbering[patterns]
        )
        ids_TC, bits, codes, ways = _number_labels(
            v, cells, orders[v], relabelling[v], representatives, patterns_T
        )
        topologies += len(representatives)
        cells += len(bits)
        label_ids.append(ids_TC)
        parts.append((np.full(len(bits), v, np.int8), bits, codes, ways))
    vertices_N, bits_N, code_N, ways_N = (np.concatenate(column) for column in zip(*parts, strict=True))
    return CellTables(
        max_vertices,
        max_edges,
        vertices_N,
        bits_N,
        code_N,
        ways_N,
        first,
        topology,
        renumbering,
        relabelling,
        np.concatenate(label_ids),
    )


@kernel
def pair_bit(i, j):  # type: ignore[no-untyped-def]
    """The bit of the pair i < j in a pattern."""
    return i + j * (j - 1) // 2


@kernel
def unpack_matrix(n, bits, matrix):  # type: ignore[no-untyped-def]
    """Write the adjacency matrix of a pattern into matrix[:n, :n]."""
    matrix[:n, :n] = 0
    for j in range(n):
        for i in range(j):
            matrix[i, j] = (bits >> pair_bit(i, j)) & 1


@kernel
def unpack_labels(n, code, label):  # type: ignore[no-untyped-def]
    """Write the labels of all n vertices: -1 input, -2 output, else the operation."""
    label[0] = -1
    for v in range(n - 2, 0, -1):
        label[v] = code % LABELS
        code //= LABELS
    label[n - 1] = -2


@kernel
def cell_id(n, bits, code, first, topology, renumbering, relabelling, label_ids):  # type: ignore[no-untyped-def]
    """The id of the cell, or -1 where the pattern is invalid."""
    pattern = first[n] + bits
    t = topology[pattern]
    if t < 0:
        return np.int32(-1)
    return label_ids[t, relabelling[n, renumbering[pattern], code]]


@kernel
def _fill_relabelling(orders, relabelling):  # type: ignore[no-untyped-def]
    """relabelling[r, code]: vertex v of the representative carries the label of vertex orders[r, v]."""
    interior = orders.shape[1]
    for r in range(len(orders)):
        for code in range(LABELS**interior):
            new = 0
            for v in range(interior):
                digit = code // LABELS ** (interior - 1 - orders[r, v]) % LABELS
                new += digit * LABELS ** (interior - 1 - v)
            relabelling[r, code] = new


@kernel
def _is_valid(n, bits, max_edges):  # type: ignore[no-untyped-def]
    sources = np.uint64(0)
    targets = np.uint64(0)
    edges = 0
    for j in range(n):
        for i in range(j):
            if (bits >> pair_bit(i, j)) & 1:
                edges += 1
                sources |= np.uint64(1) << np.uint64(i)
                targets |= np.uint64(1) << np.uint64(j)
    everyone = (np.uint64(1) << np.uint64(n - 1)) - np.uint64(1)
    return edges <= max_edges and sources == everyone and targets == everyone << np.uint64(1)


@kernel
def _renumber(n, bits, order):  # type: ignore[no-untyped-def]
    """The pattern after interior vertex v moves to order[v], or -1 if an edge would point backwards."""
    new = 0
    for j in range(n):
        for i in range(j):
            if (bits >> pair_bit(i, j)) & 1:
                a = order[i - 1] + 1 if i > 0 else 0
                b = order[j - 1] + 1 if j < n - 1 else n - 1
                if a > b:
                    return -1
                new |= 1 << pair_bit(a, b)
    return new


@kernel
def _find_topologies(n, max_edges, orders, next_topology, topology, renumbering):  # type: ignore[no-untyped-def]
    """Fill the tables of n vertices; return representatives (T,) and how many patterns each stands for."""
    representatives: list[int] = []
    patterns_T: list[int] = []
    for bits in range(len(topology)):
        if topology[bits] >= 0 or not _is_valid(n, bits, max_edges):
            continue
        patterns = 0
        for r in range(len(orders)):
            new = _renumber(n, bits, orders[r])
            if new >= 0 and topology[new] < 0:
                topology[new] = next_topology + len(representatives)
                renumbering[new] = r
                patterns += 1
        representatives.append(bits)
        patterns_T.append(patterns)
    return np.array(representatives), np.array(patterns_T)


@kernel
def _number_labels(n, next_id, orders, relabelling, representatives, patterns_T):  # type: ignore[no-untyped-def]
    """Number the orbits of labellings under each topology's automorphisms."""
    codes = LABELS ** (n - 2)
    ids_TC = np.full((len(representatives), _CODES), -1, np.int32)
    bits_out: list[Any] = []
    code_out: list[Any] = []
    ways_out: list[Any] = []
    for t in range(len(representatives)):
        bits = representatives[t]
        automorphisms = [r for r in range(len(orders)) if _renumber(n, bits, orders[r]) == bits]
        for code in range(codes):
            if ids_TC[t, code] >= 0:
                continue
            orbit = 0
            for r in automorphisms:
                image = relabelling[r, code]
                if ids_TC[t, image] < 0:
                    ids_TC[t, image] = next_id + len(bits_out)
                    orbit += 1
            bits_out.append(np.int32(bits))
            code_out.append(np.int16(code))
            ways_out.append(np.int32(orbit * patterns_T[t]))
    return ids_TC, np.array(bits_out), np.array(code_out), np.array(ways_out)
