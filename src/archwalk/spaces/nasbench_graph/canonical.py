"""Canonical form of NAS-Bench-Graph architectures: one number for all strings that name the same network.

An architecture is a forest of four nodes under the raw input: `link[i]` in 0..i is the parent of node
i + 1 (0 the input, j node j), `ops[i]` its operation; the leaves are read out. A *string* is any such
(link, ops). Two strings are the same architecture if they are equal after

1. taking out every `skip` that changes nothing (it has children, or it is an only child, or it hangs on
   the raw input, which is never read out) and putting it at the front, as a chain under the input;
2. renumbering the nodes so that (link, ops) is smallest.

That this is the isomorphism of the published package, whose numbers it returns, is tested on all strings.
Source: Qin et al., NAS-Bench-Graph, NeurIPS 2022.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from archwalk.jit import kernel

NODES = 4
OPERATIONS = ("gat", "gcn", "gin", "cheb", "sage", "arma", "graph", "fc", "skip")
SKIP = OPERATIONS.index("skip")
NO_ARCHITECTURE = -1
"""Published number of a string of four skips: there is no network. (The package answers 88888.)"""

LINKS = np.array(list(product(range(1), range(2), range(3), range(4))), np.int8)
"""All 24 link vectors in ascending order; `link_row` finds one."""


def _smallest_numberings() -> tuple[NDArray[np.int8], NDArray[np.int64], NDArray[np.int8]]:
    """The renumberings of each link vector that make it smallest.

    Returns the smallest vectors, ascending (9, 4): one a tree shape; which of them each of `LINKS` becomes
    (24,); and the renumberings that do it, (24, 24, 4): new node j is old node `[row, k, j]`. Rows past
    the last repeat the first.
    """
    smallest, orders = [], []
    for link in LINKS:
        renumbered: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
        for order in permutations(range(NODES)):
            place = {-1: 0} | {old: new + 1 for new, old in enumerate(order)}
            parents = tuple(place[int(link[old]) - 1] for old in order)
            if all(parent <= new for new, parent in enumerate(parents)):
                renumbered.setdefault(parents, []).append(order)
        smallest.append(min(renumbered))
        found = renumbered[min(renumbered)]
        orders.append(found + found[:1] * (24 - len(found)))
    shapes = sorted(set(smallest))
    rows = [shapes.index(link) for link in smallest]
    return np.array(shapes, np.int8), np.array(rows, np.int64), np.array(orders, np.int8)


SHAPES, _SHAPE_OF_LINK, _ORDERS = _smallest_numberings()


@kernel
def link_row(link):  # type: ignore[no-untyped-def]
    """Position in `LINKS` of a link vector (4,)."""
    return (link[1] * 3 + link[2]) * 4 + link[3]


@kernel
def published_number(link, ops):  # type: ignore[no-untyped-def]
    """Number of the architecture that a string (4,), (4,) names, or `NO_ARCHITECTURE`.

    It is that of the canonical string: shape * 10^4 + the four operations as decimal digits.
    """
    if (ops == SKIP).all():
        return NO_ARCHITECTURE
    link, ops = _skips_to_front(link, ops)
    row = link_row(link)
    smallest = 10**NODES
    for k in range(len(_ORDERS[row])):
        digits = 0
        for j in range(NODES):
            digits = digits * 10 + ops[_ORDERS[row, k, j]]
        smallest = min(smallest, digits)
    return _SHAPE_OF_LINK[row] * 10**NODES + smallest


@kernel
def _skips_to_front(link, ops):  # type: ignore[no-untyped-def]
    """Step 1 of the module's text: an equal string whose first nodes are the skips that change nothing."""
    parent = link.copy()
    stays = np.ones(NODES, np.bool_)
    for i in range(NODES):
        if ops[i] != SKIP:
            continue
        has_children = has_siblings = False
        for j in range(NODES):
            if j != i and stays[j]:
                has_children |= parent[j] == i + 1
                has_siblings |= parent[j] == parent[i]
        if has_children or not has_siblings or parent[i] == 0:
            stays[i] = False
            for j in range(i + 1, NODES):
                if parent[j] == i + 1:
                    parent[j] = parent[i]
    place = np.empty(NODES + 1, np.int64)
    place[0] = NODES - stays.sum()
    new_link = np.arange(NODES)
    new_ops = np.full(NODES, SKIP)
    at = place[0]
    for i in range(NODES):
        if stays[i]:
            new_link[at] = place[parent[i]]
            new_ops[at] = ops[i]
            at += 1
            place[i + 1] = at
    return new_link, new_ops


@dataclass(frozen=True)
class Architectures:
    """All A architectures over n operations, in ascending order of their published numbers, `hashes` (A,).

    `links` (A, 4) and `operations` (A, 4; indices into `OPERATIONS`) are the canonical strings; `labels`
    (A, 4) are the same operations as indices into the n chosen ones. `ids` (24, n^4) is the architecture of
    every string: row in `LINKS`, labels as digits of base n; -1 where it is none.
    """

    hashes: NDArray[np.int64]
    links: NDArray[np.int8]
    operations: NDArray[np.int8]
    labels: NDArray[np.int8]
    ids: NDArray[np.int32]


def enumerate_architectures(operations: Sequence[str]) -> Architectures:
    """Number every string over `operations`, which come in the order of `OPERATIONS`."""
    chosen = np.array([OPERATIONS.index(operation) for operation in operations])
    numbers = np.empty((len(LINKS), len(chosen) ** NODES), np.int64)
    _number_strings(chosen, numbers)
    hashes = np.unique(numbers[numbers >= 0])
    digits = hashes[:, None] // 10 ** np.arange(NODES - 1, -1, -1) % 10
    ids = np.where(numbers >= 0, np.searchsorted(hashes, numbers), -1)
    return Architectures(
        hashes,
        SHAPES[hashes // 10**NODES],
        digits.astype(np.int8),
        np.searchsorted(chosen, digits).astype(np.int8),
        ids.astype(np.int32),
    )


@kernel
def _number_strings(chosen, numbers):  # type: ignore[no-untyped-def]
    """Fill `numbers` (24, n^4) with the published number of every string over the n `chosen` operations."""
    n = len(chosen)
    ops = np.empty(NODES, np.int64)
    for row in range(len(LINKS)):
        link = LINKS[row].astype(np.int64)
        for string in range(n**NODES):
            rest = string
            for i in range(NODES - 1, -1, -1):
                ops[i] = chosen[rest % n]
                rest //= n
            numbers[row, string] = published_number(link, ops)
