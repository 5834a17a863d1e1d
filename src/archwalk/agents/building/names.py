"""Layers under other names: an agent that cannot know which are good must find it out in every trial (ours)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.spaces.nsc import CodeTable
from archwalk.spaces.nsc.code import FIRST, TYPE
from archwalk.spaces.nsc.measuring import Layers

Ints = NDArray[np.int64]


class ActionNames:
    """In each of B environments, which action is meant by which of the A that the agent knows.

    Only the actions that add a layer with one predecessor change places, and with them those layers in what the agent
    sees: to it a shuffled environment is one whose other layers are good.
    """

    def __init__(self, batch: int, table: CodeTable, actions: int) -> None:
        self.labels_K2 = np.array(table.singles, np.int32)
        self.meant_BA = np.tile(np.arange(actions), (batch, 1))
        self.changed = False

    def shuffle(self, rng: np.random.Generator, share: float) -> None:
        """Draw names anew in about so large a share of the environments; the others have the usual ones."""
        batch, kinds = len(self.meant_BA), len(self.labels_K2)
        self.meant_BA[:, :kinds] = np.arange(kinds)
        shuffled_B = rng.random(batch) < share
        self.meant_BA[shuffled_B, :kinds] = rng.permuted(self.meant_BA[shuffled_B, :kinds], axis=1)
        self.changed = bool(shuffled_B.any())

    def real(self, action_B: Ints) -> Ints:
        """The actions (B,) that are meant."""
        if not self.changed:
            return action_B
        return self.meant_BA[np.arange(len(action_B)), action_B]

    def columns(self, values_BA: NDArray[Any]) -> NDArray[Any]:
        """Values of actions (B, A) in the agent's order."""
        return np.take_along_axis(values_BA, self.meant_BA, axis=1) if self.changed else values_BA

    def rename(self, layers_BDR: Layers) -> Layers:
        """Layers (B, D, 4) as the agent sees them; those that have no such name stay."""
        same_BDK = (layers_BDR[:, :, None, :FIRST] == self.labels_K2).all(axis=3)
        kinds = len(self.labels_K2)
        seen_BK = np.argsort(self.meant_BA[:, :kinds], axis=1)
        seen_BD = np.take_along_axis(seen_BK, same_BDK.argmax(axis=2), axis=1)
        shown_BDR = layers_BDR.copy()
        shown_BDR[:, :, TYPE:FIRST] = np.where(
            same_BDK.any(axis=2)[:, :, None], self.labels_K2[seen_BD], layers_BDR[:, :, TYPE:FIRST]
        )
        return shown_BDR

    def state_dict(self) -> dict[str, Any]:
        """The names."""
        return {"meant": self.meant_BA.copy(), "changed": self.changed}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.meant_BA, self.changed = np.array(state["meant"]), bool(state["changed"])
