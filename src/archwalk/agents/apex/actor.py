"""An actor: walks by the weights that it is given, and hands over blocks of transitions with their priorities."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from archwalk.agents.apex.agent import ApexAgent
from archwalk.agents.apex.settings import ApexSettings
from archwalk.agents.experience import ended_accuracies, take_step
from archwalk.agents.policy import see
from archwalk.environments.walks import Bools, Sampler, Walks
from archwalk.estimators.base import Estimator, Floats
from archwalk.estimators.ledger import ActorLedger
from archwalk.learning.exploration import explore
from archwalk.learning.prioritised import priorities
from archwalk.learning.replay import Batch
from archwalk.learning.returns import NStepReturns
from archwalk.spaces.base import Codes, SearchSpace


@dataclass(frozen=True)
class Block:
    """What an actor hands over: transitions of codes, what they and the walk that gave them say.

    `transitions` have the fields of `NStepReturns` with codes and counts as observations. `evaluated_EL` is what
    was paid for. Of each episode that ended, `return_E` is the sum of its rewards, `end_reward_E` the reward
    of its last architecture.
    """

    transitions: Batch
    priorities_B: Floats
    steps: int
    evaluated_EL: Codes
    return_E: Floats
    end_reward_E: Floats


class Actor:
    """One actor of Ape-X, with its own environments and its own epsilon.

    The priority of a transition is its absolute temporal-difference error by the values that the actor walked by:
    the return and the largest value of where it leads, less the value of the action taken (Horgan et al., 2018,
    algorithm 1). Choice and value are of one network, as in RLlib, where an actor's target network is set to its
    online network whenever it gets weights. So hardly more is computed than walking needs. An action that was taken
    before the actor got its present weights keeps the value that it had then.
    """

    def __init__(
        self,
        space: SearchSpace,
        estimator: Estimator,
        settings: ApexSettings,
        index: int,
        seed: np.random.SeedSequence,
        starts: Sampler | None = None,
    ) -> None:
        walk_seed, act_seed, draw_seed = seed.spawn(3)
        self.space = space
        self.settings = settings
        self.epsilon = settings.epsilon(index)
        self.act_rng = np.random.default_rng(act_seed)
        self.ledger = ActorLedger(estimator, np.random.default_rng(draw_seed))
        rng = np.random.default_rng(walk_seed)
        self.walks = Walks(space, self.ledger, settings.environments, settings.walk(), rng, starts)
        self.returns = NStepReturns(settings.n_step, settings.gamma)
        self.network = ApexAgent.fresh(space, settings.shape(), seed=0).network
        self.paid_B = np.zeros(settings.environments)
        self.q_BK = np.zeros(self.walks.codes_BKL.shape[:2], np.float32)
        self.walks.reset()

    def collect(self, weights: Mapping[str, NDArray[Any]]) -> Block:
        """Walk by these weights for a block."""
        self.network.load_state_dict({name: torch.tensor(array) for name, array in weights.items()})
        self._value(np.ones(self.walks.batch, np.bool_))
        parts: list[Batch] = []
        returns, accuracies = [], []
        for _ in range(self.settings.block_steps):
            transitions, return_E, end_reward_E = self._step()
            returns.append(return_E)
            accuracies.append(end_reward_E)
            if transitions:
                parts.append(transitions)
        batch = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else {}
        return Block(
            batch,
            self._priorities(batch),
            self.settings.block_steps * self.walks.batch,
            self.ledger.take(),
            np.concatenate(returns),
            np.concatenate(accuracies),
        )

    def _step(self) -> tuple[Batch | None, Floats, Floats]:
        """One step of all walks: the transitions that it completes, returns and accuracies of what it ends."""
        walks = self.walks
        action_B = explore(self.q_BK.argmax(1), walks.count_B, self.epsilon, self.act_rng)
        taken_B = self.q_BK[np.arange(walks.batch), np.minimum(action_B, walks.count_B)]
        before, step, after = take_step(walks, action_B)
        self._value(~step.terminated_B)
        best_B = np.where(step.terminated_B, 0, self.q_BK.max(1))
        transitions = self.returns.push(
            before | {"value": taken_B}, action_B, step.reward_B, after | {"value": best_B},
            step.terminated_B, step.truncated_B,
        )  # fmt: skip
        end_reward_E = ended_accuracies(walks, step)
        walks.restart(step.done_B)
        self._value(step.done_B)
        self.paid_B += step.reward_B
        return_E = self.paid_B[step.done_B]
        self.paid_B[step.done_B] = 0
        return transitions, return_E, end_reward_E

    @torch.no_grad()
    def _value(self, rows_B: Bools) -> None:
        """Value the actions that the chosen walks present."""
        if rows_B.any():
            batch = see(self.space, self.walks.codes_BKL[rows_B], self.walks.count_B[rows_B])
            q_T = self.network(batch.features_TF, batch.rows)
            self.q_BK[rows_B] = batch.rows.pad(q_T, self.q_BK.shape[1], -torch.inf).numpy()

    def _priorities(self, batch: Batch) -> Floats:
        """Take the values out of the transitions; what they say of each one's error is its priority."""
        if not batch:
            return np.empty(0)
        value_B, next_B = batch.pop("observation.value"), batch.pop("next.value")
        return priorities(batch["return"] + batch["discount"] * next_B - value_B, self.settings.per_eps)

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next block depends on, but for the weights that come with the call."""
        return {
            "act_rng": self.act_rng.bit_generator.state,
            "walks": self.walks.state_dict(),
            "returns": self.returns.state_dict(),
            "ledger": self.ledger.state_dict(),
            "paid": self.paid_B,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.act_rng.bit_generator.state = state["act_rng"]
        for part in ("walks", "returns", "ledger"):
            getattr(self, part).load_state_dict(state[part])
        self.paid_B = np.array(state["paid"])
