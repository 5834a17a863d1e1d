"""Architectures that are one edit of one layer away (ours; Gomez Robles and Vanschoren 2019 edits nothing, it only
builds).

- relabel: a layer gets another kernel or type that reads as many predecessors;
- rewire: one predecessor of a layer becomes any other vertex that does not read the layer;
- insert: a layer on an edge, or one that reads any vertex (two, if it merges) and is read by nobody;
- remove: the readers of a layer read its predecessor instead (a merge: either of the two).

A chain stays one: it is not rewired, and a layer goes between two others, before the first or behind the last.
Results are canonical; the architecture itself is dropped and duplicates are merged, under the first kind in this order.
"""

import numpy as np
from numpy.typing import NDArray

from archwalk.jit import kernel
from archwalk.spaces.base import Codes
from archwalk.spaces.nsc.code import FIRST, KERNEL, ROW, SECOND, TYPE, canonicalise, count_layers, is_merge
from archwalk.spaces.nsc.table import CodeTable

EDIT_KINDS = ("relabel", "rewire", "insert", "remove")
CHAIN_KINDS = ("relabel", "insert", "remove")
RELABEL, REWIRE, INSERT, REMOVE = range(4)


def find_neighbours(code_L: Codes, table: CodeTable) -> tuple[Codes, NDArray[np.uint8]]:
    """The neighbours (N, L) of one architecture and the kind of each, an index into `EDIT_KINDS` (`CHAIN_KINDS`)."""
    depth, labels = table.depth, len(table.labels)
    vertices = depth + 1
    most = depth * (labels + 2 * vertices + 2 * labels + 2) + vertices * (vertices + 1) * labels
    edits_EDR, kinds_E = np.empty((most, depth, ROW), np.int32), np.empty(most, np.uint8)
    layers = np.ascontiguousarray(code_L).reshape(depth, ROW)
    n = _fill(layers, table.label_array, table.branches, edits_EDR, kinds_E)
    codes_EL = np.concatenate([code_L[None], edits_EDR[:n].reshape(n, -1)])
    rows = codes_EL.view(np.dtype((np.void, codes_EL.dtype.itemsize * codes_EL.shape[1])))[:, 0]
    _, first = np.unique(rows, return_index=True)
    kept = np.sort(first)[1:]  # without the architecture itself, which comes first
    kinds = kinds_E[kept - 1]
    if not table.branches:
        kinds = kinds - (kinds > RELABEL)
    return codes_EL[kept], kinds


@kernel
def _fill(layers, labels, branches, out, kinds):  # type: ignore[no-untyped-def]
    """Write all edits, canonical and with repeats, to `out` (E, D, 4), and return their number."""
    n, at = count_layers(layers), 0
    at = _relabel(layers, n, labels, out, kinds, at)
    if branches:
        at = _rewire(layers, n, out, kinds, at)
    if n < len(layers):
        at = _insert_on_edges(layers, n, labels, out, kinds, at)
        at = _append(layers, n, labels, branches, out, kinds, at)
    if n > 1:
        at = _remove(layers, n, out, kinds, at)
    return at


@kernel
def _inputs(layers, v):  # type: ignore[no-untyped-def]
    """How many predecessors layer v (from 1) reads."""
    return 2 if is_merge(layers[v - 1, TYPE]) else 1


@kernel
def _relabel(layers, n, labels, out, kinds, at):  # type: ignore[no-untyped-def]
    edited = layers.copy()
    for v in range(n):
        for label in labels:
            other = label[0] != layers[v, TYPE] or label[1] != layers[v, KERNEL]
            if other and is_merge(label[0]) == is_merge(layers[v, TYPE]):
                edited[v, TYPE], edited[v, KERNEL] = label[0], label[1]
                canonicalise(edited, out[at])
                kinds[at] = RELABEL
                at += 1
        edited[v] = layers[v]
    return at


@kernel
def _rewire(layers, n, out, kinds, at):  # type: ignore[no-untyped-def]
    edited, below = layers.copy(), np.zeros(n + 1, np.bool_)
    for v in range(1, n + 1):
        below[:] = False
        below[v] = True
        for w in range(v + 1, n + 1):  # canonical, so readers come later
            below[w] = below[layers[w - 1, FIRST]]
            if _inputs(layers, w) == 2:
                below[w] |= below[layers[w - 1, SECOND]]
        for slot in range(FIRST, FIRST + _inputs(layers, v)):
            for u in range(n + 1):
                if not below[u] and u != layers[v - 1, slot]:
                    edited[v - 1, slot] = u
                    canonicalise(edited, out[at])
                    kinds[at] = REWIRE
                    at += 1
            edited[v - 1] = layers[v - 1]
    return at


@kernel
def _insert_on_edges(layers, n, labels, out, kinds, at):  # type: ignore[no-untyped-def]
    edited = layers.copy()
    for v in range(1, n + 1):
        for slot in range(FIRST, FIRST + _inputs(layers, v)):
            for label in labels:
                if not is_merge(label[0]):
                    edited[n, TYPE], edited[n, KERNEL], edited[n, FIRST] = (
                        label[0],
                        label[1],
                        layers[v - 1, slot],
                    )
                    edited[v - 1, slot] = n + 1
                    canonicalise(edited, out[at])
                    kinds[at] = INSERT
                    at += 1
            edited[v - 1] = layers[v - 1]
    return at


@kernel
def _append(layers, n, labels, branches, out, kinds, at):  # type: ignore[no-untyped-def]
    edited = layers.copy()
    for label in labels:
        edited[n, TYPE], edited[n, KERNEL] = label[0], label[1]
        for a in range(0 if branches else n, n + 1):
            for b in range(a + 1 if is_merge(label[0]) else 1):
                edited[n, FIRST], edited[n, SECOND] = a, b
                canonicalise(edited, out[at])
                kinds[at] = INSERT
                at += 1
    return at


@kernel
def _remove(layers, n, out, kinds, at):  # type: ignore[no-untyped-def]
    edited = np.zeros_like(layers)
    for v in range(1, n + 1):
        for slot in range(FIRST, FIRST + _inputs(layers, v)):
            edited[:] = 0
            row = 0
            for w in range(1, n + 1):
                if w == v:
                    continue
                edited[row, TYPE], edited[row, KERNEL] = layers[w - 1, TYPE], layers[w - 1, KERNEL]
                for s in range(FIRST, FIRST + _inputs(layers, w)):
                    u = layers[w - 1, s]
                    if u == v:
                        u = layers[v - 1, slot]
                    edited[row, s] = u - (u > v)
                row += 1
            canonicalise(edited, out[at])
            kinds[at] = REMOVE
            at += 1
    return at
