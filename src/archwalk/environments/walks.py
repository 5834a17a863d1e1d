"""The incremental formulation (Cassimon et al. 2024, section 3.2.1) as arrays: many walks over a space, one edit a
step.

This is the environment without Gymnasium's dress. Actors step it directly; `IncrementalVectorEnv` and
`IncrementalEnv` are views of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.environments.rewards import REWARDS, WalkReward
from archwalk.environments.shaping import Shaping
from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.estimators.ledger import RewardSource, paid
from archwalk.jit import kernel, make_streams
from archwalk.spaces.base import Codes, SearchSpace

Bools = NDArray[np.bool_]
_NOTHING = -1  # the action of who rests
Sampler = Callable[[np.random.Generator, int], Codes]


@dataclass(frozen=True)
class WalkSettings:
    """The rules of a walk.

    `neighbours`: at most N are presented, drawn without replacement. `episode_limit`: the steps of a walk (Cassimon
    et al. 2024: 16 in training, 32 in evaluation). `pay` names one of `REWARDS`: "difference" (Cassimon et al. 2024)
    rewards every move, "final" (ours) the architecture where the agent stops or the limit finds it.
    """

    neighbours: int = 50
    episode_limit: int = 16
    shaping: Shaping = field(default_factory=Shaping)
    pay: str = "difference"

    def __post_init__(self) -> None:
        if self.neighbours < 1:
            raise UsageError(f"an agent must see at least 1 neighbour, not {self.neighbours}")
        if self.episode_limit < 1:
            raise UsageError(f"an episode must have at least 1 step, not {self.episode_limit}")
        REWARDS.load(self.pay)

    @cached_property
    def reward(self) -> WalkReward:
        """The rule that `pay` names."""
        return REWARDS.load(self.pay)


@dataclass(frozen=True)
class Step:
    """What one step of B walks gave. A walk that terminated or was truncated must be restarted."""

    reward_B: Floats
    terminated_B: Bools
    truncated_B: Bools

    @property
    def done_B(self) -> Bools:
        """Terminated or truncated."""
        return self.terminated_B | self.truncated_B


class Walks:
    """B walks side by side.

    After `reset`, `step` and `restart`, `codes_BKL` (K = N + 1) presents the current architecture first and
    `count_B` neighbours behind it; the rest is -1. Action 0 stops at the current architecture, action i moves
    to neighbour i; an action beyond the neighbours does nothing but take a step. An architecture without a score
    is paid the worst. `score_B` is what the current architectures were paid, NaN where they were not.
    """

    def __init__(
        self,
        space: SearchSpace,
        ledger: RewardSource,
        batch: int,
        settings: WalkSettings,
        rng: np.random.Generator,
        starts: Sampler | None = None,
    ) -> None:
        if batch < 1:
            raise UsageError(f"at least 1 environment is needed, not {batch}")
        self.space = space
        self.ledger = ledger
        self.settings = settings
        self.rng = rng
        self.starts = starts or space.sample
        self.streams_B = make_streams(rng, batch)
        self.codes_BKL = np.full((batch, settings.neighbours + 1, space.code_length), -1, np.int32)
        self.count_B = np.zeros(batch, np.int32)
        self.steps_B = np.zeros(batch, np.int32)
        self.shaped_B = np.zeros(batch)
        self.score_B = np.full(batch, np.nan)

    @property
    def batch(self) -> int:
        """B."""
        return len(self.count_B)

    @property
    def current_BL(self) -> Codes:
        """The current architectures (a view)."""
        return self.codes_BKL[:, 0]

    def reset(self) -> None:
        """Start all walks anew."""
        self.restart(np.ones(self.batch, bool))

    def restart(self, rows_B: Bools) -> None:
        """Start the chosen walks anew from sampled architectures."""
        rows = np.flatnonzero(rows_B)
        if not len(rows):
            return
        codes_RL = self.starts(self.rng, len(rows))
        self.steps_B[rows], self.score_B[rows] = 0, np.nan
        if self.settings.reward.every_move:
            self.shaped_B[rows] = self._evaluate(rows, codes_RL)
        streams_R = self.streams_B[rows]
        neighbours_RNL, self.count_B[rows] = self.space.sample_neighbours(
            codes_RL, self.settings.neighbours, streams_R
        )
        self.streams_B[rows] = streams_R
        self.codes_BKL[rows, 0] = codes_RL
        self.codes_BKL[rows, 1:] = neighbours_RNL

    def step(self, action_B: NDArray[np.integer[Any]], resting_B: Bools | None = None) -> Step:
        """Act in all walks, pay, and present the next neighbours (those of finished walks too).

        Those that rest take no step.
        """
        current_BL = self.current_BL.copy()
        moved_B = np.empty(self.batch, bool)
        acting_B = np.ones(self.batch, bool) if resting_B is None else ~resting_B
        action_B = np.where(acting_B, np.asarray(action_B, np.int64), _NOTHING)
        _move(action_B, self.codes_BKL, self.count_B, current_BL, moved_B)
        self.steps_B += acting_B
        stopped_B, over_B = action_B == 0, acting_B & (self.steps_B >= self.settings.episode_limit)
        if self.settings.reward.every_move:
            terminated_B, truncated_B = stopped_B, over_B & ~stopped_B
        else:
            terminated_B, truncated_B = stopped_B | over_B, np.zeros(self.batch, bool)
        self.score_B[moved_B] = np.nan
        reward_B = self._pay(current_BL, moved_B, terminated_B)
        neighbours_BNL, self.count_B = self.space.sample_neighbours(
            current_BL, self.settings.neighbours, self.streams_B
        )
        self.codes_BKL = np.concatenate([current_BL[:, None], neighbours_BNL], axis=1)
        return Step(reward_B, terminated_B, truncated_B)

    def _pay(self, current_BL: Codes, moved_B: Bools, terminated_B: Bools) -> Floats:
        reward_B = np.zeros(self.batch)
        rows = np.flatnonzero(moved_B if self.settings.reward.every_move else terminated_B)
        if len(rows):
            shaped_R = self._evaluate(rows, current_BL[rows])
            reward_B[rows] = self.settings.reward.rule(self.shaped_B[rows], shaped_R)
            self.shaped_B[rows] = shaped_R
        return reward_B

    def _evaluate(self, rows: NDArray[np.intp], codes_RL: Codes) -> Floats:
        score_R = paid(self.ledger, codes_RL)
        self.score_B[rows] = score_R
        return self.settings.shaping(score_R)

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on: arrays, and the generator's state."""
        return {
            "codes": self.codes_BKL,
            "count": self.count_B,
            "steps": self.steps_B,
            "shaped": self.shaped_B,
            "scores": self.score_B,
            "streams": self.streams_B,
            "rng": self.rng.bit_generator.state,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.codes_BKL = np.array(state["codes"])
        self.count_B = np.array(state["count"])
        self.steps_B = np.array(state["steps"])
        self.shaped_B = np.array(state["shaped"])
        self.score_B = np.array(state["scores"])
        self.streams_B = np.array(state["streams"])
        self.rng.bit_generator.state = state["rng"]


@kernel
def _move(action_B, codes_BKL, count_B, current_BL, moved_B):  # type: ignore[no-untyped-def]
    for b in range(len(action_B)):
        moved_B[b] = 0 < action_B[b] <= count_B[b]
        if moved_B[b]:
            current_BL[b] = codes_BKL[b, action_B[b]]
