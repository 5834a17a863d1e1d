"""Policies that no longer learn; an agent's memory still adapts."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from archwalk.learning.a2c import Bools, Inputs, RecurrentActorCritic, decide, draw_actions
from archwalk.learning.action_values import ActionValues
from archwalk.learning.exploration import explore

EPSILON = 0.1
"""How often a Q-network that no longer learns acts by lot: what Gomez Robles and Vanschoren's DQN ends with. Without,
it would build one network again and again (ours).
"""

Memories = list[Tensor]


@dataclass(frozen=True)
class Turn:
    """What a policy is shown in B environments, (B, X), with what it remembers and the actions (B, A) that it may take
    (None: any). `first` says that it is the first action of a trial.
    """

    inputs_BX: Inputs
    memory: Memories
    first: bool
    mask_BA: Bools | None


@dataclass(frozen=True)
class Move:
    """Actions (B,), and what is remembered after them; the policy's entropy (B,), NaN where it has none."""

    action_B: NDArray[np.int64]
    memory: Memories
    entropy_B: NDArray[np.float64]


class ConstructionPolicy(Protocol):
    """Chooses actions in B environments."""

    def begin(self, batch: int) -> Memories:
        """The memory at the beginning of a trial."""

    def act(self, turn: Turn, rng: np.random.Generator) -> Move:
        """Take an action in each environment."""


def draw_any(batch: int, actions: int, mask_BA: Bools | None, rng: np.random.Generator) -> NDArray[np.int64]:
    """Actions (B,), each that is allowed equally likely."""
    allowed_BA = np.ones((batch, actions), bool) if mask_BA is None else mask_BA
    return draw_actions(allowed_BA.astype(np.float64), rng.random(batch))


@dataclass(frozen=True)
class RandomPolicy:
    """Gomez Robles and Vanschoren's random search: every action equally likely."""

    actions: int

    def begin(self, batch: int) -> Memories:
        """Nothing."""
        return []

    def act(self, turn: Turn, rng: np.random.Generator) -> Move:
        """See `ConstructionPolicy`."""
        batch, mask_BA = len(turn.inputs_BX), turn.mask_BA
        count_B = np.full(batch, self.actions) if mask_BA is None else mask_BA.sum(axis=1)
        return Move(draw_any(batch, self.actions, mask_BA, rng), turn.memory, np.log(count_B))


@dataclass(frozen=True)
class RecurrentPolicy:
    """An actor-critic's policy; the first action of a trial is by lot (Gomez Robles and Vanschoren 2019, section
    4.2.4).
    """

    network: RecurrentActorCritic

    def begin(self, batch: int) -> Memories:
        """A blank memory."""
        return list(self.network.blank(batch))

    def act(self, turn: Turn, rng: np.random.Generator) -> Move:
        """See `ConstructionPolicy`."""
        batch, (output, cell) = len(turn.inputs_BX), turn.memory
        decision = decide(self.network, turn.inputs_BX, (output, cell), rng.random(batch), turn.mask_BA)
        action_B = decision.action_B
        if turn.first:
            action_B = draw_any(batch, self.network.policy.out_features, turn.mask_BA, rng)
        return Move(action_B, list(decision.memory), decision.entropy_B)


@dataclass(frozen=True)
class ValuePolicy:
    """The best action by a Q-network, and now and then any."""

    network: ActionValues
    epsilon: float = EPSILON

    def begin(self, batch: int) -> Memories:
        """Nothing."""
        return []

    def act(self, turn: Turn, rng: np.random.Generator) -> Move:
        """See `ConstructionPolicy`. It knows no masks."""
        count_B = np.full(len(turn.inputs_BX), self.network.actions - 1, np.int32)
        action_B = explore(self.network.best(turn.inputs_BX), count_B, self.epsilon, rng)
        return Move(action_B, turn.memory, np.full(len(count_B), np.nan))
