"""Exact value iteration over the neighbour graph of an enumerable space."""

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Floats
from archwalk.jit import kernel
from archwalk.spaces.base import NeighbourGraph

_MAX_SWEEPS = 10_000


def iterate_values(
    graph: NeighbourGraph,
    stop_N: Floats,
    *,
    gamma: float = 1.0,
    potential_N: Floats | None = None,
    price: float = 0,
) -> tuple[Floats, NDArray[np.int32]]:
    """Solve V(s) = max(stop(s), max over neighbours t of [p(t) - p(s) - price + gamma V(t)]), p the potential.

    Returns values (N,) and the best move of each architecture (N,), itself where stopping is best. Sweeps
    update in place until nothing changes. Walks are finite if gamma < 1 or price > 0.
    """
    value_N = stop_N.astype(np.float64, copy=True)
    next_N = np.arange(len(stop_N), dtype=np.int32)
    potential_N = np.zeros(len(stop_N)) if potential_N is None else potential_N
    for _ in range(_MAX_SWEEPS):
        if not _sweep(graph.offsets, graph.targets_E, stop_N, potential_N, price, gamma, value_N, next_N):
            break
    return value_N, next_N


def follow(next_N: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Where the walk from each architecture ends (N,), and after how many steps (N,)."""
    final_N, steps_N = np.arange(len(next_N), dtype=np.int32), np.zeros(len(next_N), np.int32)
    for _ in range(len(next_N)):
        moved_N = next_N[final_N]
        if np.array_equal(moved_N, final_N):
            break
        steps_N += moved_N != final_N
        final_N = moved_N
    return final_N, steps_N


@kernel
def _sweep(offsets, targets_E, stop_N, potential_N, price, gamma, value_N, next_N):  # type: ignore[no-untyped-def]
    changed = False
    for s in range(len(value_N)):
        best = stop_N[s]
        move = s
        for e in range(offsets[s], offsets[s + 1]):
            target = targets_E[e]
            value = potential_N[target] - potential_N[s] - price + gamma * value_N[target]
            if value > best:
                best = value
                move = target
        if best != value_N[s] or move != next_N[s]:
            changed = True
            value_N[s] = best
            next_N[s] = move
    return changed
