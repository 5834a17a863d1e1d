"""The one code of a cell, however its nodes are numbered.

Vertices are coloured by what they are, what leads to them and what they lead to, over and over until no more of them
differ (Weisfeiler and Lehman). Where nodes still look alike, each in turn goes first, and the smallest code that
results is the cell's. Equal codes are symmetries, which spare most of these turns (McKay, Practical graph isomorphism,
1981).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from archwalk.jit import kernel
from archwalk.spaces.declared.cells.limits import Limits, write_code

_DOWN, _UP = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03)


def scratch(limits: Limits) -> tuple[Any, ...]:
    """Room for `canonical`, to be used for any number of cells, one after the other."""
    size = limits.vertices + 1
    return (
        np.zeros((size + 1, size), np.uint64),  # colours, after each choice of who goes first
        np.zeros(size, np.uint64),
        np.zeros(
            (5, size), np.int64
        ),  # depth, order, who goes first: now, in the best code; who has not been first
        np.zeros(limits.code_length, np.int32),
    )


@kernel
def canonical(limits, n, label, edge, room, code_L):  # type: ignore[no-untyped-def]
    """Write the code of a graph whose nodes come in any order; False where it is no cell within the limits."""
    colours, spare, numbers, trial_L = room
    depth, order, choice, best, waiting = numbers
    n = np.int64(n)
    if not _within(limits, n, edge) or not _rank(limits, n, edge, depth, order):
        return False
    count = limits.inputs + n + limits.reached
    for v in range(count):
        inner = limits.inputs <= v < limits.inputs + n
        colours[0, v] = _mix(np.uint64(label[v] if inner else 1000 + v - (n if v >= limits.inputs else 0)))
    _refine(count, edge, order, colours[0], spare)
    waiting[0] = _first_alike(limits, n, depth, colours[0], order)
    if not waiting[0]:
        write_code(limits, n, label, edge, order, code_L)
        return True
    level, found = 0, 0
    while level >= 0:
        if not waiting[level]:
            level -= 1
            continue
        chosen = 0
        while not (waiting[level] >> chosen) & 1:
            chosen += 1
        waiting[level] ^= 1 << chosen
        choice[level] = chosen
        ahead = colours[level + 1]
        ahead[:] = colours[level]
        ahead[chosen] = _mix(ahead[chosen] ^ _UP)
        _refine(count, edge, order, ahead, spare)
        alike = _first_alike(limits, n, depth, ahead, order)
        if alike:
            level += 1
            waiting[level] = alike
            continue
        write_code(limits, n, label, edge, order, trial_L)
        sign = _compare(trial_L, code_L) if found else -1
        if sign < 0:
            found = 1
            code_L[:] = trial_L
            best[:] = choice
        elif sign == 0:  # what follows from here mirrors what followed from the best's choice
            level = 0
            while choice[level] == best[level]:
                level += 1
    return True


@kernel
def _within(limits, n, edge):  # type: ignore[no-untyped-def]
    """Whether numbers of nodes and edges are allowed, and nodes read, and are read by, what they must."""
    if n < limits.least_nodes or n > limits.nodes:
        return False
    count, edges = limits.inputs + n + limits.reached, 0
    for v in range(limits.inputs, count):
        into = out = 0
        for u in range(count):
            into += edge[u, v] > 0
            out += edge[v, u] > 0
        edges += into
        if v < limits.inputs + n:
            if into < limits.least_incoming or into > limits.incoming or (limits.reached and not out):
                return False
        elif not into:
            return False
    return limits.least_edges <= edges <= limits.edges


@kernel
def _rank(limits, n, edge, depth, order):  # type: ignore[no-untyped-def]
    """Write each vertex's longest path from an input, and an order in which edges ascend; False for a cycle."""
    placed = limits.inputs
    for v in range(limits.inputs):
        depth[v], order[v] = 0, v
    for v in range(limits.inputs, limits.inputs + n):
        depth[v] = -1
    level = 0
    while placed < limits.inputs + n:
        level += 1
        before = placed
        for v in range(limits.inputs, limits.inputs + n):
            ready = depth[v] < 0
            for u in range(limits.inputs + n):
                if ready and edge[u, v] and (depth[u] < 0 or depth[u] == level):
                    ready = False
            if ready:
                depth[v], order[placed] = level, v
                placed += 1
        if placed == before:
            return False
    if limits.reached:
        order[placed] = placed
    return True


@kernel
def _refine(count, edge, order, colour, spare):  # type: ignore[no-untyped-def]
    """Colour vertices by what leads to them and what they lead to, until no more of them differ."""
    classes = _count_classes(count, colour)
    while classes < count:
        for i in range(count):
            v = order[i]
            total = colour[v]
            for u in range(count):
                if edge[u, v]:
                    total += _mix(spare[u] + np.uint64(edge[u, v]) * _DOWN)
            spare[v] = _mix(total)
        for i in range(count - 1, -1, -1):
            v = order[i]
            total = spare[v]
            for w in range(count):
                if edge[v, w]:
                    total += _mix(colour[w] + np.uint64(edge[v, w]) * _UP)
            colour[v] = _mix(total)
        now = _count_classes(count, colour)
        if now <= classes:
            return
        classes = now


@kernel
def _count_classes(count, colour):  # type: ignore[no-untyped-def]
    classes = 0
    for v in range(count):
        new = 1
        for u in range(v):
            if colour[u] == colour[v]:
                new = 0
                break
        classes += new
    return classes


@kernel
def _first_alike(limits, n, depth, colour, order):  # type: ignore[no-untyped-def]
    """Put the nodes in the order of their depths and colours; return a mask of the first that look alike."""
    first = limits.inputs
    for i in range(first + 1, first + n):
        v, j = order[i], i - 1
        while j >= first and (
            depth[order[j]] > depth[v] or (depth[order[j]] == depth[v] and colour[order[j]] > colour[v])
        ):
            order[j + 1] = order[j]
            j -= 1
        order[j + 1] = v
    mask = np.int64(0)
    for i in range(first + 1, first + n):
        u, v = order[i - 1], order[i]
        if depth[u] == depth[v] and colour[u] == colour[v]:
            mask |= (np.int64(1) << u) | (np.int64(1) << v)
        elif mask:
            break
    return mask


@kernel
def _compare(one_L, other_L):  # type: ignore[no-untyped-def]
    for i in range(len(one_L)):
        if one_L[i] != other_L[i]:
            return -1 if one_L[i] < other_L[i] else 1
    return 0


@kernel
def _mix(z):  # type: ignore[no-untyped-def]
    """The last step of SplitMix64, by which every bit hangs on every bit."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
