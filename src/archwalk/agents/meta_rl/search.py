"""The same agent without any training before: it learns to build on the benchmark that it searches."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from archwalk.agents.building.agent import BuildingSearcher, BuildingSettings, KnownRewards
from archwalk.agents.building.policies import RecurrentPolicy
from archwalk.agents.building.problem import Construction
from archwalk.agents.meta_rl.agent import MetaRLAgent
from archwalk.agents.meta_rl.settings import RecurrentSettings
from archwalk.environments.builds import BuildStep
from archwalk.learning.a2c import A2C, Memory, Step, to_segment
from archwalk.strategies.base import Trials
from archwalk.strategies.per_trial import PerTrial


@dataclass(frozen=True)
class MetaA2CSettings(RecurrentSettings):
    """Gomez Robles and Vanschoren's, but for masks: with few queries none is to be lost on what ends an episode for
    nothing (ours).
    """

    masks: bool = True


class LearningSearcher(BuildingSearcher):
    """Builds by the policy and learns from every `n_step` steps (Gomez Robles and Vanschoren 2019, section 4.2.5).

    A network that comes up again in the trial is known, so it is no query (ours): training it again would tell
    nothing.
    """

    remembers = True

    def __init__(self, trial: Trials, settings: MetaA2CSettings) -> None:
        shape = settings.shape(Construction(trial.space, KnownRewards(), 1, settings.rules))
        network = MetaRLAgent.fresh(trial.space, shape, int(trial.rng.integers(2**63))).network
        super().__init__(trial, BuildingSettings(RecurrentPolicy(network), settings.rules))
        self.n_step = settings.n_step
        self.learner = A2C(network, settings.learning)
        self.steps: list[Step] = []
        self.steps_memory = self.memory
        self.decided: Step = {}

    def _decide(self) -> int:
        self.decided = {"inputs_SBX": self.construction.look(), "drawn_SB": np.array([not self.first])}
        mask_BA = self.construction.allowed()
        if mask_BA is not None:
            self.decided["mask_SBA"] = mask_BA
        action = super()._decide()
        self.decided["action_SB"] = np.array([action])
        return action

    def _finish(self, step: BuildStep) -> None:
        cut_value_B = self._value() if step.truncated_B.any() else np.zeros(1)
        self.steps.append(
            self.decided
            | {
                "reward_SB": step.reward_B,
                "terminated_SB": step.terminated_B,
                "truncated_SB": step.truncated_B,
                "cut_value_SB": cut_value_B,
            }
        )
        super()._finish(step)
        if len(self.steps) == self.n_step:
            self.learner.learn(to_segment(_pair(self.steps_memory), self.steps, self._value()))
            self.steps, self.steps_memory = [], self.memory

    def _value(self) -> Any:
        return self.learner.value(self.construction.look(), _pair(self.memory))

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next proposal depends on."""
        return super().state_dict() | {
            "learner": self.learner.state_dict(),
            "steps": [dict(step) for step in self.steps],
            "steps_memory": [part.clone() for part in self.steps_memory],
            "decided": dict(self.decided),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        super().load_state_dict(state)
        self.learner.load_state_dict(state["learner"])
        self.steps = [dict(step) for step in state["steps"]]
        self.steps_memory, self.decided = list(state["steps_memory"]), dict(state["decided"])


class MetaA2C(PerTrial):
    """Gomez Robles and Vanschoren's actor-critic from scratch: it learns to build on the benchmark that it searches."""

    searcher_class = LearningSearcher
    settings_class: ClassVar[type[Any]] = MetaA2CSettings
    query = "a network on the way that the trial has not evaluated yet"


def _pair(memory: list[Any]) -> Memory:
    output, cell = memory
    return output, cell
