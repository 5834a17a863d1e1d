"""Hill climbing: propose random neighbours of the best architecture so far."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from archwalk.estimators.base import Floats
from archwalk.jit import make_streams
from archwalk.spaces.base import Codes
from archwalk.strategies.base import Strategy, Trials


class HillClimbing(Strategy):
    """Starts somewhere; asks for random neighbours of the best; moves to one that is no worse."""

    def __init__(self, trials: Trials) -> None:
        super().__init__(trials)
        self.best_TL = np.full((trials.trials, trials.space.code_length), -1, np.int32)
        self.reward_T = np.full(trials.trials, -np.inf)
        self.streams_T = make_streams(trials.rng, trials.trials)

    def _propose(self, n: int) -> Codes:
        if (self.best_TL < 0).all():
            return self.trials.next_starts(1)
        codes_TNL, count_T = self.trials.space.sample_neighbours(self.best_TL, n, self.streams_T)
        stuck_T = count_T == 0
        codes_TNL[stuck_T] = self.best_TL[stuck_T, None]
        return codes_TNL[:, : max(1, count_T.min())]

    def _learn(self, codes_TNL: Codes, rewards_TN: Floats) -> None:
        rows = np.arange(len(rewards_TN))
        at_T = rewards_TN.argmax(axis=1)
        better_T = rewards_TN[rows, at_T] >= self.reward_T
        self.best_TL[better_T] = codes_TNL[rows, at_T][better_T]
        self.reward_T[better_T] = rewards_TN[rows, at_T][better_T]

    def state_dict(self) -> dict[str, Any]:
        """State between a tell and an ask."""
        own = {"best": self.best_TL.copy(), "reward": self.reward_T.copy(), "streams": self.streams_T.copy()}
        return super().state_dict() | own

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        super().load_state_dict(state)
        self.best_TL, self.reward_T = np.array(state["best"]), np.array(state["reward"])
        self.streams_T = np.array(state["streams"])
