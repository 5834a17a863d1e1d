"""OTMANN: how far apart two architectures are, by optimal transport between their operations.

Source: Kandasamy, Neiswanger, Schneider, Poczos and Xing, NASBOT, NeurIPS 2018, section 3, and its code.
The mass of every vertex of one graph is matched to mass of the other, at the cost of the labels' mismatch and of the
difference in position, or is left unmatched, at cost 1. A position is the shortest, the longest and the random walk's
mean number of vertices on the way from the input, and on the way to the output, counted for all vertices and for each
kind of operation alone.

Ours: every operation has mass 1, since the benchmarks do not choose widths (the paper: channels in times channels out,
of a pooling the channels in); each input and the output has a tenth of that of all operations, as in the paper. Inputs
are matched to inputs and outputs to outputs only, so what is left is an assignment between unit masses, which is solved
exactly. Lengths count vertices of the cell, not layers of the whole network. Of several cells the distances are added.
The mismatch of operations that the paper does not know stands in `_within_kind`.
"""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archwalk.jit import kernel
from archwalk.spaces.base import Codes
from archwalk.spaces.dags import DagSpace

_UNMATCHED = 1.0
_ENDS = 0.1
"""The mass of an input or output in that of all operations (paper: zeta)."""

_FEW = 6
"""Operations of a cell: up to here all sets of them are looked at; beyond, paths."""

_CONVOLUTION = re.compile(r"(sep_|dil_|nor_)?conv_?(\d)x\d")
_GRAPH_CONVOLUTIONS = ("gat", "gcn", "gin", "cheb", "sage", "arma", "graph")
_CONVOLUTION_SCALE = float(np.sqrt(2)) / 10  # of the root of the difference in kernel size (code)
_OTHER_KIND_SHARE = (
    0.1  # code: a convolution for a residual one costs a tenth of leaving it, and 0.9 of the sizes'
)
_POOLS, _GRAPHS = 0.5, 0.25  # code: max-pool for mean pool; one non-linearity for another ("ours" for graphs)


def kind_of(operation: str) -> str:
    """What mass may be matched within: convolutions, poolings, graph convolutions; else the operation's own name."""
    if _CONVOLUTION.match(operation):
        return "conv"
    if "pool" in operation:
        return "pool"
    return "graph" if operation in _GRAPH_CONVOLUTIONS else operation


def mismatch_costs(operations: tuple[str, ...]) -> NDArray[np.float64]:
    """Cost (K, K) of matching one operation to another; as much as leaving both where they are not of a kind."""
    costs = np.full((len(operations), len(operations)), 2 * _UNMATCHED)
    for i, one in enumerate(operations):
        for j, other in enumerate(operations):
            if one == other:
                costs[i, j] = 0
            elif kind_of(one) == kind_of(other):
                costs[i, j] = _within_kind(one, other)
    return costs


def _within_kind(one: str, other: str) -> float:
    a, b = _CONVOLUTION.match(one), _CONVOLUTION.match(other)
    if a is None or b is None:
        return _GRAPHS if kind_of(one) == "graph" else _POOLS
    sizes = _CONVOLUTION_SCALE * abs(int(a[2]) - int(b[2])) ** 0.5
    cost: float = sizes if a[1] == b[1] else (1 - _OTHER_KIND_SHARE) * sizes + _OTHER_KIND_SHARE
    return cost


@dataclass(frozen=True)
class Positions:
    """What the distance reads of B architectures: labels (B, C, V), as `Dags` has them, and positions (B, C, V, D)."""

    labels_BCV: NDArray[np.int32]
    positions_BCVD: NDArray[np.float64]

    def __getitem__(self, rows: slice | NDArray[np.integer]) -> "Positions":
        return Positions(self.labels_BCV[rows], self.positions_BCVD[rows])

    def join(self, other: "Positions") -> "Positions":
        """These and those."""
        return Positions(
            np.concatenate([self.labels_BCV, other.labels_BCV]),
            np.concatenate([self.positions_BCVD, other.positions_BCVD]),
        )


class Otmann:
    """The distance on a space that shows graphs. `structure_costs` are the weights of positions beside labels
    (paper: nu_str): one distance each.
    """

    def __init__(self, space: DagSpace, structure_costs: tuple[float, ...]) -> None:
        self.space = space
        self.structure_costs = np.array(structure_costs)
        self.mismatch = mismatch_costs(space.dag_operations)
        kinds = [kind_of(operation) for operation in space.dag_operations]
        groups = [[True] * len(kinds), *([k == kind for k in kinds] for kind in sorted(set(kinds)))]
        ends = np.zeros((len(groups), 1 + space.dag_inputs), np.bool_)
        ends[0, 0] = True  # the output counts as a vertex, inputs do not
        self.counted_GK = np.concatenate([np.array(groups), ends], axis=1)

    def positions(self, codes_BL: Codes) -> Positions:
        """What `distances` takes, of codes (B, L)."""
        dags = self.space.dags(codes_BL)
        shape = dags.labels_BCV.shape
        out = np.zeros((*shape, 6 * len(self.counted_GK)))
        labels_GV = dags.labels_BCV.reshape(-1, shape[2])
        edges_GVV = dags.edges_BCVV.reshape(-1, shape[2], shape[2])
        _fill_positions(labels_GV, edges_GVV, self.counted_GK, out.reshape(-1, *out.shape[2:]))
        return Positions(dags.labels_BCV, out)

    def distances(self, these: Positions, those: Positions) -> NDArray[np.float64]:
        """(2, S, M, N): the distance under each of the S structure costs, then the same by the mass that there is
        (paper: d and its normalised form).
        """
        m, n = len(these.labels_BCV), len(those.labels_BCV)
        out = np.zeros((2, len(self.structure_costs), m, n))
        _fill_distances(
            these.labels_BCV, these.positions_BCVD, those.labels_BCV, those.positions_BCVD, self.mismatch,
            self.structure_costs, out,
        )  # fmt: skip
        return out


@kernel
def _fill_positions(labels_GV, edges_GVV, counted_GK, out):  # type: ignore[no-untyped-def]
    """out[g, v]: for each group the shortest, longest and mean way from the input, then those to the output."""
    vertices, groups = labels_GV.shape[1], len(counted_GK)
    for g in range(len(labels_GV)):
        for direction in range(2):
            for step in range(vertices):
                v = step if direction == 0 else vertices - 1 - step
                if labels_GV[g, v] < 0:
                    continue
                for k in range(groups):
                    first = 3 * (direction * groups + k)
                    shortest, longest, total, ways = np.inf, 0.0, 0.0, 0
                    for u in range(vertices):
                        linked = edges_GVV[g, u, v] if direction == 0 else edges_GVV[g, v, u]
                        if linked:
                            shortest = min(shortest, out[g, u, first])
                            longest = max(longest, out[g, u, first + 1])
                            total += out[g, u, first + 2]
                            ways += 1
                    own = 1.0 if counted_GK[k, labels_GV[g, v]] else 0.0
                    out[g, v, first] = own + (shortest if ways else 0.0)
                    out[g, v, first + 1] = own + longest
                    out[g, v, first + 2] = own + (total / ways if ways else 0.0)


@kernel
def _fill_distances(labels_M, positions_M, labels_N, positions_N, mismatch, weights, out):  # type: ignore[no-untyped-def]
    cells, vertices = labels_M.shape[1:]
    gaps, costs = np.empty((vertices, vertices)), np.empty((vertices, vertices))
    best = np.empty(1 << _FEW)
    for m in range(len(labels_M)):
        for n in range(len(labels_N)):
            mass = 0.0
            for c in range(cells):
                a, b = labels_M[m, c], labels_N[n, c]
                mass += _mass(a, len(mismatch)) + _mass(b, len(mismatch))
                _measure_gaps(a, b, positions_M[m, c], positions_N[n, c], gaps)
                for s in range(len(weights)):
                    out[0, s, m, n] += _match(a, b, gaps, mismatch, weights[s], costs, best)
            for s in range(len(weights)):
                out[1, s, m, n] = out[0, s, m, n] / mass if mass > 0 else 0.0


@kernel
def _mass(labels_V, operations):  # type: ignore[no-untyped-def]
    """Of all vertices: 1 for an operation, a tenth of their sum for each input and the output."""
    inside = np.sum((labels_V >= 0) & (labels_V < operations))
    return inside * (1 + _ENDS * np.sum(labels_V >= operations))


@kernel
def _measure_gaps(a, b, x, y, gaps):  # type: ignore[no-untyped-def]
    """Mean difference in position of every vertex of one graph and every vertex of the other."""
    depth = x.shape[1]
    for u in range(len(a)):
        for v in range(len(b)):
            gaps[u, v] = 0.0
            if a[u] >= 0 and b[v] >= 0:
                for d in range(depth):
                    gaps[u, v] += abs(x[u, d] - y[v, d]) / depth


@kernel
def _match(a, b, gaps, mismatch, weight, costs, best):  # type: ignore[no-untyped-def]
    """The least cost of matching two graphs; `costs` and `best` are room to work in."""
    operations = len(mismatch)
    rows = columns = 0
    for u in range(len(a)):
        if 0 <= a[u] < operations:
            columns = 0
            for v in range(len(b)):
                if 0 <= b[v] < operations:
                    costs[rows, columns] = mismatch[a[u], b[v]] + weight * gaps[u, v]
                    columns += 1
            rows += 1
    columns = np.sum((b >= 0) & (b < operations))  # also where there are no rows
    if columns <= _FEW:
        total = _assign_few(costs, rows, columns, best)
    else:
        total = _assign_many(costs, rows, columns)
    for u in range(len(a)):
        for v in range(len(b)):
            if a[u] >= operations and a[u] == b[v]:
                cost = min(weight * gaps[u, v], 2 * _UNMATCHED)
                total += _ENDS * (min(rows, columns) * cost + abs(rows - columns) * _UNMATCHED)
    return total


@kernel
def _assign_few(costs, rows, columns, best):  # type: ignore[no-untyped-def]
    """The least cost of matching some of the rows to some of the columns and leaving the others: best[set] is that of
    the rows so far with the columns of the set taken.
    """
    sets = 1 << columns
    best[0] = 0.0
    for taken in range(1, sets):
        best[taken] = np.inf
    for i in range(rows):
        for taken in range(sets - 1, -1, -1):  # downwards: smaller sets are still those of the rows before
            least = best[taken] + _UNMATCHED
            for j in range(columns):
                if (taken >> j) & 1:
                    least = min(least, best[taken ^ (1 << j)] + costs[i, j])
            best[taken] = least
    least = np.inf
    for taken in range(sets):
        left = columns
        rest = taken
        while rest:
            rest &= rest - 1
            left -= 1
        least = min(least, best[taken] + left * _UNMATCHED)
    return least


@kernel
def _assign_many(costs, rows, columns):  # type: ignore[no-untyped-def]
    """The same in cubic time, by shortest augmenting paths (Kuhn, 1955; Jonker and Volgenant, 1987): all of the fewer
    are matched, a pair at no more than what leaving both costs. Places count from 1; a path begins at column 0.
    """
    turned = rows > columns
    if turned:
        rows, columns = columns, rows
    capped = np.empty((rows, columns))
    for i in range(rows):
        for j in range(columns):
            capped[i, j] = min(costs[j, i] if turned else costs[i, j], 2 * _UNMATCHED)
    row_prices, column_prices = np.zeros(rows + 1), np.zeros(columns + 1)
    row_of, before = np.zeros(columns + 1, np.int64), np.zeros(columns + 1, np.int64)
    for i in range(1, rows + 1):
        row_of[0], j = i, 0
        left, reached = np.full(columns + 1, np.inf), np.zeros(columns + 1, np.bool_)
        while row_of[j]:
            reached[j] = True
            row, step, nearest = row_of[j], np.inf, 0
            for k in range(1, columns + 1):
                if not reached[k]:
                    reduced = capped[row - 1, k - 1] - row_prices[row] - column_prices[k]
                    if reduced < left[k]:
                        left[k], before[k] = reduced, j
                    if left[k] < step:
                        step, nearest = left[k], k
            for k in range(columns + 1):
                if reached[k]:
                    row_prices[row_of[k]] += step
                    column_prices[k] -= step
                else:
                    left[k] -= step
            j = nearest
        while j:
            row_of[j] = row_of[before[j]]
            j = before[j]
    total = (columns - rows) * _UNMATCHED
    for k in range(1, columns + 1):
        if row_of[k]:
            total += capped[row_of[k] - 1, k - 1]
    return total
