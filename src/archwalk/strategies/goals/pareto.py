"""Fronts, their hypervolume, ranks and crowding; of values (N, G) of which higher is better."""

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Floats


def front(values_NG: Floats) -> NDArray[np.int64]:
    """Places, ascending, of the values that no other dominates; of equal ones the first. Rows with NaN are in none.

    A row is dominated by one that is nowhere worse and somewhere better. Takes O(N log N) for two goals, else O(N F)
    for a front of F.
    """
    rows = np.flatnonzero(~np.isnan(values_NG).any(axis=1))
    order = rows[np.lexsort((rows, *(-values_NG[rows]).T[::-1]))]
    if values_NG.shape[1] <= 2:
        last = values_NG[order, -1]
        before = np.concatenate([[-np.inf], np.maximum.accumulate(last)[:-1]])
        return np.sort(order[last > before])
    kept: list[int] = []
    for row in order:  # whatever dominates it comes before it
        if not (values_NG[kept] >= values_NG[row]).all(axis=1).any():
            kept.append(int(row))
    return np.sort(np.array(kept, np.int64))


def hypervolume(values_NG: Floats, reference_G: Floats) -> float:
    """The volume that is dominated by values (N, G) and dominates a reference point (G,)."""
    inside_NG = values_NG[(values_NG > reference_G).all(axis=1)]
    return _volume(inside_NG[front(inside_NG)] - reference_G) if len(inside_NG) else 0.0


def _volume(values_FG: Floats) -> float:
    """That above 0 of a front: slices along the last goal, from the best."""
    if values_FG.shape[1] == 1:
        return float(values_FG.max())
    order = np.argsort(-values_FG[:, -1], kind="stable")
    heights = np.append(values_FG[order, -1], 0.0)
    if values_FG.shape[1] == 2:
        widths = np.maximum.accumulate(values_FG[order, 0])
        return float(widths @ (heights[:-1] - heights[1:]))
    parts = (
        (heights[k] - heights[k + 1]) * _volume(part[front(part)])
        for k in range(len(order))
        if heights[k] > heights[k + 1] and len(part := values_FG[order[: k + 1], :-1])
    )
    return float(sum(parts))


def reference_point(front_FG: Floats) -> Floats:
    """A tenth of the front's range beyond its worst values: what Ishibuchi et al. (How to specify a reference point in
    hypervolume calculation, Evolutionary Computation 2018) recommend for fronts of some ten points.

    Where a goal has one value alone, a tenth of that.
    """
    worst_G, best_G = front_FG.min(axis=0), front_FG.max(axis=0)
    scale_G = np.where(best_G > worst_G, best_G - worst_G, np.maximum(np.abs(best_G), 1e-9))
    point_G: Floats = worst_G - 0.1 * scale_G
    return point_G


def ranks(values_NG: Floats, violations_N: Floats) -> NDArray[np.int64]:
    """0 for the front, 1 for the front of the rest, and so on (Deb et al. 2002); what breaks a limit comes behind all
    that does not, by how much it breaks it.
    """
    ranks_N = np.full(len(values_NG), -1)
    rank, left = 0, np.flatnonzero((violations_N <= 0) & ~np.isnan(values_NG).any(axis=1))
    while len(left):
        best = _layer(values_NG[left])
        ranks_N[left[best]] = rank
        left, rank = np.delete(left, best), rank + 1
    others = np.flatnonzero(ranks_N < 0)
    _, behind = np.unique(violations_N[others], return_inverse=True)
    ranks_N[others] = rank + behind
    return ranks_N


def _layer(values_NG: Floats) -> NDArray[np.int64]:
    """As `front`, but with all of several equal ones."""
    unique_UG, which_N = np.unique(values_NG, axis=0, return_inverse=True)
    return np.flatnonzero(np.isin(which_N.ravel(), front(unique_UG)))


def crowding(values_NG: Floats) -> Floats:
    """How far the neighbours of each are apart, summed over goals in units of the range; infinite at ends."""
    distance_N = np.zeros(len(values_NG))
    for value_N in values_NG.T:
        order = np.argsort(value_N, kind="stable")
        spread = value_N[order[-1]] - value_N[order[0]]
        distance_N[order[[0, -1]]] = np.inf
        if spread > 0:
            distance_N[order[1:-1]] += (value_N[order[2:]] - value_N[order[:-2]]) / spread
    return distance_N
