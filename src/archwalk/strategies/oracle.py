"""The oracle: the exact optimum of the incremental problem on a tabular benchmark, by value iteration.

It reads the whole table, so it is no searcher: it is the line that figures of searchers are drawn against.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archwalk.environments.shaping import Shaping
from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.jit import kernel
from archwalk.spaces.base import NeighbourGraph

_MAX_SWEEPS = 10_000


@dataclass(frozen=True)
class Oracle:
    """The optimal policy for one gamma: where it moves, and where it ends, from every architecture.

    `next_N` is the best move (the architecture itself: stop), `final_N` the end of the walk, `steps_N` its
    moves, `value_N` its discounted return.
    """

    gamma: float
    value_N: Floats
    next_N: NDArray[np.int32]
    final_N: NDArray[np.int32]
    steps_N: NDArray[np.int32]


def solve(graph: NeighbourGraph, reward_N: Floats, *, gamma: float, shaping: Shaping) -> Oracle:
    """Solve V(s) = max(0, max over neighbours s' of shaped(s') - shaped(s) + gamma V(s')) exactly.

    All neighbours are seen (an agent sees at most N of them) and there is no limit on steps. Sweeps update in
    place until no value changes. Raises UsageError unless 0 <= gamma < 1.
    """
    if not 0 <= gamma < 1:
        raise UsageError(f"gamma must be at least 0 and below 1, not {gamma}")
    shaped_N = shaping(reward_N)
    value_N = np.zeros(len(reward_N))
    next_N = np.arange(len(reward_N), dtype=np.int32)
    for _ in range(_MAX_SWEEPS):
        if not _sweep(graph.offsets, graph.targets_E, shaped_N, gamma, value_N, next_N):
            break
    final_N, steps_N = _follow(next_N)
    return Oracle(gamma, value_N, next_N, final_N, steps_N)


def _follow(next_N: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Follow every walk to its end. Walks cannot cycle: with gamma < 1 a cycle gains nothing."""
    final_N, steps_N = np.arange(len(next_N), dtype=np.int32), np.zeros(len(next_N), np.int32)
    for _ in range(len(next_N)):
        moved_N = next_N[final_N]
        steps_N += moved_N != final_N
        if np.array_equal(moved_N, final_N):
            break
        final_N = moved_N
    return final_N, steps_N


@kernel
def _sweep(offsets, targets_E, shaped_N, gamma, value_N, next_N):  # type: ignore[no-untyped-def]
    changed = False
    for s in range(len(value_N)):
        best = 0.0
        move = s
        for e in range(offsets[s], offsets[s + 1]):
            target = targets_E[e]
            value = shaped_N[target] - shaped_N[s] + gamma * value_N[target]
            if value > best:
                best = value
                move = target
        if best != value_N[s] or move != next_N[s]:
            changed = True
            value_N[s] = best
            next_N[s] = move
    return changed
