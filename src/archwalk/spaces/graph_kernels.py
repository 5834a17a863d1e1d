"""Kernels of `graph_features`: what is counted in labelled graphs (G of up to V vertices), and distances of counts."""

import numpy as np

from archwalk.jit import kernel

PATH_COUNT = 2
"""A sequence of operations counts so often at most, and so does a label among a vertex's neighbours."""


@kernel
def add_distances_of_counts(  # type: ignore[no-untyped-def]
    columns_E, counts_E, starts_N, stops_N, places, known_UE, squares_E, weight, products_E, out_NE
):
    """Add squared distances (N, E) times `weight` of sparse rows to dense ones, whose columns in use have their
    `places` in `known_UE`; what is then below zero, by rounding, is zero. `products_E` is room for integers.
    """
    for n in range(len(starts_N)):
        products_E[:] = 0
        square = np.int64(0)
        for e in range(starts_N[n], stops_N[n]):
            count = products_E.dtype.type(counts_E[e])
            square += np.int64(counts_E[e]) * np.int64(counts_E[e])
            place = places[columns_E[e]]
            if place >= 0:
                known = known_UE[place]
                for k in range(len(products_E)):
                    products_E[k] += count * products_E.dtype.type(known[k])
        row, own = out_NE[n], np.float32(square)
        for k in range(len(row)):
            distance = row[k] + weight * (own + squares_E[k] - np.float32(2) * np.float32(products_E[k]))
            row[k] = distance if distance > 0 else np.float32(0)


@kernel
def compute_statistics(labels_GV, edges_GVV, operations, inputs, out_GS, paths_G):  # type: ignore[no-untyped-def]
    """Statistics (G, S) of graphs, and how many paths (G,) each has from its inputs to the output."""
    vertices = labels_GV.shape[1]
    longest, shortest = np.empty(vertices, np.int64), np.empty(vertices, np.int64)
    paths, most = np.empty(vertices, np.int64), np.empty((vertices, operations), np.int64)
    at = 2 * operations
    for g in range(len(labels_GV)):
        out, output = out_GS[g], -1
        longest[:], shortest[:], paths[:], most[:] = -1, vertices, 0, 0
        for v in range(vertices):
            label = labels_GV[g, v]
            if label < 0:
                continue
            out[at] += 1
            step = 0
            if label < operations:
                out[label] += 1
                step = 1
            elif label == operations:
                output = v
            else:
                longest[v], shortest[v], paths[v] = 0, 0, 1
            for u in range(v):
                if not edges_GVV[g, u, v]:
                    continue
                out[at + 1] += 1
                if label == operations:
                    out[at + 2] += 1
                if labels_GV[g, u] > operations:
                    source = labels_GV[g, u] - operations - 1
                    out[at + 6 + source] += 1
                    if label == operations:
                        out[at + 6 + inputs + source] += 1
                if paths[u]:
                    longest[v] = max(longest[v], longest[u] + step)
                    shortest[v] = min(shortest[v], shortest[u] + step)
                    paths[v] += paths[u]
                    for o in range(operations):
                        most[v, o] = max(most[v, o], most[u, o] + (o == label))
        if output >= 0 and paths[output]:
            paths_G[g] = paths[output]
            out[at + 3], out[at + 4], out[at + 5] = longest[output], shortest[output], paths[output]
            for o in range(operations):
                out[operations + o] = most[output, o]


@kernel
def _write_run_lengths(found, n, most, columns_E, counts_E, at):  # type: ignore[no-untyped-def]
    """Sort the first `n` of `found` and write each once with its count, at most `most`; where it ends."""
    ordered = np.sort(found[:n])
    for i in range(n):
        if i > 0 and ordered[i] == ordered[i - 1]:
            counts_E[at - 1] = min(counts_E[at - 1] + 1, most)
        else:
            columns_E[at], counts_E[at] = ordered[i], 1
            at += 1
    return at


@kernel
def walk_paths(labels_GV, edges_GVV, g, operations, firsts, first, stack, top, found, n):  # type: ignore[no-untyped-def]
    """Follow the paths of graph `g` that begin with what is on the stack (vertex, operations so far, their digits), as
    long as `found` has room: from its place `n` on it gets, for each path to the output, `first` plus the place of its
    operations in the order of `firsts`.

    Gives how many are left on the stack, to go on with, and how many are in `found`.
    """
    longest, vertices = len(firsts) - 2, labels_GV.shape[1]
    while top and n < len(found):
        top -= 1
        u, length, digits = stack[top]
        for v in range(u + 1, vertices):
            if not edges_GVV[g, u, v]:
                continue
            if labels_GV[g, v] == operations:
                found[n] = first + firsts[length] + digits
                n += 1
            elif length < longest:
                stack[top] = v, length + 1, digits * operations + labels_GV[g, v]
                top += 1
    return top, n


@kernel
def count_paths(  # type: ignore[no-untyped-def]
    labels_GV, edges_GVV, operations, firsts, inputs, cells, found, columns_E, counts_E, offsets
):
    """Each sequence of operations on a path with its count; `found` holds the paths of one graph. Gives the entries."""
    vertices = labels_GV.shape[1]
    longest = len(firsts) - 2
    stack = np.empty((vertices * (longest + 2), 3), np.int64)  # vertex, operations so far, their digits
    at = 0
    for g in range(len(labels_GV)):
        n = 0
        for source in range(vertices):
            if labels_GV[g, source] <= operations:
                continue
            first = ((g % cells) * inputs + labels_GV[g, source] - operations - 1) * firsts[-1]
            stack[0] = source, 0, 0
            _, n = walk_paths(labels_GV, edges_GVV, g, operations, firsts, first, stack, 1, found, n)
        at = _write_run_lengths(found, n, PATH_COUNT, columns_E, counts_E, at)
        offsets[g + 1] = at
    return at


@kernel
def count_hoods(labels_GV, edges_GVV, labels, width, cells, columns_E, counts_E, offsets):  # type: ignore[no-untyped-def]
    """Each label with the labels that such a vertex reads, and with those that it feeds, in `width` columns a way.
    Gives the entries.
    """
    vertices = labels_GV.shape[1]
    base = PATH_COUNT + 1
    found = np.empty(2 * vertices, np.int64)
    beside = np.empty((2, labels), np.int64)  # labels that are read, and that are fed
    at = 0
    for g in range(len(labels_GV)):
        n = 0
        for v in range(vertices):
            if labels_GV[g, v] < 0:
                continue
            beside[:] = 0
            for u in range(vertices):
                if edges_GVV[g, u, v]:
                    beside[0, labels_GV[g, u]] += 1
                elif edges_GVV[g, v, u]:
                    beside[1, labels_GV[g, u]] += 1
            for way in range(2):
                code = np.int64(labels_GV[g, v])
                for label in range(labels):
                    code = code * base + min(beside[way, label], PATH_COUNT)
                found[n] = ((g % cells) * 2 + way) * width + code % width
                n += 1
        at = _write_run_lengths(found, n, 255, columns_E, counts_E, at)
        offsets[g + 1] = at
    return at
