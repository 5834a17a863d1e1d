"""Local search as Cassimon et al. 2024 runs it (section 3.2.3): look at every presented neighbour, move to the best."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from archwalk.environments.walks import WalkSettings
from archwalk.estimators.base import Floats
from archwalk.jit import make_streams
from archwalk.spaces.base import Codes
from archwalk.strategies.base import Strategy, Trials
from archwalk.strategies.checks import Count, check_settings
from archwalk.strategies.walker import Episodes


@dataclass(frozen=True)
class LocalSearchSettings:
    """`neighbours` is N, how many are presented at a step."""

    neighbours: Count = WalkSettings.neighbours

    def __post_init__(self) -> None:
        check_settings(self)


class LocalSearch(Strategy):
    """Local search of Cassimon et al. 2024, section 3.2.3: to the best presented neighbour; restarts at an optimum.

    The start is a query, and so is every presented neighbour at every step, repeats included.
    """

    query = "an evaluated architecture: each start and every presented neighbour, repeats included"
    settings_class: ClassVar[type[LocalSearchSettings]] = LocalSearchSettings

    def __init__(self, trials: Trials, settings: LocalSearchSettings | None = None) -> None:
        super().__init__(trials)
        neighbours = (settings or LocalSearchSettings()).neighbours
        t, length = trials.trials, trials.space.code_length
        self.neighbours = neighbours
        self.streams_T = make_streams(trials.rng, t)
        self.current_TL = np.zeros((t, length), np.int32)
        self.reward_T = np.full(t, -np.inf)
        self.presented_TNL = np.zeros((t, neighbours, length), np.int32)
        self.rewards_TN = np.full((t, neighbours), -np.inf)
        self.count_T = np.zeros(t, np.int32)
        self.seen_T = np.zeros(t, np.int64)
        self.starting_T = np.ones(t, bool)

    def _propose(self, n: int) -> Codes:
        fresh = self.starting_T & (self.seen_T == 0)
        if fresh.any():
            self.current_TL[fresh] = self.trials.next_start(fresh)
        left_T = np.where(self.starting_T, 1, self.count_T - self.seen_T)
        m = min(n, int(left_T.min()))
        at_TN = np.minimum(self.seen_T[:, None] + np.arange(m), self.neighbours - 1)
        codes_TNL = np.take_along_axis(self.presented_TNL, at_TN[:, :, None], axis=1)
        codes_TNL[self.starting_T] = self.current_TL[self.starting_T, None]
        return codes_TNL

    def _learn(self, codes_TNL: Codes, rewards_TN: Floats) -> None:
        started_T = self.starting_T.copy()
        self.reward_T[started_T] = rewards_TN[started_T, 0]
        walking = np.flatnonzero(~started_T)
        m = rewards_TN.shape[1]
        at_RN = self.seen_T[walking, None] + np.arange(m)
        self.rewards_TN[walking[:, None], at_RN] = rewards_TN[walking]
        self.seen_T[walking] += m
        ended_T = ~started_T & (self.seen_T == self.count_T)
        best_T = np.argmax(self.rewards_TN, axis=1)
        best_reward_T = self.rewards_TN[np.arange(len(best_T)), best_T]
        moved_T = ended_T & (best_reward_T > self.reward_T)
        self.current_TL[moved_T] = self.presented_TNL[moved_T, best_T[moved_T]]
        self.reward_T[moved_T] = best_reward_T[moved_T]
        self.starting_T = ended_T & ~moved_T
        self._present(started_T | moved_T)
        self.seen_T[ended_T | started_T] = 0

    def _present(self, rows_T: NDArray[np.bool_]) -> None:
        rows = np.flatnonzero(rows_T)
        streams_R = self.streams_T[rows]
        self.presented_TNL[rows], self.count_T[rows] = self.trials.space.sample_neighbours(
            self.current_TL[rows], self.neighbours, streams_R
        )
        self.streams_T[rows] = streams_R
        self.rewards_TN[rows] = -np.inf
        self.starting_T[rows[self.count_T[rows] == 0]] = True  # nowhere to go

    def improve(
        self, starts_BL: Codes, evaluate: Callable[[Codes], Floats], visited: list[Codes] | None = None
    ) -> Episodes:
        """Climb once from each start to a local optimum; `evaluate` gives rewards (B,) of codes (B, L). To `visited` is
        added where all climbs are after each step.
        """
        space = self.trials.space
        finals_BL, steps_B = starts_BL.copy(), np.zeros(len(starts_BL), np.int32)
        streams_B = make_streams(self.trials.rng, len(starts_BL))
        reward_B = evaluate(starts_BL)
        rows = np.arange(len(starts_BL))
        while len(rows):
            streams_R = streams_B[rows]
            codes_RNL, count_R = space.sample_neighbours(finals_BL[rows], self.neighbours, streams_R)
            streams_B[rows] = streams_R
            real_RN = np.arange(self.neighbours) < count_R[:, None]
            rewards_RN = np.full(real_RN.shape, -np.inf)
            rewards_RN[real_RN] = evaluate(codes_RNL[real_RN])
            best_R = np.argmax(rewards_RN, axis=1)
            best_reward_R = rewards_RN[np.arange(len(rows)), best_R]
            better_R = best_reward_R > reward_B[rows]
            codes_RL = codes_RNL[np.arange(len(rows)), best_R][better_R]
            rows = rows[better_R]
            finals_BL[rows], reward_B[rows] = codes_RL, best_reward_R[better_R]
            steps_B[rows] += 1
            if visited is not None and len(rows):
                visited.append(finals_BL.copy())
        return Episodes(finals_BL, steps_B)

    _ARRAYS = (
        "streams_T", "current_TL", "reward_T", "presented_TNL", "rewards_TN", "count_T", "seen_T", "starting_T",
    )  # fmt: skip

    def state_dict(self) -> dict[str, Any]:
        """State between a tell and an ask."""
        return super().state_dict() | {name: getattr(self, name).copy() for name in self._ARRAYS}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        super().load_state_dict(state)
        for name in self._ARRAYS:
            setattr(self, name, np.array(state[name]))
