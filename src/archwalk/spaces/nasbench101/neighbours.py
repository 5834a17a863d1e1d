"""Cassimon et al.'s five edits on NAS-Bench-101 cells, for all cells at once (Cassimon et al. 2024, section 3.2.1).

Exact rule (Cassimon et al. 2024 leaves parts open): all results up to isomorphism; invalid ones dropped (a vertex
without in- or out-edge, too many vertices or edges, a cycle), duplicates merged, the cell itself excluded. The
relation is not symmetric (Cassimon et al. 2024, figure 2).

relabel        one interior vertex gets another operation
add edge       any absent pair (a, b), a not the output, b not the input, that closes no cycle
remove edge    one edge goes; every vertex keeps an in- and an out-edge where it needs one
add vertex     a new interior vertex, any operation, one in-edge from any a, one out-edge to any b, no cycle
remove vertex  v and its edges go; every subset (the empty one too) of the absent pairs (predecessor of v,
               successor of v) that leaves a valid cell is a neighbour; edges that were there stay

Two kinds never lead to the same cell: they differ in vertices or edges.
"""

import numpy as np

from archwalk.jit import kernel, map_ranges
from archwalk.spaces.base import NeighbourGraph
from archwalk.spaces.nasbench101.enumeration import LABELS, CellTables, cell_id, pair_bit

EDIT_KINDS = ("relabel", "add edge", "remove edge", "add vertex", "remove vertex")
RELABEL, ADD_EDGE, REMOVE_EDGE, ADD_VERTEX, REMOVE_VERTEX = range(5)

_CAPACITY = 128  # the largest degree is 87


def neighbour_graph(tables: CellTables) -> NeighbourGraph:
    """The neighbour relation of all cells: 10,890,938 directed edges for 7 vertices and 9 edges."""
    parts = map_ranges(
        lambda a, b: _neighbours_of_range(
            a, b, tables.max_vertices, tables.max_edges,
            tables.vertices_N, tables.bits_N, tables.code_N, tables.lookup,
        ),
        tables.size,
    )  # fmt: skip
    degrees, targets, kinds = (np.concatenate(column) for column in zip(*parts, strict=True))
    return NeighbourGraph(np.concatenate([[0], np.cumsum(degrees)]).astype(np.int64), targets, kinds)


@kernel
def _neighbours_of_range(start, stop, max_vertices, max_edges, vertices_N, bits_N, code_N, lookup):  # type: ignore[no-untyped-def]
    degrees = np.zeros(stop - start, np.int32)
    targets = np.empty((stop - start) * _CAPACITY, np.int32)
    kinds = np.empty((stop - start) * _CAPACITY, np.uint8)
    seen = np.full(len(vertices_N), -1, np.int32)  # the last cell whose neighbours each cell was among
    into = np.zeros(8, np.int64)  # mask of predecessors of each vertex
    label = np.zeros(8, np.int64)
    work = np.zeros((3, 8), np.int64)
    end = 0
    for cell in range(start, stop):
        n, bits, code = int(vertices_N[cell]), int(bits_N[cell]), int(code_N[cell])
        begin = end
        seen[cell] = cell
        edges = _unpack(n, bits, code, into, label)
        end = _relabel(cell, n, bits, code, lookup, seen, targets, kinds, end)
        if edges < max_edges:
            end = _add_edges(cell, n, code, into, label, work, lookup, seen, targets, kinds, end)
        end = _remove_edges(cell, n, code, into, lookup, seen, targets, kinds, end)
        if n < max_vertices and edges + 2 <= max_edges:
            end = _add_vertices(cell, n, into, label, work, lookup, seen, targets, kinds, end)
        end = _remove_vertices(cell, n, code, max_edges, into, lookup, seen, targets, kinds, end)
        degrees[cell - start] = end - begin
    return degrees, targets[:end].copy(), kinds[:end].copy()


@kernel
def _unpack(n, bits, code, into, label):  # type: ignore[no-untyped-def]
    """Write the mask of predecessors and the label of each vertex; return the number of edges."""
    edges = 0
    for v in range(n):
        into[v] = (bits >> pair_bit(0, v)) & ((1 << v) - 1)
        edges += _count_bits(into[v])
    for v in range(n - 2, 0, -1):
        label[v] = code % LABELS
        code //= LABELS
    return edges


@kernel
def _keep(cell, target, kind, seen, targets, kinds, end):  # type: ignore[no-untyped-def]
    """Append `target` unless it is invalid, the cell itself or known; return the new end."""
    if target < 0 or seen[target] == cell:
        return end
    seen[target] = cell
    targets[end] = target
    kinds[end] = kind
    return end + 1


@kernel
def _ordered_id(n, into, code, lookup):  # type: ignore[no-untyped-def]
    """The id of a graph whose vertices are in topological order, or -1 if it is invalid."""
    bits = 0
    for v in range(1, n):
        bits |= into[v] << pair_bit(0, v)
    return cell_id(n, bits, code, *lookup)


@kernel
def _unordered_id(n, into, label, work, lookup):  # type: ignore[no-untyped-def]
    """The id of an acyclic graph whose vertices are in any order, or -1 if it is invalid."""
    order, position = work[0], work[1]
    placed = count = 0
    while count < n:
        for v in range(n):
            if not (placed >> v) & 1 and into[v] & ~placed == 0:
                position[v] = count
                order[count] = v
                placed |= 1 << v
                count += 1
                break
    bits = code = 0
    for j in range(n):
        for u in range(n):
            if (into[order[j]] >> u) & 1:
                bits |= 1 << pair_bit(position[u], j)
    for i in range(1, n - 1):
        code = code * LABELS + label[order[i]]
    return cell_id(n, bits, code, *lookup)


@kernel
def _relabel(cell, n, bits, code, lookup, seen, targets, kinds, end):  # type: ignore[no-untyped-def]
    power = 1
    for _ in range(n - 2):
        digit = code // power % LABELS
        for new in range(LABELS):
            if new != digit:
                target = cell_id(n, bits, code + (new - digit) * power, *lookup)
                end = _keep(cell, target, RELABEL, seen, targets, kinds, end)
        power *= LABELS
    return end


@kernel
def _ancestors(n, into, above):  # type: ignore[no-untyped-def]
    """Masks of the vertices from which each vertex is reached, itself included."""
    for v in range(n):
        above[v] = 1 << v
        for u in range(v):
            if (into[v] >> u) & 1:
                above[v] |= above[u]


@kernel
def _add_edges(cell, n, code, into, label, work, lookup, seen, targets, kinds, end):  # type: ignore[no-untyped-def]
    above = work[2]
    _ancestors(n, into, above)
    for a in range(n - 1):
        for b in range(1, n):
            if not (into[b] >> a) & 1 and not (above[a] >> b) & 1:
                into[b] ^= 1 << a
                if a < b:
                    target = _ordered_id(n, into, code, lookup)
                else:
                    target = _unordered_id(n, into, label, work, lookup)
                end = _keep(cell, target, ADD_EDGE, seen, targets, kinds, end)
                into[b] ^= 1 << a
    return end


@kernel
def _remove_edges(cell, n, code, into, lookup, seen, targets, kinds, end):  # type: ignore[no-untyped-def]
    for b in range(1, n):
        for a in range(b):
            if (into[b] >> a) & 1:
                into[b] ^= 1 << a
                target = _ordered_id(n, into, code, lookup)
                end = _keep(cell, target, REMOVE_EDGE, seen, targets, kinds, end)
                into[b] ^= 1 << a
    return end


@kernel
def _add_vertices(cell, n, into, label, work, lookup, seen, targets, kinds, end):  # type: ignore[no-untyped-def]
    above = work[2]
    _ancestors(n, into, above)
    for a in range(n - 1):
        for b in range(1, n):
            if (above[a] >> b) & 1:  # b = a included
                continue
            into[n] = 1 << a
            into[b] |= 1 << n
            for operation in range(LABELS):
                label[n] = operation
                target = _unordered_id(n + 1, into, label, work, lookup)
                end = _keep(cell, target, ADD_VERTEX, seen, targets, kinds, end)
            into[b] ^= 1 << n
    return end


@kernel
def _remove_vertices(cell, n, code, max_edges, into, lookup, seen, targets, kinds, end):  # type: ignore[no-untyped-def]
    rest = np.zeros(8, np.int64)
    joined = np.zeros(8, np.int64)
    source = np.zeros(16, np.int64)
    target = np.zeros(16, np.int64)
    power = 1
    for gone in range(
        n - 2, 0, -1
    ):  # the others keep their order, and joining p < gone < s keeps it topological
        rest_code = code % power + code // (power * LABELS) * power
        power *= LABELS
        below = (1 << gone) - 1
        edges = absent = 0
        for v in range(n - 1):
            old = into[v if v < gone else v + 1]
            rest[v] = (old & below) | ((old >> (gone + 1)) << gone)
            edges += _count_bits(rest[v])
        for b in range(gone + 1, n):
            for a in range(gone):
                if (into[gone] >> a) & 1 and (into[b] >> gone) & 1 and not (into[b] >> a) & 1:
                    source[absent] = a
                    target[absent] = b - 1
                    absent += 1
        for subset in range(1 << absent):
            if edges + _count_bits(subset) > max_edges:
                continue
            joined[:] = rest
            for p in range(absent):
                if (subset >> p) & 1:
                    joined[target[p]] |= 1 << source[p]
            found = _ordered_id(n - 1, joined, rest_code, lookup)
            end = _keep(cell, found, REMOVE_VERTEX, seen, targets, kinds, end)
    return end


@kernel
def _count_bits(mask):  # type: ignore[no-untyped-def]
    count = 0
    while mask:
        mask &= mask - 1
        count += 1
    return count
