"""P1's five edits on NAS-Bench-101 cells, for all cells at once (P1 section 3.2.1).

Exact rule (P1 leaves parts open): all results up to isomorphism; invalid ones dropped (a vertex without in-
or out-edge, too many vertices or edges, a cycle), duplicates merged, the cell itself excluded. The relation
is not symmetric (P1 Figure 2).

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
    out = np.zeros(8, np.int64)
    label = np.zeros(8, np.int64)
    work = np.zeros((4, 8), np.int64)
    end = 0
    for cell in range(start, stop):
        n, bits, code = int(vertices_N[cell]), int(bits_N[cell]), int(code_N[cell])
        begin = end
        seen[cell] = cell
        edges = _unpack(n, bits, code, out, label)
        end = _relabel(cell, n, bits, code, lookup, seen, targets, kinds, end)
        if edges < max_edges:
            end = _add_edges(cell, n, code, out, label, work, lookup, seen, targets, kinds, end)
        end = _remove_edges(cell, n, code, out, lookup, seen, targets, kinds, end)
        if n < max_vertices and edges + 2 <= max_edges:
            end = _add_vertices(cell, n, out, label, work, lookup, seen, targets, kinds, end)
        end = _remove_vertices(cell, n, code, max_edges, out, lookup, seen, targets, kinds, end)
        degrees[cell - start] = end - begin
    return degrees, targets[:end].copy(), kinds[:end].copy()


@kernel
def _unpack(n, bits, code, out, label):  # type: ignore[no-untyped-def]
    """Write the mask of successors and the label of each vertex; return the number of edges."""
    p = edges = 0
    for i in range(n):
        out[i] = 0
        label[i] = 0
        for j in range(i + 1, n):
            if (bits >> p) & 1:
                out[i] |= 1 << j
                edges += 1
            p += 1
    for v in range(1, n - 1):
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
def _ordered_id(n, out, code, lookup):  # type: ignore[no-untyped-def]
    """The id of a graph whose vertices are in topological order, or -1 if it is invalid."""
    bits = first = 0
    for u in range(n - 1):
        bits |= (out[u] >> (u + 1)) << first
        first += n - 1 - u
    return cell_id(n, bits, code, *lookup)


@kernel
def _unordered_id(n, out, label, work, lookup):  # type: ignore[no-untyped-def]
    """The id of an acyclic graph whose vertices are in any order, or -1 if it is invalid."""
    predecessors, position, order = work[0], work[1], work[2]
    predecessors[:n] = 0
    for u in range(n):
        for v in range(n):
            if (out[u] >> v) & 1:
                predecessors[v] |= 1 << u
    placed = count = 0
    while count < n:
        for v in range(n):
            if not (placed >> v) & 1 and predecessors[v] & ~placed == 0:
                position[v] = count
                order[count] = v
                placed |= 1 << v
                count += 1
                break
    bits = code = 0
    for i in range(n):
        u = order[i]
        for v in range(n):
            if (out[u] >> v) & 1:
                bits |= 1 << pair_bit(n, i, position[v])
    for i in range(n - 2, 0, -1):
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
def _reach(n, out, reach):  # type: ignore[no-untyped-def]
    """Masks of the vertices that each vertex reaches, itself included; vertices are in topological order."""
    for u in range(n - 1, -1, -1):
        reach[u] = 1 << u
        for v in range(u + 1, n):
            if (out[u] >> v) & 1:
                reach[u] |= reach[v]


@kernel
def _add_edges(cell, n, code, out, label, work, lookup, seen, targets, kinds, end):  # type: ignore[no-untyped-def]
    reach = work[3]
    _reach(n, out, reach)
    for a in range(n - 1):
        for b in range(1, n):
            if not (out[a] >> b) & 1 and not (reach[b] >> a) & 1:
                out[a] ^= 1 << b
                if a < b:
                    target = _ordered_id(n, out, code, lookup)
                else:
                    target = _unordered_id(n, out, label, work, lookup)
                end = _keep(cell, target, ADD_EDGE, seen, targets, kinds, end)
                out[a] ^= 1 << b
    return end


@kernel
def _remove_edges(cell, n, code, out, lookup, seen, targets, kinds, end):  # type: ignore[no-untyped-def]
    for a in range(n - 1):
        for b in range(a + 1, n):
            if (out[a] >> b) & 1:
                out[a] ^= 1 << b
                target = _ordered_id(n, out, code, lookup)
                end = _keep(cell, target, REMOVE_EDGE, seen, targets, kinds, end)
                out[a] ^= 1 << b
    return end


@kernel
def _add_vertices(cell, n, out, label, work, lookup, seen, targets, kinds, end):  # type: ignore[no-untyped-def]
    reach = work[3]
    _reach(n, out, reach)
    for a in range(n - 1):
        for b in range(1, n):
            if (reach[b] >> a) & 1:  # b = a included
                continue
            out[a] |= 1 << n
            out[n] = 1 << b
            for operation in range(LABELS):
                label[n] = operation
                target = _unordered_id(n + 1, out, label, work, lookup)
                end = _keep(cell, target, ADD_VERTEX, seen, targets, kinds, end)
            out[a] &= ~(1 << n)
            out[n] = 0
    return end


@kernel
def _remove_vertices(cell, n, code, max_edges, out, lookup, seen, targets, kinds, end):  # type: ignore[no-untyped-def]
    rest = np.zeros(8, np.int64)
    joined = np.zeros(8, np.int64)
    source = np.zeros(16, np.int64)
    target = np.zeros(16, np.int64)
    power = 1
    for gone in range(1, n - 1):  # the others keep their order, and joining p < gone < s keeps it topological
        rest_code = code % power + code // (power * LABELS) * power
        power *= LABELS
        below = (1 << gone) - 1
        edges = absent = 0
        for v in range(n - 1):
            old = out[v if v < gone else v + 1]
            rest[v] = (old & below) | ((old >> (gone + 1)) << gone)
            edges += _count_bits(rest[v])
        for a in range(gone):
            for b in range(gone + 1, n):
                if (out[a] >> gone) & 1 and (out[gone] >> b) & 1 and not (out[a] >> b) & 1:
                    source[absent] = a
                    target[absent] = b - 1
                    absent += 1
        for subset in range(1 << absent):
            if edges + _count_bits(subset) > max_edges:
                continue
            joined[:] = rest
            for p in range(absent):
                if (subset >> p) & 1:
                    joined[source[p]] |= 1 << target[p]
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
