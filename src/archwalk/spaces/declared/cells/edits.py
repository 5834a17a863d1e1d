"""All cells that are one edit away, as in Cassimon et al. 2024, section 3.2.1, for any declared cell.

relabel        a node, or an edge, gets another operation
add edge       between two vertices that are not joined, in either direction, where that closes no cycle
remove edge    one edge goes
add vertex     a new node, any operation, which reads as many vertices as a node has to, and which one vertex reads; or
               nobody, where the output reads nodes without edges
remove vertex  a node and its edges go; of the absent edges (who it read, who read it) any subset comes instead. Beyond
               nine of them: none, one or all
rewire         where numbers of edges are exact: an edge gets another source or another target

What is no cell within the limits is left out, and so is what is the same cell. With operations on edges, an edge that
comes has any, one that joins a removed node's neighbours has that of the edge into it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.jit import kernel
from archwalk.spaces.base import Codes
from archwalk.spaces.declared.cells.canonical import canonical, scratch
from archwalk.spaces.declared.cells.limits import Limits, graph_room, read_code

EDIT_KINDS = ("relabel", "add edge", "remove edge", "add vertex", "remove vertex", "rewire")
RELABEL, ADD_EDGE, REMOVE_EDGE, ADD_VERTEX, REMOVE_VERTEX, REWIRE = range(6)

_MOST_SUBSETS_OF = 9
_CAPACITY = 1 << 14
_DRAFTS = 1 << 10


def all_neighbours(limits: Limits, codes_BL: Codes) -> tuple[Codes, NDArray[np.int64], NDArray[np.uint8]]:
    """Neighbours of a batch: their codes (E, L), where each row's begin (B + 1,), and the kinds of edits (E,)."""
    codes, kinds = [np.empty((0, limits.code_length), np.int32)], [np.empty(0, np.uint8)]
    degree_B = np.zeros(len(codes_BL), np.int64)
    row, room = 0, _room(limits, _DRAFTS)
    while row < len(codes_BL):
        drafts = len(room[0][0])
        found_EL = np.empty((max(_CAPACITY, drafts), limits.code_length), np.int32)
        kinds_E = np.empty(len(found_EL), np.uint8)
        rows = _write_neighbours(limits, codes_BL[row:], room, found_EL, kinds_E, degree_B[row:])
        end = int(degree_B[row : row + rows].sum())
        codes.append(found_EL[:end].copy())
        kinds.append(kinds_E[:end])
        row += rows
        if not rows:
            room = _room(limits, 2 * drafts)
    offsets = np.concatenate([[0], np.cumsum(degree_B)]).astype(np.int64)
    return np.concatenate(codes), offsets, np.concatenate(kinds)


def _room(limits: Limits, drafts: int) -> tuple[Any, ...]:
    """Where kernels work on one cell, of which so many edits may be tried."""
    size = limits.vertices + 1
    return (
        (
            np.empty(drafts, np.int8),  # nodes, labels, edges, kinds
            np.empty((drafts, size), np.int8),
            np.empty((drafts, size, size), np.int8),
            np.empty(drafts, np.uint8),
        ),
        graph_room(limits),
        graph_room(limits),
        scratch(limits),
        np.empty(limits.code_length, np.int32),
        np.full(4 * drafts, -1, np.int64),
        np.empty(drafts, np.int64),
    )


@kernel
def _write_neighbours(limits, codes_BL, room, found_EL, kinds_E, degree_B):  # type: ignore[no-untyped-def]
    """Write the neighbours of as many rows as there is room for; return their number."""
    drafts, (label, edge), other, spare, trial_L, slots, taken = room
    nodes_D, label_DV, edge_DVV, kind_D = drafts
    end = 0
    for b in range(len(codes_BL)):
        n = read_code(limits, codes_BL[b], label, edge)
        count = _write_drafts(limits, n, label, edge, other, drafts)
        if count > len(nodes_D) or end + count > len(found_EL):
            return b
        begin = end
        for d in range(count):
            if not canonical(limits, np.int64(nodes_D[d]), label_DV[d], edge_DVV[d], spare, trial_L):
                continue
            slot = _slot_of(trial_L, found_EL, slots)
            if slots[slot] < 0 and not (trial_L == codes_BL[b]).all():
                slots[slot] = end
                taken[end - begin] = slot
                found_EL[end] = trial_L
                kinds_E[end] = kind_D[d]
                end += 1
        slots[taken[: end - begin]] = -1
        degree_B[b] = end - begin
    return len(codes_BL)


@kernel
def _slot_of(code_L, found_EL, slots):  # type: ignore[no-untyped-def]
    """Where a code lies in a table of the codes that were found, or would lie."""
    digest = np.uint64(0)
    for i in range(len(code_L)):
        digest = (digest ^ np.uint64(code_L[i])) * np.uint64(0x9E3779B97F4A7C15)
        digest ^= digest >> np.uint64(29)
    slot = np.int64(digest % np.uint64(len(slots)))
    while slots[slot] >= 0 and not (found_EL[slots[slot]] == code_L).all():
        slot = (slot + 1) % len(slots)
    return slot


@kernel
def _write_drafts(limits, n, label, edge, other, drafts):  # type: ignore[no-untyped-def]
    """Write the graphs that edits lead to, grouped by kind, and return their number; beyond the room for them they are
    only counted.
    """
    edges = np.int64((edge > 0).sum())
    exact = limits.least_edges == limits.edges or limits.least_incoming == limits.incoming
    end = _relabel(limits, n, label, edge, drafts, np.int64(0))
    if edges < limits.edges:
        end = _add_edges(limits, n, label, edge, drafts, end)
    if edges > limits.least_edges:
        end = _remove_edges(limits, n, label, edge, drafts, end)
    if n < limits.nodes and edges < limits.edges:
        end = _add_vertices(limits, n, other, label, edge, drafts, end)
    if n > limits.least_nodes:
        end = _remove_vertices(limits, n, other, label, edge, drafts, end)
    if exact:
        end = _rewire(limits, n, label, edge, drafts, end)
    return end


@kernel
def _put(n, label, edge, kind, drafts, end):  # type: ignore[no-untyped-def]
    """Write one graph."""
    nodes_D, label_DV, edge_DVV, kind_D = drafts
    if end < len(nodes_D):
        nodes_D[end], kind_D[end] = n, kind
        for v in range(len(label)):
            label_DV[end, v] = label[v]
            for u in range(len(label)):
                edge_DVV[end, u, v] = edge[u, v]
    return end + 1


@kernel
def _relabel(limits, n, label, edge, drafts, end):  # type: ignore[no-untyped-def]
    for v in range(limits.inputs, limits.inputs + n):
        own = label[v]
        for new in range(1, limits.labels + 1):
            if new != own:
                label[v] = new
                end = _put(n, label, edge, RELABEL, drafts, end)
        label[v] = own
    count = limits.inputs + n + limits.reached
    for v in range(limits.inputs, count):
        for u in range(v):
            own = edge[u, v]
            if own:
                for new in range(1, limits.kinds + 1):
                    if new != own:
                        edge[u, v] = new
                        end = _put(n, label, edge, RELABEL, drafts, end)
                edge[u, v] = own
    return end


@kernel
def _add_edges(limits, n, label, edge, drafts, end):  # type: ignore[no-untyped-def]
    inner, count = limits.inputs + n, limits.inputs + n + limits.reached
    for v in range(limits.inputs, count):
        for u in range(inner):
            if u != v and not edge[u, v] and not edge[v, u]:
                for kind in range(1, limits.kinds + 1):
                    edge[u, v] = kind
                    end = _put(n, label, edge, ADD_EDGE, drafts, end)
                edge[u, v] = 0
    return end


@kernel
def _remove_edges(limits, n, label, edge, drafts, end):  # type: ignore[no-untyped-def]
    for v in range(limits.inputs, limits.inputs + n + limits.reached):
        for u in range(v):
            own = edge[u, v]
            if own:
                edge[u, v] = 0
                end = _put(n, label, edge, REMOVE_EDGE, drafts, end)
                edge[u, v] = own
    return end


@kernel
def _rewire(limits, n, label, edge, drafts, end):  # type: ignore[no-untyped-def]
    inner, count = limits.inputs + n, limits.inputs + n + limits.reached
    for v in range(limits.inputs, count):
        for u in range(v):
            own = edge[u, v]
            if own:
                edge[u, v] = 0
                for w in range(count):
                    if w < inner and w not in (u, v) and not edge[w, v] and not edge[v, w]:
                        edge[w, v] = own
                        end = _put(n, label, edge, REWIRE, drafts, end)
                        edge[w, v] = 0
                    if w >= limits.inputs and w not in (u, v) and not edge[u, w] and not edge[w, u]:
                        edge[u, w] = own
                        end = _put(n, label, edge, REWIRE, drafts, end)
                        edge[u, w] = 0
                edge[u, v] = own
    return end


@kernel
def _add_vertices(limits, n, other, label, edge, drafts, end):  # type: ignore[no-untyped-def]
    """The new node comes behind the others, where the output was."""
    wide, wider = other
    new, inner = limits.inputs + n, limits.inputs + n + 1
    count = inner + limits.reached
    wide[:] = label
    wider[:] = 0
    for v in range(limits.inputs, new + limits.reached):
        for u in range(v):
            wider[u, v + (v == new)] = edge[u, v]
    sources = np.arange(limits.least_incoming)
    while True:
        for kind in range(1, limits.kinds + 1):
            for u in sources:
                wider[u, new] = kind
            for operation in range(1, limits.labels + 1):
                wide[new] = operation
                if not limits.reached:
                    end = _put(n + 1, wide, wider, ADD_VERTEX, drafts, end)
                for v in range(limits.inputs, count):
                    if v != new and not wider[v, new]:
                        for out in range(1, limits.kinds + 1):
                            wider[new, v] = out
                            end = _put(n + 1, wide, wider, ADD_VERTEX, drafts, end)
                        wider[new, v] = 0
        for u in sources:
            wider[u, new] = 0
        last = len(sources) - 1  # the next set of sources
        while last >= 0 and sources[last] == new - len(sources) + last:
            last -= 1
        if last < 0:
            return end
        sources[last] += 1
        for i in range(last + 1, len(sources)):
            sources[i] = sources[i - 1] + 1


@kernel
def _remove_vertices(limits, n, other, label, edge, drafts, end):  # type: ignore[no-untyped-def]
    left, lefter = other
    count = limits.inputs + n + limits.reached
    joins = np.empty((count * count, 3), np.int64)
    for gone in range(limits.inputs, limits.inputs + n):
        left[:] = 0
        lefter[:] = 0
        for v in range(limits.inputs, count):
            if v != gone:
                left[v - (v > gone)] = label[v]
                for u in range(v):
                    if u != gone:
                        lefter[u - (u > gone), v - (v > gone)] = edge[u, v]
        absent = 0
        for s in range(gone + 1, count):
            for p in range(gone):
                if edge[p, gone] and edge[gone, s] and not edge[p, s]:
                    joins[absent, 0], joins[absent, 1], joins[absent, 2] = p, s - 1, edge[p, gone]
                    absent += 1
        few = absent <= _MOST_SUBSETS_OF
        for subset in range(1 << absent if few else absent + 2):
            for j in range(absent):
                there = (subset >> j) & 1 if few else subset in (j + 1, absent + 1)
                lefter[joins[j, 0], joins[j, 1]] = joins[j, 2] if there else 0
            end = _put(n - 1, left, lefter, REMOVE_VERTEX, drafts, end)
    return end
