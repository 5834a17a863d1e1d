"""What the kernels know of a declared cell, and how a graph lies in a code."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archwalk.jit import kernel


class Limits(NamedTuple):
    """A cell's numbers. A graph has `inputs` first, then its nodes, then, where edges lead there, the output.

    A code has a label for each of up to `nodes` nodes (0: there is none; else 1 to `labels`), then what lies between
    each two vertices (0: nothing; else a kind of edge, 1 to `kinds`): for each node, and for the output, the vertices
    before it. Nodes that are not there come last.
    """

    inputs: int
    least_nodes: int
    nodes: int
    labels: int
    kinds: int
    least_edges: int
    edges: int
    least_incoming: int
    incoming: int
    reached: int
    """1 where edges lead to the output, and every node has to lead there; else 0."""

    @property
    def vertices(self) -> int:
        """The most vertices of a graph."""
        return self.inputs + self.nodes + self.reached

    @property
    def pairs(self) -> int:
        """Places for edges in a code."""
        last = self.inputs + self.nodes if self.reached else 0
        return self.inputs * self.nodes + self.nodes * (self.nodes - 1) // 2 + last

    @property
    def code_length(self) -> int:
        """L."""
        return self.nodes + self.pairs


@kernel
def edge_place(limits, n, u, v):  # type: ignore[no-untyped-def]
    """Where in a code the edge from u to v > u of a graph of n nodes lies."""
    slot = v - limits.inputs
    if slot == n:  # the output
        slot = limits.nodes
    return limits.nodes + limits.inputs * slot + slot * (slot - 1) // 2 + u


@kernel
def write_code(limits, n, label, edge, order, code_L):  # type: ignore[no-untyped-def]
    """Write the code of a graph whose vertices come in an `order` in which edges ascend."""
    code_L[:] = 0
    for i in range(n):
        code_L[i] = label[order[limits.inputs + i]]
    for j in range(limits.inputs, limits.inputs + n + limits.reached):
        for i in range(j):
            kind = edge[order[i], order[j]]
            if kind:
                code_L[edge_place(limits, n, i, j)] = kind


@kernel
def read_code(limits, code_L, label, edge):  # type: ignore[no-untyped-def]
    """Write the graph of a code; return how many nodes it has."""
    n = 0
    while n < limits.nodes and code_L[n]:
        n += 1
    edge[:] = 0
    label[:] = 0
    for i in range(n):
        label[limits.inputs + i] = code_L[i]
    for v in range(limits.inputs, limits.inputs + n + limits.reached):
        for u in range(v):
            edge[u, v] = code_L[edge_place(limits, n, u, v)]
    return n


def graph_room(limits: Limits) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Labels and edges of one graph more than the largest, for a kernel to work on."""
    size = limits.vertices + 1
    return np.zeros(size, np.int8), np.zeros((size, size), np.int8)
