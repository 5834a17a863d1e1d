"""Agents that build: network after network, layer by layer."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np

from archwalk.agents.base import DataclassInstance, N, NetworkAgent
from archwalk.agents.building.policies import ConstructionPolicy, RandomPolicy, Turn
from archwalk.agents.building.problem import BuildingRules, Construction
from archwalk.environments.builds import NO_ACTION, BuildStep
from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.estimators.ledger import RewardSource
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.strategies.base import Trials
from archwalk.strategies.per_trial import PerTrial, Searcher

PATIENCE = 200
"""Actions without anything to evaluate, after which a sampled architecture is asked for instead."""


class KnownRewards:
    """A source that knows the rewards that it was told; it keeps what else it was asked for."""

    def __init__(self) -> None:
        self.known: dict[bytes, float] = {}
        self.asked: Codes | None = None

    def rewards(self, codes_BL: Codes) -> Floats:
        """Of a single code; NaN where it is not known."""
        reward = self.known.get(codes_BL.tobytes())
        if reward is None:
            self.asked, reward = codes_BL.copy(), np.nan
        return np.array([reward])

    @property
    def worst(self) -> float:
        """Nothing is paid for what is not known."""
        return 0.0


@dataclass(frozen=True)
class BuildingSettings:
    """What a `BuildingSearcher` plays by."""

    policy: ConstructionPolicy
    rules: BuildingRules


class BuildingSearcher(Searcher):
    """Builds episode after episode, all of one trial; asks for every network on the way, as Gomez Robles and
    Vanschoren's environment does.

    What needs no evaluation (a shift, a terminal, what cannot be built) is no query. A step that needs one is taken
    back until its reward is told.
    """

    remembers: ClassVar[bool] = False
    """Whether a network that comes up again is not asked for again."""

    def __init__(self, trial: Trials, settings: BuildingSettings) -> None:
        super().__init__(trial, settings)
        self.source = KnownRewards()
        self.construction = Construction(self.space, self.source, 1, settings.rules)
        self.policy = settings.policy
        self.memory = self.policy.begin(1)
        self.first = True
        self.waiting = NO_ACTION

    def propose(self) -> Codes:
        """The next network that is not known."""
        for _ in range(PATIENCE):
            before = self.construction.state_dict()
            action = self._decide()
            step = self._step(action)
            if self.source.asked is not None:
                self.construction.load_state_dict(before)
                self.waiting = action
                return self.source.asked
            self._finish(step)
        return self.space.sample(self.rng, 1)

    def learn(self, codes_KL: Codes, rewards_K: Floats) -> None:
        """Take the step that waited for its reward; -inf is a network that could not be evaluated."""
        self.source.known[codes_KL.tobytes()] = float(rewards_K[0]) if np.isfinite(rewards_K[0]) else np.nan
        if self.waiting != NO_ACTION:
            self._finish(self._step(self.waiting))
            self.waiting = NO_ACTION
        if not self.remembers:
            self.source.known.clear()

    def _decide(self) -> int:
        construction = self.construction
        turn = Turn(construction.look(), self.memory, self.first, construction.allowed())
        move = self.policy.act(turn, self.rng)
        self.memory, self.first = move.memory, False
        return int(move.action_B[0])

    def _step(self, action: int) -> BuildStep:
        self.source.asked = None
        return self.construction.step(np.array([action]))

    def _finish(self, step: BuildStep) -> None:
        """A step is taken for good."""
        self.construction.restart(step.done_B)

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next proposal depends on."""
        known = self.source.known
        return super().state_dict() | {
            "construction": self.construction.state_dict(),
            "memory": list(self.memory),
            "first": self.first,
            "waiting": self.waiting,
            "known": np.frombuffer(b"".join(known), np.int32).reshape(-1, self.space.code_length).copy(),
            "known_rewards": np.array(list(known.values())),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        super().load_state_dict(state)
        self.construction.load_state_dict(state["construction"])
        self.memory = list(state["memory"])
        self.first, self.waiting = bool(state["first"]), int(state["waiting"])
        rewards = map(float, state["known_rewards"])
        self.source.known = dict(zip((row.tobytes() for row in state["known"]), rewards, strict=True))


class _Building(PerTrial):
    searcher_class = BuildingSearcher
    query = "a network on the way: every layer that is added is evaluated"


class RandomConstruction(_Building):
    """Gomez Robles and Vanschoren's random search: networks built layer by layer, actions of their table 2 by lot.

    As for `meta-a2c` beside it, actions that end an episode for nothing are left out (ours): otherwise much of its
    budget goes into networks that cannot be built.
    """

    def __init__(self, trials: Trials) -> None:
        rules = BuildingRules(masks=True)
        actions = Construction(trials.space, KnownRewards(), 1, rules).actions
        super().__init__(trials, BuildingSettings(RandomPolicy(actions), rules))


class BuildingStrategy(_Building):
    """A search by a trained agent, its weights fixed; what it remembers of a trial still changes what it does."""

    def __init__(self, trials: Trials, agent: "BuildingAgent[Any, Any]") -> None:
        agent.construct(trials.space, KnownRewards())
        super().__init__(trials, BuildingSettings(agent.policy(), agent.shape.rules))


class BuildingShape(DataclassInstance, Protocol):
    """The shape of a network that builds, and the rules that the agent was trained by."""

    @property
    def inputs(self) -> int:
        """Numbers that the agent sees."""

    @property
    def actions(self) -> int:
        """A."""

    @property
    def rules(self) -> BuildingRules:
        """What it may do and what it is shown."""


B = TypeVar("B", bound=BuildingShape)


class BuildingAgent(NetworkAgent[B, N], Generic[B, N]):
    """An agent that builds by the rules that it was trained by."""

    @abstractmethod
    def policy(self) -> ConstructionPolicy:
        """The policy, which no longer learns."""

    def strategy(self, trials: Trials) -> BuildingStrategy:
        """See `Agent`."""
        return BuildingStrategy(trials, self)

    def construct(self, space: SearchSpace, source: RewardSource) -> Construction:
        """The problem in a space by the agent's rules. Raises UsageError if it cannot see or act there."""
        construction, shape = Construction(space, source, 1, self.shape.rules), self.shape
        found = (construction.inputs, construction.actions)
        if found != (shape.inputs, shape.actions):
            raise UsageError(
                f"the agent sees {shape.inputs} numbers and has {shape.actions} actions, "
                f"building in {space.name} means {found[0]} and {found[1]}"
            )
        return construction
