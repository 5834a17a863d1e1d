"""Strategies that walk: from a start, one neighbour a step, until they choose to stop."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archwalk.environments.walks import WalkSettings
from archwalk.estimators.base import Floats
from archwalk.jit import Streams, make_streams
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.strategies.base import Strategy, Trials

EPISODE_LIMIT = 32
"""Steps of an episode in evaluation (Cassimon et al. 2024, section 4.1.1)."""

_ROWS_AT_ONCE = 4096  # bounds the memory that a policy needs

Choose = Callable[[Codes, NDArray[np.int32], Streams], NDArray[np.int64]]
"""Takes presented architectures (R, N + 1, L), the current one first, the number of neighbours of each row and
its random streams; gives actions (R,), 0 to stop."""


@dataclass(frozen=True)
class Episodes:
    """Walks that were taken: where each ended (B, L), after how many moves (B,)."""

    finals_BL: Codes
    steps_B: NDArray[np.int32]


def take_walks(
    space: SearchSpace,
    choose: Choose,
    starts_BL: Codes,
    rng: np.random.Generator,
    *,
    neighbours: int = WalkSettings.neighbours,
    limit: int = EPISODE_LIMIT,
    progress: Callable[[int], None] | None = None,
    visited: list[Codes] | None = None,
) -> Episodes:
    """Walk once from each start, at most `limit` steps. `progress` is told how many walks have ended; to `visited` is
    added where all walks (B, L) are after each step.
    """
    finals_BL, steps_B = starts_BL.copy(), np.zeros(len(starts_BL), np.int32)
    streams_B = make_streams(rng, len(starts_BL))
    for first in range(0, len(starts_BL), _ROWS_AT_ONCE):
        rows = np.arange(first, min(first + _ROWS_AT_ONCE, len(starts_BL)))
        last = rows[-1] + 1
        for _ in range(limit):
            streams_R, current_RL = streams_B[rows], finals_BL[rows]
            neighbours_RNL, count_R = space.sample_neighbours(current_RL, neighbours, streams_R)
            codes_RKL = np.concatenate([current_RL[:, None], neighbours_RNL], axis=1)
            action_R = choose(codes_RKL, count_R, streams_R)
            streams_B[rows] = streams_R
            finals_BL[rows] = codes_RKL[np.arange(len(rows)), action_R]
            rows = rows[action_R > 0]
            steps_B[rows] += 1
            if not len(rows):
                break
            if visited is not None:
                visited.append(finals_BL.copy())
        if progress:
            progress(int(last))
    return Episodes(finals_BL, steps_B)


class Walker(Strategy):
    """A strategy for which an episode is a query: only the architecture where it stops is evaluated (Cassimon et al.
    2024).
    """

    query = "an episode: the architecture where it stops"
    neighbours: int = WalkSettings.neighbours

    def __init__(self, trials: Trials) -> None:
        super().__init__(trials)
        self.moves = 0

    @abstractmethod
    def choose(self, codes_RKL: Codes, count_R: NDArray[np.int32], streams_R: Streams) -> NDArray[np.int64]:
        """See `Choose`."""

    def improve(
        self,
        starts_BL: Codes,
        evaluate: Callable[[Codes], Floats] | None = None,
        visited: list[Codes] | None = None,
    ) -> Episodes:
        """Walk once from each start; walkers need no evaluations on the way. For `visited` see `take_walks`."""
        return take_walks(
            self.trials.space,
            self.choose,
            starts_BL,
            self.trials.rng,
            neighbours=self.neighbours,
            visited=visited,
        )

    def _propose(self, n: int) -> Codes:
        starts_TNL = self.trials.next_starts(n)
        episodes = self.improve(starts_TNL.reshape(-1, starts_TNL.shape[2]))
        self.moves += int(episodes.steps_B.sum())
        return episodes.finals_BL.reshape(starts_TNL.shape)
