"""A trained agent as a strategy."""

import numpy as np
from numpy.typing import NDArray
from torch import nn

from archwalk.jit import Streams
from archwalk.spaces.base import Codes
from archwalk.strategies.base import Trials
from archwalk.strategies.policy import GreedyPolicy
from archwalk.strategies.walker import Walker


class TrainedAgent(Walker):
    """Walks by a trained network, greedily; it sees features and asks for no evaluation on the way.

    The `training_...` figures are what its training paid for.
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

    def choose(self, codes_RKL: Codes, count_R: NDArray[np.int32], streams_R: Streams) -> NDArray[np.int64]:
        """The actions (R,) of highest value."""
        return self.policy.act(codes_RKL, count_R)
