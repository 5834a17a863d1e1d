"""Building networks layer by layer (Gomez Robles and Vanschoren 2019, sections 4.2.2 and 4.2.3) as arrays: many
episodes, one action a step.

This is the environment without Gymnasium's dress; `ConstructionVectorEnv` and `ConstructionEnv` are views of it.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.environments.construction_settings import ConstructionSettings, list_actions
from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.estimators.ledger import RewardSource
from archwalk.jit import kernel
from archwalk.spaces.base import Codes
from archwalk.spaces.nsc import NSC, Chain
from archwalk.spaces.nsc.code import FIRST, KERNEL, ROW, SECOND, TYPE, is_merge
from archwalk.spaces.nsc.measuring import measure_all
from archwalk.spaces.nsc.table import AVG_POOLING, MAX_POOLING, TERMINAL

Bools = NDArray[np.bool_]
NO_ACTION = -1


class End(IntEnum):
    """What ended an episode: Gomez Robles and Vanschoren's cases (section 4.2.3), of which the first that holds
    counts.
    """

    NONE = 0
    OUT_OF_BOUNDS = 1
    TERMINAL = 2
    INVALID = 3
    FULL = 4
    LIMIT = 5


OUT_OF_BOUNDS, IS_TERMINAL, IS_FULL = int(End.OUT_OF_BOUNDS), int(End.TERMINAL), int(End.FULL)


@dataclass(frozen=True)
class BuildStep:
    """What one step of B episodes gave; one that ended must be restarted.

    `codes_BL` are the architectures built so far (-1: none), `score_B` their scores as fractions, before sigma.
    """

    reward_B: Floats
    terminated_B: Bools
    truncated_B: Bools
    end_B: NDArray[np.int8]
    codes_BL: Codes
    score_B: Floats

    @property
    def done_B(self) -> Bools:
        """Terminated or truncated."""
        return self.terminated_B | self.truncated_B


class Builds:
    """B episodes side by side, all of which begin without a layer.

    Reward of a step: the score of the network as it then is, a fraction in [0, 1] (Gomez Robles and Vanschoren 2019),
    `sigma` times that if the action shifted a pointer. It is 0 where there is no layer yet, where a pointer went out
    of bounds, and where the network cannot be built: an image too small for a pool, more weights than the space's
    `default_size` allows (then the estimator is not asked), or an estimator that has no score. What did not change is
    not evaluated again.

    The pointers p1 and p2 are numbers of layers, 0 the image. Gomez Robles and Vanschoren 2019 does not say where
    they begin or what a new layer does to them; as in its code they begin at the last layer and keep their distance
    from it as layers are added. A pointer that would go out of bounds ends the episode and stays. In chains both are
    always at the last layer.

    `restart` begins an episode and remembers the last action and reward, as an agent that learns across the episodes
    of a trial is shown (Gomez Robles and Vanschoren 2019, section 4.2.4); `reset` begins a trial and forgets them.
    """

    def __init__(
        self, space: NSC | Chain, ledger: RewardSource, batch: int, settings: ConstructionSettings
    ) -> None:
        if batch < 1:
            raise UsageError(f"at least 1 environment is needed, not {batch}")
        if space.table != settings.table:
            raise UsageError(
                f"the configuration is of {_summary(settings.table)}, the benchmark of {_summary(space.table)}"
            )
        self.space = space
        self.ledger = ledger
        self.settings = settings
        self.actions = list_actions(space.table)
        depth = space.table.depth
        self.layers_BDR = np.zeros((batch, depth, ROW), np.int32)
        self.length_B = np.zeros(batch, np.int64)
        self.pointers_B2 = np.zeros((batch, 2), np.int64)
        self.steps_B = np.zeros(batch, np.int64)
        self.codes_BL = np.full((batch, space.code_length), -1, np.int32)
        self.score_B = np.zeros(batch)
        self.over_B = np.zeros(batch, bool)
        self.last_action_B = np.full(batch, NO_ACTION)
        self.last_reward_B = np.zeros(batch)

    @property
    def batch(self) -> int:
        """B."""
        return len(self.length_B)

    def reset(self, rows_B: Bools | None = None) -> None:
        """Begin a trial in all, or in the chosen ones."""
        rows_B = np.ones(self.batch, bool) if rows_B is None else rows_B
        self.last_action_B[rows_B], self.last_reward_B[rows_B] = NO_ACTION, 0
        self.restart(rows_B)

    def restart(self, rows_B: Bools) -> None:
        """Begin an episode of the same trial in the chosen ones."""
        for name in ("layers_BDR", "length_B", "pointers_B2", "steps_B", "score_B", "over_B"):
            getattr(self, name)[rows_B] = 0
        self.codes_BL[rows_B] = -1

    def step(self, action_B: NDArray[np.integer[Any]]) -> BuildStep:
        """Act in all and pay. Raises UsageError for an action that there is not, or where an episode is over."""
        action_B = np.asarray(action_B, np.int64)
        if action_B.shape != (self.batch,) or ((action_B < 0) | (action_B >= len(self.actions.names))).any():
            raise UsageError(f"{self.batch} actions are needed, each 0 to {len(self.actions.names) - 1}")
        if self.over_B.any():
            raise UsageError("an episode is over; restart it before the next action")
        before_B = self.length_B.copy()
        end_B, rows_A4 = np.zeros(self.batch, np.int8), self.actions.rows_A4
        _act(action_B, rows_A4, self.layers_BDR, self.length_B, self.pointers_B2, end_B)
        self.steps_B += 1
        grown_B = (self.length_B > before_B) & (end_B != End.TERMINAL)
        invalid_B = self._evaluate(grown_B)
        end_B[invalid_B] = End.INVALID
        reward_B = self.score_B * np.where(self.actions.shifts_A[action_B], self.settings.sigma, 1.0)
        reward_B[end_B == End.OUT_OF_BOUNDS] = 0
        end_B[(end_B == End.NONE) & (self.steps_B > self.settings.limit)] = End.LIMIT
        limit_B = end_B == End.LIMIT
        truncated_B = limit_B & (not self.settings.limit_terminates)
        self.over_B = end_B != End.NONE
        self.last_action_B, self.last_reward_B = action_B.copy(), reward_B.copy()
        return BuildStep(
            reward_B,
            self.over_B & ~truncated_B,
            truncated_B,
            end_B,
            self.codes_BL.copy(),
            self.score_B.copy(),
        )

    def _evaluate(self, grown_B: Bools) -> Bools:
        """Score the networks that have a new layer; return which of them cannot be built."""
        invalid_B = np.zeros(self.batch, bool)
        rows = np.flatnonzero(grown_B)
        if not len(rows):
            return invalid_B
        codes_RL = self.space.from_layers(self.layers_BDR[rows])
        fits_R = self.space.fits(codes_RL)
        score_R = np.full(len(rows), np.nan)
        if fits_R.any():
            score_R[fits_R] = self.ledger.rewards(codes_RL[fits_R]) / 100
        invalid_B[rows] = ~np.isfinite(score_R)
        self.codes_BL[rows], self.score_B[rows] = codes_RL, np.where(invalid_B[rows], 0.0, score_R)
        return invalid_B

    def mask_BA(self) -> Bools:
        """Actions (B, A) that end no episode for nothing: no pointer out of bounds, no terminal without a layer, no
        pool of an image that is too small. Whether there will be too many weights is not foreseen.
        """
        layers_BDR = self.layers_BDR.copy()
        layers_BDR[layers_BDR[:, :, TYPE] == TERMINAL] = 0
        task = self.space.default_task
        shapes_BD3 = measure_all(layers_BDR, task, self.space.default_size).shapes_BD3
        mask_BA = np.empty((self.batch, len(self.actions.names)), np.bool_)
        image = np.array(task.shape)
        _mask(self.actions.rows_A4, self.length_B, self.pointers_B2, shapes_BD3, image, mask_BA)
        return mask_BA

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return {name: getattr(self, f"{name}_{suffix}").copy() for name, suffix in _STATE.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        for name, suffix in _STATE.items():
            setattr(self, f"{name}_{suffix}", np.array(state[name]))


_STATE = {
    "layers": "BDR",
    "length": "B",
    "pointers": "B2",
    "steps": "B",
    "codes": "BL",
    "score": "B",
    "over": "B",
    "last_action": "B",
    "last_reward": "B",
}


def _summary(table: Any) -> str:
    return f"{table.kind} networks of {table.depth} layers ({len(table.labels)} kinds)"


@kernel
def _act(action_B, rows_A4, layers_BDR, length_B, pointers_B2, end_B):  # type: ignore[no-untyped-def]
    for b in range(len(action_B)):
        number, size, pointer, way = rows_A4[action_B[b]]
        n = length_B[b]
        if number == 0:
            moved = pointers_B2[b, pointer] + way
            if 0 <= moved <= n:
                pointers_B2[b, pointer] = moved
            else:
                end_B[b] = OUT_OF_BOUNDS
            continue
        layers_BDR[b, n, TYPE], layers_BDR[b, n, KERNEL] = number, size
        length_B[b] = n + 1
        if number == TERMINAL:
            end_B[b] = IS_TERMINAL
            continue
        layers_BDR[b, n, FIRST] = pointers_B2[b, 0]
        if is_merge(number):
            layers_BDR[b, n, SECOND] = pointers_B2[b, 1]
        pointers_B2[b] += 1
        if n + 1 == layers_BDR.shape[1]:
            end_B[b] = IS_FULL


@kernel
def _mask(rows_A4, length_B, pointers_B2, shapes_BD3, image, mask_BA):  # type: ignore[no-untyped-def]
    for b in range(len(length_B)):
        p = pointers_B2[b, 0]
        _, height, width = shapes_BD3[b, p - 1] if p > 0 else image
        for a in range(len(rows_A4)):
            number, size, pointer, way = rows_A4[a]
            if number == 0:
                mask_BA[b, a] = 0 <= pointers_B2[b, pointer] + way <= length_B[b]
            elif number == TERMINAL:
                mask_BA[b, a] = length_B[b] > 0
            elif number in (MAX_POOLING, AVG_POOLING):
                mask_BA[b, a] = size <= height and size <= width
            else:
                mask_BA[b, a] = True
