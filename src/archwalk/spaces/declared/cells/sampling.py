"""Cells drawn at random.

The number of nodes is uniform, then the number of edges, as far as the limits leave it open. Every node reads as many
random vertices before it as it has to, what nobody reads leads to the output, and random edges are added until they are
as many as were drawn. Operations are uniform. What is beyond the limits is drawn again.
"""

from __future__ import annotations

import numpy as np

from archwalk.jit import Streams, kernel, random_below
from archwalk.spaces.base import Codes
from archwalk.spaces.declared.cells.canonical import canonical, scratch
from archwalk.spaces.declared.cells.limits import Limits, graph_room

TRIES = 256
"""Graphs that are drawn for one cell; from half of them on, nodes read rather what nobody reads."""


def sample_cells(limits: Limits, streams_B: Streams) -> Codes:
    """A cell (B, L) by each stream, which it advances; -1 where none was found within the limits."""
    codes_BL = np.empty((len(streams_B), limits.code_length), np.int32)
    _sample(limits, streams_B, *graph_room(limits), scratch(limits), codes_BL)
    return codes_BL


@kernel
def _sample(limits, streams_B, label, edge, room, codes_BL):  # type: ignore[no-untyped-def]
    for b in range(len(streams_B)):
        found = False
        for attempt in range(TRIES):
            n = limits.least_nodes + random_below(streams_B, b, limits.nodes - limits.least_nodes + 1)
            if _draw(limits, n, streams_B, b, attempt >= TRIES // 2, label, edge):
                found = canonical(limits, n, label, edge, room, codes_BL[b])
            if found:
                break
        if not found:
            codes_BL[b] = -1


@kernel
def _draw(limits, n, streams_B, b, chained, label, edge):  # type: ignore[no-untyped-def]
    """Draw a graph of n nodes; False where it has too many edges."""
    edge[:] = 0
    inner, count = limits.inputs + n, limits.inputs + n + limits.reached
    edges = 0
    for v in range(limits.inputs, inner):
        label[v] = 1 + random_below(streams_B, b, limits.labels)
        for _ in range(limits.least_incoming):
            u = _source(limits, v, chained, streams_B, b, edge)
            edge[u, v] = 1 + random_below(streams_B, b, limits.kinds)
            edges += 1
    for u in range(limits.inputs if n else 0, inner if limits.reached else 0):
        if not edge[u].any() and (n or u == inner - 1):
            edge[u, inner] = 1 + random_below(streams_B, b, limits.kinds)
            edges += 1
    free = 0  # pairs that may be joined, but for limits of a node's edges
    for v in range(limits.inputs, count):
        for u in range(v):
            free += edge[u, v] == 0
    least = max(0, limits.least_edges - edges)
    most = min(limits.edges - edges, free)
    if least > most:
        return False
    wanted = least + random_below(streams_B, b, most - least + 1)
    for _ in range(wanted):
        if not _join(limits, inner, count, streams_B, b, edge):
            break
    return True


@kernel
def _source(limits, v, chained, streams_B, b, edge):  # type: ignore[no-untyped-def]
    """A vertex before v that v does not read yet; where it is `chained`, a node that nobody reads, if there is one."""
    for loose in range(1 if chained else 0, -1, -1):
        chosen, seen = -1, 0
        for u in range(v):
            if edge[u, v] or (loose and (u < limits.inputs or edge[u].any())):
                continue
            seen += 1
            if random_below(streams_B, b, seen) == 0:
                chosen = u
        if chosen >= 0:
            return chosen
    return 0


@kernel
def _join(limits, inner, count, streams_B, b, edge):  # type: ignore[no-untyped-def]
    """Add an edge, each that may be added with the same chance; False where there is none."""
    source, target, seen = -1, -1, 0
    for v in range(limits.inputs, count):
        if v < inner and (edge[:, v] > 0).sum() >= limits.incoming:
            continue
        for u in range(v):
            if not edge[u, v]:
                seen += 1
                if random_below(streams_B, b, seen) == 0:
                    source, target = u, v
    if seen:
        edge[source, target] = 1 + random_below(streams_B, b, limits.kinds)
    return seen > 0
