"""The oracle: the exact optimum of the incremental problem on a tabular benchmark, by value iteration.

It reads the whole table, so it is no searcher: it is the line that figures of searchers are drawn against.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archwalk.environments.shaping import Shaping
from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.spaces.base import NeighbourGraph
from archwalk.strategies.value_iteration import follow, iterate_values


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
    value_N, next_N = iterate_values(graph, np.zeros(len(reward_N)), gamma=gamma, potential_N=shaped_N)
    final_N, steps_N = follow(next_N)
    return Oracle(gamma, value_N, next_N, final_N, steps_N)
