"""All neighbours of all NAS-Bench-Graph architectures: the edits `relabel` and `rewire`.

Edits are made on the canonical string. Relabelling gives one node another operation. Rewiring gives one
node another parent: the input, or any node that is neither itself nor below it (not "any node with a
lower number", which would depend on how the string happens to be numbered); the nodes are then numbered
anew. Results that are no architecture are dropped, duplicates merged (under relabel first), the
architecture itself excluded.
"""

import numpy as np

from archwalk.jit import kernel
from archwalk.spaces.base import NeighbourGraph
from archwalk.spaces.nasbench_graph.canonical import NODES, Architectures, link_row

EDIT_KINDS = ("relabel", "rewire")
_RELABEL, _REWIRE = range(2)


def build_graph(architectures: Architectures) -> NeighbourGraph:
    """Neighbours of each architecture."""
    size, strings = len(architectures.hashes), architectures.ids.shape[1]
    n = round(strings ** (1 / NODES))
    most = size * NODES * (n - 1 + NODES - 1)
    targets_E, kinds_E = np.empty(most, np.int32), np.empty(most, np.uint8)
    offsets = np.zeros(size + 1, np.int64)
    links, labels = architectures.links.astype(np.int64), architectures.labels.astype(np.int64)
    _fill_graph(links, labels, architectures.ids, n, offsets, targets_E, kinds_E)
    edges = offsets[-1]
    return NeighbourGraph(offsets, targets_E[:edges].copy(), kinds_E[:edges].copy())


@kernel
def _string_id(link, labels, ids, n):  # type: ignore[no-untyped-def]
    """Architecture of a string over n operations, -1 if it is none."""
    string = 0
    for i in range(NODES):
        string = string * n + labels[i]
    return ids[link_row(link), string]


@kernel
def _fill_graph(links, labels, ids, n, offsets, targets_E, kinds_E):  # type: ignore[no-untyped-def]
    owner = np.full(len(links), -1, np.int32)  # the last architecture that had this one as a neighbour
    edges = 0
    for a in range(len(links)):
        owner[a] = a
        link, ops = links[a], labels[a].copy()
        for i in range(NODES):
            for label in range(n):
                ops[i] = label
                target = _string_id(link, ops, ids, n)
                if target >= 0 and owner[target] != a:
                    owner[target] = a
                    targets_E[edges] = target
                    kinds_E[edges] = _RELABEL
                    edges += 1
            ops[i] = labels[a, i]
        for i in range(NODES):
            for parent in range(NODES + 1):
                if _is_below(link, parent, i + 1):
                    continue
                new_link, new_ops = _rewire(link, ops, i, parent)
                target = _string_id(new_link, new_ops, ids, n)
                if target >= 0 and owner[target] != a:
                    owner[target] = a
                    targets_E[edges] = target
                    kinds_E[edges] = _REWIRE
                    edges += 1
        offsets[a + 1] = edges


@kernel
def _is_below(link, node, ancestor):  # type: ignore[no-untyped-def]
    """Whether `node` is `ancestor` or one of its descendants; both count from 1, the input is 0."""
    while node > ancestor:  # a parent has a lower number than its child
        node = link[node - 1]
    return node == ancestor


@kernel
def _rewire(link, ops, i, parent):  # type: ignore[no-untyped-def]
    """The string in which node i + 1 hangs on `parent`, its nodes numbered so that parents come first."""
    parents = link.copy()
    parents[i] = parent
    new_link, new_ops = np.empty_like(link), np.empty_like(ops)
    place = np.full(NODES + 1, -1)
    place[0] = 0
    placed = 0
    while placed < NODES:
        for j in range(NODES):
            if place[j + 1] < 0 and place[parents[j]] >= 0:
                new_link[placed] = place[parents[j]]
                new_ops[placed] = ops[j]
                placed += 1
                place[j + 1] = placed
    return new_link, new_ops
