"""Cells as strings of decisions, of which strategies draw and change any: which operations, and which edges.

Two forms. Where every node reads the same number of vertices the decisions are how many nodes there are (if that
varies), each node's operation, whom it reads (one of all sets of vertices before it), and each edge's operation. Else
every pair of vertices is a decision: no edge, or one of the operations. A vertex that lies on no way from an input to
the output is taken off, as in NAS-Bench-101.
"""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from archwalk.jit import kernel
from archwalk.spaces.base import Codes
from archwalk.spaces.declared.cells.canonical import canonical, scratch
from archwalk.spaces.declared.cells.limits import Limits, edge_place, graph_room

_MOST_SETS = 1_000
Ints = NDArray[np.int32]


class Strings:
    """Reads and writes the strings of a cell; `choices` are the sizes of the decisions."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        exact = limits.least_incoming == limits.incoming and limits.least_edges < limits.pairs
        by_sets = exact and comb(limits.inputs + limits.nodes - 1, limits.incoming) <= _MOST_SETS
        self._sets_NSD = _sets(limits) if by_sets else np.empty((0, 0, limits.incoming), np.int32)
        self._sizes, self._fixed = _sizes(limits, self._sets_NSD)
        self._free = np.array([place for place, size in enumerate(self._sizes) if size > 1], np.int64)
        self.choices = tuple(self._sizes[place] for place in self._free.tolist())

    def write(self, codes_BL: Codes) -> Ints:
        """The strings (B, C) of codes (B, L)."""
        wide_BW = np.zeros((len(codes_BL), len(self._sizes)), np.int32)
        _write(self.limits, codes_BL, self._sets_NSD, self._fixed, wide_BW)
        return wide_BW[:, self._free]

    def read(self, choices_BC: Ints) -> Codes:
        """Codes (B, L) of strings; -1 where they are no cell within the limits."""
        wide_BW = np.zeros((len(choices_BC), len(self._sizes)), np.int32)
        wide_BW[:, self._free] = choices_BC
        codes_BL = np.empty((len(choices_BC), self.limits.code_length), np.int32)
        room = graph_room(self.limits), scratch(self.limits)
        _read(self.limits, wide_BW, self._sets_NSD, self._fixed, *room, codes_BL)
        return codes_BL


def _sets(limits: Limits) -> Ints:
    """Of each node the sets of vertices that it may read, (nodes, sets, incoming); 0 behind the last."""
    found = [list(combinations(range(limits.inputs + i), limits.incoming)) for i in range(limits.nodes)]
    sets_NSD = np.zeros((limits.nodes, len(found[-1]), limits.incoming), np.int32)
    for i, sets in enumerate(found):
        sets_NSD[i, : len(sets)] = sets
    return sets_NSD


def _sizes(limits: Limits, sets_NSD: Ints) -> tuple[list[int], int]:
    """How many values each decision has, and which value of an edge's is its first operation.

    In order: the number of nodes, labels, edges; where sets are read each node's set, the kinds of its edges, and then
    the edges to the output.
    """
    vary = len(sets_NSD) and not limits.reached
    nodes = limits.nodes - limits.least_nodes + 1 if vary else 1
    sizes = [nodes, *[limits.labels] * limits.nodes]
    first = (
        0 if limits.least_edges == limits.pairs else 1
    )  # where every edge is there, none says that it is not
    if not len(sets_NSD):
        return [*sizes, *[limits.kinds + first] * limits.pairs], first
    for i in range(limits.nodes):
        sizes += [comb(limits.inputs + i, limits.incoming), *[limits.kinds] * limits.incoming]
    return [*sizes, *[limits.kinds + 1] * (limits.reached * (limits.inputs + limits.nodes))], 1


@kernel
def _write(limits, codes_BL, sets_NSD, first, wide_BW):  # type: ignore[no-untyped-def]
    last = limits.inputs + limits.nodes
    for b in range(len(codes_BL)):
        code_L, wide_W = codes_BL[b], wide_BW[b]
        n = 0
        while n < limits.nodes and code_L[n]:
            wide_W[1 + n] = code_L[n] - 1
            n += 1
        if not limits.reached:
            wide_W[0] = n - limits.least_nodes
        at = 1 + limits.nodes
        if not len(sets_NSD):
            for place in range(limits.nodes, codes_BL.shape[1]):
                wide_W[at + place - limits.nodes] = max(0, code_L[place] - 1 + first)
            continue
        for i in range(limits.nodes):
            v, found = limits.inputs + i, 0
            if i < n:
                for s in range(sets_NSD.shape[1]):
                    same = True
                    for j in range(limits.incoming):
                        u = sets_NSD[i, s, j]
                        same = same and u < v and code_L[edge_place(limits, limits.nodes, u, v)] > 0
                    if same:
                        found = s
                        break
                for j in range(limits.incoming):
                    u = sets_NSD[i, found, j]
                    wide_W[at + 1 + j] = code_L[edge_place(limits, limits.nodes, u, v)] - 1
            wide_W[at] = found
            at += 1 + limits.incoming
        if limits.reached:
            for u in range(last):
                wide_W[at + u] = code_L[edge_place(limits, limits.nodes, u, last)]


@kernel
def _read(limits, wide_BW, sets_NSD, first, graph, room, codes_BL):  # type: ignore[no-untyped-def]
    label, edge = graph
    inner = limits.inputs + limits.nodes
    for b in range(len(wide_BW)):
        wide_W = wide_BW[b]
        edge[:] = 0
        there = limits.nodes if limits.reached or not len(sets_NSD) else wide_W[0] + limits.least_nodes
        for i in range(limits.nodes):
            label[limits.inputs + i] = wide_W[1 + i] + 1
        at = 1 + limits.nodes
        if len(sets_NSD):
            for i in range(limits.nodes):
                if i < there:
                    for j in range(limits.incoming):
                        edge[sets_NSD[i, wide_W[at], j], limits.inputs + i] = wide_W[at + 1 + j] + 1
                at += 1 + limits.incoming
            if limits.reached:
                for u in range(inner):
                    edge[u, inner] = wide_W[at + u]
        else:
            for v in range(limits.inputs, inner + limits.reached):
                for u in range(v):
                    place = edge_place(limits, limits.nodes, u, v) - limits.nodes
                    edge[u, v] = wide_W[at + place] + 1 - first
        n = prune(limits, limits.nodes, label, edge)
        if not canonical(limits, n, label, edge, room, codes_BL[b]):
            codes_BL[b] = -1


@kernel
def prune(limits, n, label, edge):  # type: ignore[no-untyped-def]
    """Take off, in place, the nodes on no way from an input to the output, or to any node's end where edges lead to no
    output; return how many are left. Edges ascend.
    """
    inner, count = limits.inputs + n, limits.inputs + n + limits.reached
    kept = np.ones(count, np.bool_)
    for v in range(limits.inputs, inner):
        kept[v] = False
        for u in range(v):
            kept[v] |= edge[u, v] > 0 and kept[u]
    if limits.reached:
        for v in range(inner - 1, limits.inputs - 1, -1):
            read = False
            for w in range(v + 1, count):
                read |= edge[v, w] > 0 and kept[w]
            kept[v] &= read
    place = 0
    for v in range(count):
        if not kept[v]:
            continue
        label[place] = label[v]
        other = 0
        for u in range(v):
            if kept[u]:
                edge[other, place] = edge[u, v]
                other += 1
        place += 1
    edge[:, place:] = 0
    edge[place:] = 0
    for v in range(place):
        edge[v, : v + 1] = 0
    return place - limits.inputs - limits.reached
