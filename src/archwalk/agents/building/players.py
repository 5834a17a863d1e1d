"""Policies that no longer learn, by the kind of their network; an agent's memory still adapts."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from archwalk.learning.a2c import Bools, Inputs, RecurrentActorCritic, decide, draw_actions
from archwalk.learning.action_values import ActionValues
from archwalk.learning.exploration import explore

EPSILON = 0.1
"""How often a Q-network that no longer learns acts by lot: what P3's DQN ends with. Without, it would build one network
again and again (ours)."""

Memories = list[Tensor]


@dataclass(frozen=True)
class Move:
    """Actions (B,), and what is remembered after them; the policy's entropy (B,), NaN where it has none."""

    action_B: NDArray[np.int64]
    memory: Memories
    entropy_B: NDArray[np.float64]


class Player(Protocol):
    """Chooses actions in B environments."""

    def begin(self, batch: int) -> Memories:
        """The memory at the beginning of a trial."""

    def act(
        self,
        inputs_BX: Inputs,
        memory: Memories,
        first: bool,
        rng: np.random.Generator,
        mask_BA: Bools | None,
    ) -> Move:
        """Act; `first` says that it is the first action of a trial."""


def draw_any(batch: int, actions: int, mask_BA: Bools | None, rng: np.random.Generator) -> NDArray[np.int64]:
    """Actions (B,), each that is allowed equally likely."""
    allowed_BA = np.ones((batch, actions), bool) if mask_BA is None else mask_BA
    return draw_actions(allowed_BA.astype(np.float64), rng.random(batch))


@dataclass(frozen=True)
class RandomPlayer:
    """P3's random search: every action equally likely."""

    actions: int

    def begin(self, batch: int) -> Memories:
        """Nothing."""
        return []

    def act(
        self,
        inputs_BX: Inputs,
        memory: Memories,
        first: bool,
        rng: np.random.Generator,
        mask_BA: Bools | None,
    ) -> Move:
        """See `Player`."""
        batch = len(inputs_BX)
        count_B = np.full(batch, self.actions) if mask_BA is None else mask_BA.sum(axis=1)
        return Move(draw_any(batch, self.actions, mask_BA, rng), memory, np.log(count_B))


@dataclass(frozen=True)
class RecurrentPlayer:
    """An actor-critic's policy; the first action of a trial is by lot (P3 section 4.2.4)."""

    network: RecurrentActorCritic

    def begin(self, batch: int) -> Memories:
        """A blank memory."""
        return list(self.network.blank(batch))

    def act(
        self,
        inputs_BX: Inputs,
        memory: Memories,
        first: bool,
        rng: np.random.Generator,
        mask_BA: Bools | None,
    ) -> Move:
        """See `Player`."""
        batch = len(inputs_BX)
        decision = decide(self.network, inputs_BX, (memory[0], memory[1]), rng.random(batch), mask_BA)
        action_B = decision.action_B
        if first:
            action_B = draw_any(batch, self.network.policy.out_features, mask_BA, rng)
        return Move(action_B, list(decision.memory), decision.entropy_B)


@dataclass(frozen=True)
class ValuePlayer:
    """The best action by a Q-network, and now and then any."""

    network: ActionValues
    epsilon: float = EPSILON

    def begin(self, batch: int) -> Memories:
        """Nothing."""
        return []

    def act(
        self,
        inputs_BX: Inputs,
        memory: Memories,
        first: bool,
        rng: np.random.Generator,
        mask_BA: Bools | None,
    ) -> Move:
        """See `Player`. It knows no masks."""
        count_B = np.full(len(inputs_BX), self.network.actions - 1, np.int32)
        action_B = explore(self.network.best(inputs_BX), count_B, self.epsilon, rng)
        return Move(action_B, memory, np.full(len(inputs_BX), np.nan))
