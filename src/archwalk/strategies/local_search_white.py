"""Local search as White, Nolen and Savani run it: every architecture once, and the first better neighbour taken.

Source: White, Nolen and Savani, Exploring the Loss Landscape in Neural Architecture Search, UAI 2021 (first as
"Local Search is State of the Art for NAS Benchmarks", arXiv:2005.02960), and their code, github.com/naszilla/naszilla,
`local_search` in `nas_algorithms.py`.

The neighbourhood is symmetric: two architectures are neighbours if strings of `space.choices` that name them differ
in one decision. On NAS-Bench-101 that is the change of one edge of the 7 x 7 matrix or of one operation; strings
keep what pruning takes away, so that a flipped edge can bring an unused vertex in. It is not Cassimon et al.'s relation
(`space.neighbours`), which is directed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from archwalk.estimators.base import Floats
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.strategies.base import Strategy, Trials
from archwalk.strategies.checks import Count, check_settings
from archwalk.strategies.seen import SeenCodes
from archwalk.strategies.strings import Strings, draw_strings

_RESTARTS = 100  # draws before a restart takes what it has seen (ours): a small space may be used up


@dataclass(frozen=True)
class LocalSearchWhiteSettings:
    """`starts` random architectures are evaluated for each climb, which sets out from the best of them.

    With `first_improvement` a climb moves as soon as a neighbour is better; without, it evaluates the whole
    neighbourhood and moves to the best, if that is better.
    """

    starts: Count = 10
    first_improvement: bool = True

    def __post_init__(self) -> None:
        check_settings(self)


class LocalSearchWhite(Strategy):
    """Local search of White et al. 2021: to the first better neighbour, no architecture twice, restarts at an optimum.

    It sets out from the best of some random strings.

    Starts are uniform strings, drawn anew until one was not evaluated yet (White et al.). One query a trial and
    step, since each depends on the last. Where a trial stands is its string `strings_TC`; its neighbours are
    `neighbours_TML`, in random order, those before `at_TN[t]` done with.
    """

    query = (
        "an evaluated architecture: each start and every neighbour looked at, none of them twice in a trial"
    )
    settings_class: ClassVar[type[LocalSearchWhiteSettings]] = LocalSearchWhiteSettings

    def __init__(self, trials: Trials, settings: LocalSearchWhiteSettings | None = None) -> None:
        super().__init__(trials)
        self.settings = settings or LocalSearchWhiteSettings()
        t, space = trials.trials, trials.space
        self.edits_M2 = one_decision_edits(space)
        m, c = len(self.edits_M2), len(space.choices)
        self.seen = SeenCodes(t)
        self.starts_left_T = np.full(t, self.settings.starts)
        self.strings_TC, self.reward_T = np.zeros((t, c), np.int32), np.full(t, -np.inf)
        self.best_TC, self.best_reward_T = np.zeros((t, c), np.int32), np.full(t, -np.inf)
        self.order_TM = np.zeros((t, m), np.int64)
        self.neighbours_TML = np.full((t, m, space.code_length), -1, np.int32)
        self.at_T = np.full(t, m)

    def _propose(self, n: int) -> Codes:
        space, m = self.trials.space, len(self.edits_M2)
        climbing_T = self.starts_left_T == 0
        self.at_T[climbing_T] = self.seen.next_unseen(self.neighbours_TML, self.at_T, climbing_T)
        ended = np.flatnonzero(climbing_T & (self.at_T == m))
        while len(ended):  # a neighbourhood is used up: move to the best of it, or restart
            moves_R = self.best_reward_T[ended] > self.reward_T[ended]
            self._move(ended[moves_R])
            self.starts_left_T[ended[~moves_R]] = self.settings.starts
            self.best_reward_T[ended[~moves_R]] = -np.inf
            moved_T = np.isin(np.arange(len(climbing_T)), ended[moves_R])
            self.at_T[moved_T] = self.seen.next_unseen(self.neighbours_TML, self.at_T, moved_T)
            ended = np.flatnonzero(moved_T & (self.at_T == m))
        self._asked_TC = self.strings_TC.copy()
        climbing = np.flatnonzero(self.starts_left_T == 0)
        edits_R2 = self.edits_M2[self.order_TM[climbing, self.at_T[climbing]]]
        self._asked_TC[climbing, edits_R2[:, 0]] += edits_R2[:, 1]
        self._asked_TC %= np.array(space.choices)
        starting = np.flatnonzero(self.starts_left_T)
        self._asked_TC[starting] = self._draw_starts(starting)
        return space.from_choices(self._asked_TC)[:, None]

    def _draw_starts(self, rows: NDArray[np.intp]) -> Strings:
        """A string (R, C) for each of these trials, of an architecture that it has not evaluated."""
        strings_RC, codes_RL = draw_strings(self.trials.space, self.trials.rng, len(rows))
        for _ in range(_RESTARTS):
            known = np.flatnonzero(self.seen.contains(rows, codes_RL))
            if not len(known):
                break
            strings_RC[known], codes_RL[known] = draw_strings(self.trials.space, self.trials.rng, len(known))
        return strings_RC

    def _learn(self, codes_TNL: Codes, rewards_TN: Floats) -> None:
        reward_T = rewards_TN[:, 0]
        self.seen.add(codes_TNL[:, 0])
        starting_T = self.starts_left_T > 0
        first_T = self.starts_left_T == self.settings.starts
        better_T = (reward_T > self.best_reward_T) | first_T
        self.best_TC[better_T], self.best_reward_T[better_T] = self._asked_TC[better_T], reward_T[better_T]
        self.starts_left_T[starting_T] -= 1
        moves_T = starting_T & (self.starts_left_T == 0)
        if self.settings.first_improvement:
            moves_T |= ~starting_T & (reward_T > self.reward_T)
        self._move(np.flatnonzero(moves_T))

    def _move(self, rows: NDArray[np.intp]) -> None:
        """Go to the best found, and lay out its neighbourhood in random order."""
        if not len(rows):
            return
        self.strings_TC[rows], self.reward_T[rows] = self.best_TC[rows], self.best_reward_T[rows]
        m = len(self.edits_M2)
        order_RM = self.trials.rng.permuted(np.tile(np.arange(m), (len(rows), 1)), axis=1)
        edits_RM2 = self.edits_M2[order_RM]
        strings_RMC = np.repeat(self.strings_TC[rows, None], m, axis=1)
        at = np.arange(len(rows))[:, None], np.arange(m), edits_RM2[..., 0]
        strings_RMC[at] += edits_RM2[..., 1]
        strings_RMC %= np.array(self.trials.space.choices, np.int32)
        codes_BL = self.trials.space.from_choices(strings_RMC.reshape(-1, strings_RMC.shape[2]))
        self.order_TM[rows], self.at_T[rows] = order_RM, 0
        self.neighbours_TML[rows] = codes_BL.reshape(len(rows), m, -1)

    _ARRAYS = (
        "starts_left_T", "strings_TC", "reward_T", "best_TC", "best_reward_T", "order_TM", "neighbours_TML", "at_T",
    )  # fmt: skip

    def state_dict(self) -> dict[str, Any]:
        """State between a tell and an ask."""
        own = {name: getattr(self, name).copy() for name in self._ARRAYS}
        return super().state_dict() | own | {"seen": self.seen.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        super().load_state_dict(state)
        self.seen.load_state_dict(state["seen"])
        for name in self._ARRAYS:
            setattr(self, name, np.array(state[name]))


def one_decision_edits(space: SearchSpace) -> Strings:
    """The M edits of a string, (M, 2): which decision, and what is added to its value (modulo its size)."""
    edits = [(c, step) for c, size in enumerate(space.choices) for step in range(1, size)]
    return np.array(edits, np.int32).reshape(-1, 2)
