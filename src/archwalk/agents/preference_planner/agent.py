"""The planning agent for several goals: walks by any preference, in a search along the whole front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from archwalk.agents.base import NetworkAgent
from archwalk.agents.memory import step_aside
from archwalk.agents.preference_planner.network import PreferenceNetwork, PreferredNetwork
from archwalk.agents.walking import AgentWalker, JudgingAgent
from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.strategies.base import Trials
from archwalk.strategies.goals.base import GoalSearcher
from archwalk.strategies.walker import EPISODE_LIMIT, Walker


@dataclass(frozen=True)
class PreferenceShape:
    """Of a `PreferenceNetwork`, and which goals it knows: names, and whether higher is better, in its order."""

    neighbours: int
    width: int
    members: int
    goals: tuple[str, ...]
    upward: tuple[bool, ...]


@dataclass(frozen=True)
class PreferenceSettings:
    """`preference` has a weight for each goal, in the order in which they are named, those to maximise first; without
    one, preferences are spread over all that there are, another one in each episode.
    """

    preference: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if any(weight < 0 or not np.isfinite(weight) for weight in self.preference) or (
            self.preference and not sum(self.preference) > 0
        ):
            raise UsageError("preference has a weight for each goal, none below 0, one above")


class PreferencePlannerAgent(NetworkAgent[PreferenceShape, PreferenceNetwork]):
    """See the file. As an agent for one goal it walks by equal weights."""

    name = "preference-planner"
    shape_class = PreferenceShape
    search_settings: ClassVar[type[Any]] = PreferenceSettings
    goal_query: ClassVar[str] = "an episode by one preference: the architecture where it stops"

    @staticmethod
    def make_network(shape: PreferenceShape, space: SearchSpace) -> PreferenceNetwork:
        """See `NetworkAgent`."""
        return PreferenceNetwork(space.feature_count, len(shape.goals), shape.members, shape.width)

    def prefer(self, weights_G: Floats) -> PreferredAgent:
        """The agent of one preference, weights in the order of its goals."""
        shares_G = torch.tensor(np.asarray(weights_G) / np.sum(weights_G), dtype=torch.float32)
        return PreferredAgent(self.space, self.shape, self.network.prefer(shares_G))

    def strategy(self, trials: Trials) -> Walker:
        """See `Agent`."""
        return self.prefer(np.ones(len(self.shape.goals))).strategy(trials)

    def order_of(self, goals: Sequence[tuple[str, bool]]) -> tuple[int, ...]:
        """The place among these goals (names, whether higher is better) of each that the agent knows.

        Raises UsageError where they are others.
        """
        known = list(zip(self.shape.goals, self.shape.upward, strict=True))
        if sorted(known) != sorted(goals):
            told = ", ".join(f"{name} {'high' if up else 'low'}" for name, up in known)
            raise UsageError(f"the agent was trained for {told}; say the same goals")
        return tuple(list(goals).index(goal) for goal in known)

    def goal_searcher(
        self, trial: Trials, goals: int, budget: int, order: tuple[int, ...], settings: PreferenceSettings
    ) -> GoalSearcher:
        """A search along the front; `order` is that of `order_of`."""
        return PreferenceSearcher(trial, goals, budget, self, order, settings)


class PreferredAgent(JudgingAgent[PreferenceShape, PreferredNetwork]):
    """Walks by one preference."""

    name = "preferred"

    @staticmethod
    def make_network(shape: PreferenceShape, space: SearchSpace) -> PreferredNetwork:
        """Nobody makes one from nothing."""
        raise NotImplementedError

    def judge(self, features_TF: Tensor) -> Tensor:
        """See `JudgingAgent`."""
        worth_T = self.network.worth(features_TF)
        return torch.stack([worth_T, worth_T, self.network.moving(features_TF)])


class PreferenceSearcher(GoalSearcher):
    """An episode is a query: it walks by a preference, and ends nowhere where one of its trial has ended before."""

    query = PreferencePlannerAgent.goal_query

    def __init__(
        self,
        trial: Trials,
        goals: int,
        budget: int,
        agent: PreferencePlannerAgent,
        order: tuple[int, ...],
        settings: PreferenceSettings,
    ) -> None:
        super().__init__(trial, goals, budget, settings)
        self.agent, self.order = agent, order
        if len(given := settings.preference) not in (0, goals):
            raise UsageError(f"preference has {goals} weights, one a goal, not {len(given)}")
        self._fixed = agent.prefer(np.array(given)[list(order)]) if given else None
        self._ended_QL = np.empty((0, self.space.code_length), np.int32)

    def propose(self, left: int) -> Codes:
        """Where the next episode ends: at what the agent takes for the best of all that it passed by (ours: a walk
        that goes in a circle, for all that was learned, is not lost).
        """
        agent = self._fixed or self.agent.prefer(self._next_preference()[list(self.order)])
        walker, passed = AgentWalker(self.trial, agent), list[Codes]()
        starts_KL = self.trial.next_starts(1)[0]
        episodes = walker.improve(starts_KL, visited=passed)
        seen_PL = np.concatenate([starts_KL, *passed])
        best_KL = seen_PL[[agent.worth(seen_PL).argmax()]]
        ends_KL, _ = step_aside(
            self.space, agent.worth, best_KL, self._ended_QL[None], episodes.steps_B, self.trial.rng,
            neighbours=walker.neighbours, limit=2 * EPISODE_LIMIT,
        )  # fmt: skip
        return ends_KL

    def learn(self, codes_KL: Codes, values_KG: Floats, violations_K: Floats) -> None:
        """Where it ended is remembered; values teach nothing any more."""
        self._ended_QL = np.concatenate([self._ended_QL, codes_KL])

    def _next_preference(self) -> Floats:
        """Of two goals evenly spread: 1/2, 0, 1, 1/4, 3/4, ...; else the goals alone first, then by lot."""
        place = len(self._ended_QL)
        if self.goals == 2:
            first = spread(place)
            return np.array([first, 1 - first])
        if place < self.goals:
            alone_G: Floats = np.eye(self.goals)[place]
            return alone_G
        drawn_G: Floats = self.rng.dirichlet(np.ones(self.goals))
        return drawn_G


def spread(place: int) -> float:
    """1/2, 0, 1, 1/4, 3/4, 1/8, ...: of however many, none is far from the next."""
    if place in (1, 2):
        return float(place - 1)
    number, value, part = (place - 1 if place > 2 else 1), 0.0, 0.5
    while number:
        value += part * (number & 1)
        number, part = number >> 1, part / 2
    return value


def planned_preferences(goals: int, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Preferences (K, G) to plan for: of two goals evenly spaced, else each alone, equal weights, and others by lot."""
    if goals == 2:
        first_K = np.linspace(0, 1, max(count, 2))
        return np.stack([first_K, 1 - first_K], axis=1)
    special = np.concatenate([np.eye(goals), np.full((1, goals), 1 / goals)])
    drawn = rng.dirichlet(np.ones(goals), max(0, count - len(special)))
    return np.concatenate([special, drawn])
