"""The code of an architecture, its canonical form and its encoding for networks.

A code is depth x 4 integers, a row (type, kernel, predecessor 1, predecessor 2) for each layer, zeros behind the
last: NSC vectors without their index, which is the number of the row, from 1.

Two codes are the same architecture if renumbering the layers makes them equal, the two predecessors of a merge being
in no order. The canonical form is the topological order whose rows (predecessor 1, predecessor 2, type, kernel) are
smallest, one after the other, with predecessor 1 >= predecessor 2. There are no dead layers: all read, through
others, the image, and what nobody reads is concatenated for the prediction. Layers are not merged because they
compute the same (two equal pools of one layer are two layers). Gomez Robles and Vanschoren 2019 compares the lists as
they are written.
"""

import numpy as np

from archwalk.jit import kernel, random_below
from archwalk.spaces.nsc.table import ADDITION, CONCATENATION, TYPES

ROW = 4
TYPE, KERNEL, FIRST, SECOND = range(ROW)


@kernel
def is_merge(number):  # type: ignore[no-untyped-def]
    """Whether a type reads two predecessors."""
    return number in (ADDITION, CONCATENATION)


@kernel
def count_layers(layers):  # type: ignore[no-untyped-def]
    """The number of layers of `layers` (D, 4)."""
    n = 0
    while n < len(layers) and layers[n, TYPE] > 0:
        n += 1
    return n


@kernel
def _key(layers, v, place):  # type: ignore[no-untyped-def]
    """The row of layer v (from 1) under a new numbering, as one number; -1 if a predecessor has no number yet."""
    a, b = place[layers[v - 1, FIRST]], 0
    if is_merge(layers[v - 1, TYPE]):
        b = place[layers[v - 1, SECOND]]
    if a < 0 or b < 0:
        return np.int64(-1)
    return ((np.int64(max(a, b)) * 64 + min(a, b)) * 8 + layers[v - 1, TYPE]) * 64 + layers[v - 1, KERNEL]


@kernel
def _readers(layers, n, once, twice):  # type: ignore[no-untyped-def]
    """Bit sets: which layers read each vertex, and which of these read it twice."""
    once[:] = 0
    twice[:] = 0
    for v in range(1, n + 1):
        bit = np.int64(1) << v
        once[layers[v - 1, FIRST]] |= bit
        if is_merge(layers[v - 1, TYPE]):
            once[layers[v - 1, SECOND]] |= bit
            if layers[v - 1, FIRST] == layers[v - 1, SECOND]:
                twice[layers[v - 1, FIRST]] |= bit


@kernel
def _next_layer(layers, n, place, tried, once, twice):  # type: ignore[no-untyped-def]
    """Of the layers of the smallest key one that was not tried, nor a twin of it: (layer or 0, key)."""
    smallest, pick = np.int64(-1), 0
    for v in range(1, n + 1):
        if place[v] < 0:
            key = _key(layers, v, place)
            if key >= 0 and (smallest < 0 or key < smallest):
                smallest = key
    for v in range(1, n + 1):
        if place[v] < 0 and not (tried >> v) & 1 and _key(layers, v, place) == smallest:
            twin = False
            for u in range(1, n + 1):
                if (tried >> u) & 1 and once[u] == once[v] and twice[u] == twice[v]:
                    twin = True  # the same row and the same readers: exchanging them changes nothing
            if not twin:
                pick = v
                break
    return pick, smallest


@kernel
def canonicalise(layers, out):  # type: ignore[no-untyped-def]
    """Write to `out` (D, 4) the canonical form of `layers` (D, 4), numbered in any order without cycles.

    Depth-first over the orders that are smallest so far; branches only where layers tie.
    """
    n = count_layers(layers)
    once, twice = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    _readers(layers, n, once, twice)
    place, order = np.full(n + 1, -1), np.zeros(n + 2, np.int64)
    place[0] = 0
    best_place, best, keys = np.zeros(n + 1, np.int64), np.zeros(n + 2, np.int64), np.zeros(n + 2, np.int64)
    tried, smaller = np.zeros(n + 2, np.int64), np.zeros(n + 2, np.bool_)
    found, k = False, 1
    while k >= 1:
        pick, key = 0, np.int64(0)
        if k > n:
            if not found or smaller[n]:
                best[:] = keys
                best_place[:] = place
                found = True
                smaller[:] = False
        else:
            pick, key = _next_layer(layers, n, place, tried[k], once, twice)
            if pick and found and not smaller[k - 1] and key > best[k]:
                pick = 0
        if pick == 0:
            k -= 1
            if k >= 1:
                place[order[k]] = -1
            continue
        tried[k] |= np.int64(1) << pick
        smaller[k] = smaller[k - 1] or (found and key < best[k])
        place[pick], order[k], keys[k] = k, pick, key
        k += 1
        tried[k] = 0
    out[:] = 0
    for v in range(1, n + 1):
        row = best_place[v] - 1
        out[row, TYPE], out[row, KERNEL] = layers[v - 1, TYPE], layers[v - 1, KERNEL]
        a, b = best_place[layers[v - 1, FIRST]], 0
        if is_merge(layers[v - 1, TYPE]):
            b = best_place[layers[v - 1, SECOND]]
        out[row, FIRST], out[row, SECOND] = max(a, b), min(a, b)


@kernel
def canonicalise_all(layers_BDR, out_BDR):  # type: ignore[no-untyped-def]
    """`canonicalise` for each of B architectures."""
    for b in range(len(layers_BDR)):
        canonicalise(layers_BDR[b], out_BDR[b])


@kernel
def rewrite(layers_BDR, streams_B, out_BDR):  # type: ignore[no-untyped-def]
    """Write to `out_BDR` the architectures in a random topological order, merges with predecessors in random order.

    Each next layer is drawn from those that may come next.
    """
    for b in range(len(layers_BDR)):
        layers, n = layers_BDR[b], count_layers(layers_BDR[b])
        place, ready = np.full(n + 1, -1), np.empty(n, np.int64)
        place[0] = 0
        out_BDR[b] = layers
        for k in range(n):
            count = 0
            for v in range(1, n + 1):
                if place[v] < 0 and _key(layers, v, place) >= 0:
                    ready[count] = v
                    count += 1
            v = ready[random_below(streams_B, b, count)]
            place[v] = k + 1
            out_BDR[b, k, TYPE], out_BDR[b, k, KERNEL] = layers[v - 1, TYPE], layers[v - 1, KERNEL]
            out_BDR[b, k, FIRST], out_BDR[b, k, SECOND] = place[layers[v - 1, FIRST]], 0
            if is_merge(layers[v - 1, TYPE]):
                out_BDR[b, k, SECOND] = place[layers[v - 1, SECOND]]
                if random_below(streams_B, b, 2) == 1:
                    first = out_BDR[b, k, FIRST]
                    out_BDR[b, k, FIRST], out_BDR[b, k, SECOND] = out_BDR[b, k, SECOND], first


@kernel
def encode(layers_BDR, largest_kernel, branches, out_BDW):  # type: ignore[no-untyped-def]
    """Write the one-hot rows of Gomez Robles and Vanschoren 2019, section 4.2.1: type (8), predecessors (d + 1 each),
    kernel (k + 1).

    Right-aligned: the last layer is the last row, empty layers (type 0, kernel 0, predecessor 0) come first. An
    architecture of -1 gives zeros. The order within a row is the text's.
    """
    depth = layers_BDR.shape[1]
    out_BDW[:] = 0
    for b in range(len(layers_BDR)):
        if layers_BDR[b, 0, TYPE] < 0:
            continue
        n = count_layers(layers_BDR[b])
        for row in range(depth):
            i = (row + n) % depth if n < depth else row  # empty rows are those behind the last layer
            out_BDW[b, row, layers_BDR[b, i, TYPE]] = 1
            out_BDW[b, row, TYPES + layers_BDR[b, i, FIRST]] = 1
            at = TYPES + depth + 1
            if branches:
                out_BDW[b, row, at + layers_BDR[b, i, SECOND]] = 1
                at += depth + 1
            out_BDW[b, row, at + layers_BDR[b, i, KERNEL]] = 1
