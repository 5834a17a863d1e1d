"""All cells of a declaration, where they are few: node after node, each graph once however its nodes are numbered."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.jit import kernel
from archwalk.spaces.base import Codes
from archwalk.spaces.declared.cells.canonical import canonical, scratch
from archwalk.spaces.declared.cells.limits import Limits, graph_room, read_code

MOST_NUMBERED = 1_000_000
"""Cells of a space that is numbered; a larger one is walked and sampled."""

_DRAFTS = 1 << 18
_MOST_BEGINNINGS = 2 * MOST_NUMBERED
_SOME, _FEW = 24, 2_048
"""Graphs that say how many follow from one."""


@lru_cache(maxsize=4)
def enumerate_cells(limits: Limits) -> Codes | None:
    """Codes (N, L) of all cells, in ascending order of nodes, then of codes; None where they are too many."""
    begun = np.zeros((1, limits.nodes + _pairs(limits)), np.int32)
    found: list[Codes] = []
    for n in range(limits.nodes + 1):
        open_ended = _without_output(limits, n)
        if n:
            grown = _extend(open_ended, open_ended, begun, n - 1)
            if grown is None:
                return None
            begun = grown
        if n >= limits.least_nodes:
            done = _extend(open_ended, limits, begun, n) if limits.reached else _finished(limits, begun)
            if done is None:
                return None
            found.append(done)
            if sum(map(len, found)) > MOST_NUMBERED:
                return None
    return _joined(found, limits)


def _without_output(limits: Limits, n: int) -> Limits:
    """What holds of graphs of n nodes to which more will be added: the edges that these need are not theirs."""
    missing = max(0, limits.least_nodes - n) * limits.least_incoming + limits.reached
    return limits._replace(reached=0, least_nodes=0, least_edges=0, edges=limits.edges - missing)


def _pairs(limits: Limits) -> int:
    return limits._replace(reached=0).pairs


def _joined(found: list[Codes], limits: Limits) -> Codes:
    return np.concatenate([np.empty((0, limits.code_length), np.int32), *found])


def _finished(limits: Limits, begun_BL: Codes) -> Codes:
    """The graphs that have as many edges as they must."""
    enough_B = (begun_BL[:, limits.nodes :] > 0).sum(axis=1) >= limits.least_edges
    return np.ascontiguousarray(begun_BL[enough_B])


def _extend(before: Limits, after: Limits, begun_BL: Codes, n: int) -> Codes | None:
    """All graphs that one vertex more makes of graphs of n nodes: a node, or the output where `after` has one.

    Each once, in ascending order; None where they are too many.
    """
    if len(begun_BL) > _SOME:
        some_BL = begun_BL[np.random.default_rng(n).choice(len(begun_BL), _SOME, replace=False)]
        following = sum(len(_few_following(before, after, one_L[None], n)) for one_L in some_BL) / _SOME
        ways = (
            1 if after.reached else n + 1
        )  # in which a graph may have come: its last node is one that nobody reads
        if len(begun_BL) * following / ways > _MOST_BEGINNINGS:
            return None
    parts = [np.empty((0, after.code_length), np.int32)]
    total = row = 0
    choice = np.zeros(after.vertices + 1, np.int64)
    room = graph_room(after), scratch(after)
    while row < len(begun_BL):
        found_DL = np.empty((_DRAFTS, after.code_length), np.int32)
        row, count = _write_extended(before, after, begun_BL, row, n, choice, *room, found_DL)
        parts.append(_unique(found_DL[:count]))
        total += len(parts[-1])
        if total > 2 * _MOST_BEGINNINGS:
            parts = [_unique(np.concatenate(parts))]
            total = len(parts[0])
        if total > _MOST_BEGINNINGS:
            return None
    return _unique(np.concatenate(parts))


def _few_following(before: Limits, after: Limits, begun_1L: Codes, n: int) -> Codes:
    """Some of the graphs that one vertex more makes of one graph; all, where they are few."""
    found_DL, choice = np.empty((_FEW, after.code_length), np.int32), np.zeros(after.vertices + 1, np.int64)
    room = graph_room(after), scratch(after)
    _, count = _write_extended(before, after, begun_1L, 0, n, choice, *room, found_DL)
    return _unique(found_DL[:count])


def _unique(codes_BL: Codes) -> Codes:
    """Each row once, in ascending order."""
    if not codes_BL.shape[1] or len(codes_BL) < 2:
        return codes_BL.copy()
    bytes_BL = np.ascontiguousarray(codes_BL.astype(np.uint8))
    keys_B: NDArray[Any] = bytes_BL.view(np.dtype((np.void, bytes_BL.shape[1]))).reshape(-1)
    unique = np.unique(keys_B)
    return unique.view(np.uint8).reshape(len(unique), -1).astype(np.int32)


@kernel
def _write_extended(before, after, begun_BL, row, n, choice, graph, room, found_DL):  # type: ignore[no-untyped-def]
    """Write as many extended graphs as there is room for; return the row, and in `choice` the last edges into the new
    vertex, where to go on, and how many were written.

    `choice` counts through the kinds of edges from each vertex (0: none), and in its last place through labels.
    """
    label, edge = graph
    new = before.inputs + n
    labels = 1 if after.reached else after.labels
    end = 0
    while row < len(begun_BL):
        read_code(before, begun_BL[row], label, edge)
        while True:
            into = 0
            for u in range(new):
                edge[u, new] = choice[u]
                into += choice[u] > 0
            fits = into > 0 if after.reached else after.least_incoming <= into <= after.incoming
            if fits:
                if end == len(found_DL):
                    return row, end
                label[new] = 0 if after.reached else choice[new] + 1
                nodes = n if after.reached else n + 1
                if canonical(after, np.int64(nodes), label, edge, room, found_DL[end]):
                    end += 1
            place = 0
            while place <= new:
                choice[place] += 1
                if choice[place] <= (after.kinds if place < new else labels - 1):
                    break
                choice[place] = 0
                place += 1
            if place > new:
                break
        row += 1
    return row, end
