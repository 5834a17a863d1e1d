"""A trained agent as a strategy."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from archwalk.agents.memory import step_aside
from archwalk.agents.policy import GreedyPolicy
from archwalk.estimators.base import Floats
from archwalk.jit import Streams
from archwalk.learning.ensemble import ClimbingNetwork, predict
from archwalk.learning.sets import AfterStateNetwork
from archwalk.spaces.base import Codes
from archwalk.strategies.base import Trials
from archwalk.strategies.walker import EPISODE_LIMIT, Walker


class TrainedAgent(Walker):
    """Walks by a trained network, greedily; it sees features and asks for no evaluation on the way.

    An agent whose network says what any architecture is worth (ours do, P1's does not) remembers where the episodes
    of a search ended and steps aside rather than end there again. The `training_...` figures are what its training
    paid for.
    """

    def __init__(
        self,
        trials: Trials,
        network: nn.Module,
        *,
        neighbours: int,
        training_queries: int,
        training_unique: int,
        training_seconds: float,
    ) -> None:
        super().__init__(trials)
        self.neighbours = neighbours
        self.training_queries = training_queries
        self.training_unique = training_unique
        self.training_seconds = training_seconds
        self.policy = GreedyPolicy(trials.space, network)
        self.worth = network.worth if isinstance(network, AfterStateNetwork | ClimbingNetwork) else None
        self.ended_TQL = np.empty((trials.trials, 0, trials.space.code_length), np.int32)

    def choose(self, codes_RKL: Codes, count_R: NDArray[np.int32], streams_R: Streams) -> NDArray[np.int64]:
        """The actions (R,) of highest value."""
        return self.policy.act(codes_RKL, count_R)

    def _propose(self, n: int) -> Codes:
        if self.worth is None:
            return super()._propose(n)
        trials = self.trials
        episodes = self.improve(trials.next_starts(1)[:, 0])
        ends_TL, steps_T = step_aside(
            trials.space, self._judge, episodes.finals_BL, self.ended_TQL, episodes.steps_B, trials.rng,
            neighbours=self.neighbours, limit=EPISODE_LIMIT,
        )  # fmt: skip
        self.moves += int(steps_T.sum())
        return ends_TL[:, None]

    def _learn(self, codes_TNL: Codes, rewards_TN: Floats) -> None:
        if self.worth is not None:
            self.ended_TQL = np.concatenate([self.ended_TQL, codes_TNL], axis=1)

    def _judge(self, codes_BL: Codes) -> Floats:
        assert self.worth is not None
        return predict(self.worth, self.trials.space.features(codes_BL))

    def state_dict(self) -> dict[str, Any]:
        """State between a tell and an ask."""
        return super().state_dict() | {"ended": self.ended_TQL.copy()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        super().load_state_dict(state)
        self.ended_TQL = np.array(state["ended"])
