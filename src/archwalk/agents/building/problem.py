"""The construction problem as an agent of Gomez Robles and Vanschoren 2019 meets it: rules, what it sees, what it may
do.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archwalk.agents.building.names import ActionNames
from archwalk.agents.building.recall import Recollection
from archwalk.environments.builds import Builds, BuildStep
from archwalk.environments.construction import flatten_observations, observe_builds
from archwalk.environments.construction_settings import ConstructionSettings
from archwalk.environments.walks import Sampler
from archwalk.errors import UsageError
from archwalk.estimators.ledger import RewardSource
from archwalk.spaces.base import SearchSpace
from archwalk.spaces.nsc import NSC, Chain

_PARTS = ("builds", "names", "recollection")


@dataclass(frozen=True)
class BuildingRules:
    """Rules of episodes (`ConstructionSettings`; a limit of 0 is the environment's own), and of what is seen.

    With `history` the last action, the last reward and the step in the episode are shown, with `masks` actions that
    end an episode for nothing cannot be chosen, with `recall` it is shown what became of each action when it was taken
    here before in the trial (`Recollection`), and with `relative` the last reward is shown as a share of the highest of
    the trial so far: a hard data set then looks like an easy one.
    """

    action_limit: int = 0
    limit_terminates: bool = False
    sigma: float = 0.0
    history: bool = True
    masks: bool = False
    recall: bool = False
    relative: bool = False


class Construction:
    """B episodes of building on a benchmark. Raises UsageError for a space that has no layers to stack."""

    def __init__(self, space: SearchSpace, source: RewardSource, batch: int, rules: BuildingRules) -> None:
        if not isinstance(space, NSC | Chain):
            raise UsageError(
                f"the space {space.name} has no layers to stack; agents that build need chain, nsc or nsc-chain"
            )
        settings = ConstructionSettings(
            space.table,
            space.default_task,
            space.default_size,
            rules.action_limit or None,
            rules.limit_terminates,
            rules.sigma,
        )
        self.rules = rules
        self.builds = Builds(space, source, batch, settings)
        self.names = ActionNames(batch, space.table, self.actions)
        remembers = rules.recall or rules.relative
        self.recollection = Recollection(batch, self.actions, settings.longest) if remembers else None

    @property
    def actions(self) -> int:
        """A."""
        return len(self.builds.actions.names)

    @property
    def inputs(self) -> int:
        """X."""
        return int(self.look().shape[1])

    def look(self) -> NDArray[np.float32]:
        """What the agent sees, (B, X): see `flatten_observations`."""
        observations = observe_builds(self.builds, self.rules.history)
        if self.names.changed:
            shown_BDR = self.names.rename(self.builds.layers_BDR)
            observations["state"] = self.builds.space.encode(shown_BDR)
            if self.rules.history:
                observations["previous_action"] = self.names.columns(observations["previous_action"])
        if self.recollection and self.rules.relative and self.rules.history:
            observations["previous_reward"] = self.recollection.relative(observations["previous_reward"])
        seen_BX = flatten_observations(observations, self.builds.settings.limit)
        if not (self.recollection and self.rules.recall):
            return seen_BX
        return np.concatenate([seen_BX, self.recollection.facts(self.builds)], axis=1)

    def step(self, action_B: NDArray[np.int64]) -> BuildStep:
        """Act in all (see `Builds`); actions are called what the agent knows them by."""
        if self.recollection:
            self.recollection.choose(self.builds, action_B)
        step = self.builds.step(self.names.real(action_B))
        if self.recollection:
            self.recollection.add(step.reward_B, step.done_B)
        return step

    def reset(self) -> None:
        """Begin a trial in all."""
        self.builds.reset()
        if self.recollection:
            self.recollection.begin()

    def restart(self, rows_B: NDArray[np.bool_]) -> None:
        """Begin an episode of the same trial in the chosen ones."""
        self.builds.restart(rows_B)
        if self.recollection:
            self.recollection.restart(rows_B)

    def allowed(self) -> NDArray[np.bool_] | None:
        """Actions (B, A) that may be chosen, at least one each; None where all may be."""
        if not self.rules.masks:
            return None
        mask_BA = self.names.columns(self.builds.mask_BA())
        return mask_BA | ~mask_BA.any(axis=1, keepdims=True)

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return {name: part.state_dict() for name in _PARTS if (part := getattr(self, name))}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        for name, found in state.items():
            getattr(self, name).load_state_dict(found)


def refuse_starts(starts: Sampler | None) -> None:
    """Raise UsageError if somebody wants to say where training begins."""
    if starts is not None:
        raise UsageError("agents that build begin without a layer; they take no starts")
