"""Agents that walk: at each step a network values what the walk is presented with, and the best is chosen."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from archwalk.agents.base import DataclassInstance, N, NetworkAgent
from archwalk.agents.memory import step_aside
from archwalk.agents.policy import GreedyPolicy
from archwalk.agents.remembered import RememberedValues
from archwalk.estimators.base import Floats
from archwalk.jit import Streams
from archwalk.learning.ensemble import predict
from archwalk.spaces.base import Codes, EnumerableSpace, SearchSpace
from archwalk.strategies.base import Trials
from archwalk.strategies.walker import EPISODE_LIMIT, Walker


class WalkingShape(DataclassInstance, Protocol):
    """The shape of a network that walks by presentations."""

    @property
    def neighbours(self) -> int:
        """How many neighbours the agent is presented with at most."""


W = TypeVar("W", bound=WalkingShape)


class WalkingAgent(NetworkAgent[W, N], Generic[W, N]):
    """Walks greedily by a network from features (T, F) and `Rows` to action values (T,).

    It sees features, no codes, and asks for no evaluation on the way.
    """

    def __init__(self, space: SearchSpace, shape: W, network: N) -> None:
        super().__init__(space, shape, network)
        if shape.neighbours < 1:
            raise ValueError(f"an agent is presented with at least 1 neighbour, not {shape.neighbours}")
        self.policy = GreedyPolicy(space, network)

    def strategy(self, trials: Trials) -> Walker:
        """See `Agent`."""
        return AgentWalker(trials, self)

    def act(self, codes_RKL: Codes, count_R: NDArray[np.int32]) -> NDArray[np.int64]:
        """The actions (R,) of highest value for presented architectures (R, N + 1, L), the current one first."""
        return self.policy.act(codes_RKL, count_R)


class JudgingAgent(WalkingAgent[W, N], Generic[W, N]):
    """An agent that can say what any architecture is worth by itself (ours can, that of Cassimon et al. 2024 cannot).

    It knows where the episodes of a search ended and steps aside rather than end there again. In a space that can be
    enumerated it values each architecture once; in a larger one walks hardly ever meet one again.
    """

    def __init__(self, space: SearchSpace, shape: W, network: N) -> None:
        super().__init__(space, shape, network)
        self.values = (
            RememberedValues(self._value, space.size) if isinstance(space, EnumerableSpace) else None
        )

    @abstractmethod
    def judge(self, features_TF: Tensor) -> Tensor:
        """What architectures are worth, and the values of the actions to stop at them and to move to them, (3, T): an
        opinion, no evaluation.
        """

    def _value(self, codes_BL: Codes) -> Floats:
        return predict(self.judge, self.space.features(codes_BL))

    def worth(self, codes_BL: Codes) -> Floats:
        """What architectures (B,) are worth."""
        worth_B: Floats = (self.values or self._value)(codes_BL)[0]
        return worth_B

    def act(self, codes_RKL: Codes, count_R: NDArray[np.int32]) -> NDArray[np.int64]:
        """See `WalkingAgent.act`."""
        if self.values is None:
            return super().act(codes_RKL, count_R)
        present_RK = np.arange(codes_RKL.shape[1]) <= count_R[:, None]
        q_RK = np.full(present_RK.shape, -np.inf)
        _, stop_T, q_RK[present_RK] = self.values(codes_RKL[present_RK])
        q_RK[:, 0] = stop_T[np.cumsum(count_R + 1) - count_R - 1]
        action_R: NDArray[np.int64] = q_RK.argmax(axis=1)
        return action_R

    def strategy(self, trials: Trials) -> Walker:
        """See `Agent`."""
        return JudgingWalker(trials, self)


class AgentWalker(Walker):
    """A search by an agent that walks."""

    def __init__(self, trials: Trials, agent: WalkingAgent[Any, Any]) -> None:
        super().__init__(trials)
        self.agent = agent
        self.neighbours = agent.shape.neighbours

    def choose(self, codes_RKL: Codes, count_R: NDArray[np.int32], streams_R: Streams) -> NDArray[np.int64]:
        """See `WalkingAgent.act`."""
        return self.agent.act(codes_RKL, count_R)


class JudgingWalker(AgentWalker):
    """A search by an agent that judges: no episode ends where one of its trial has ended before."""

    agent: JudgingAgent[Any, Any]

    def __init__(self, trials: Trials, agent: JudgingAgent[Any, Any]) -> None:
        super().__init__(trials, agent)
        self.ended_TQL = np.empty((trials.trials, 0, trials.space.code_length), np.int32)

    def _propose(self, n: int) -> Codes:
        trials = self.trials
        episodes = self.improve(trials.next_starts(1)[:, 0])
        ends_TL, steps_T = step_aside(
            trials.space, self.agent.worth, episodes.finals_BL, self.ended_TQL, episodes.steps_B, trials.rng,
            neighbours=self.neighbours, limit=EPISODE_LIMIT,
        )  # fmt: skip
        self.moves += int(steps_T.sum())
        return ends_TL[:, None]

    def _learn(self, codes_TNL: Codes, rewards_TN: Floats) -> None:
        self.ended_TQL = np.concatenate([self.ended_TQL, codes_TNL], axis=1)

    def state_dict(self) -> dict[str, Any]:
        """State between a tell and an ask."""
        return super().state_dict() | {"ended": self.ended_TQL.copy()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        super().load_state_dict(state)
        self.ended_TQL = np.array(state["ended"])
