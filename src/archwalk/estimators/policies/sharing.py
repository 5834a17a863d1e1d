"""Agents that share the weights of a supernet while they are trained in turns (Mazyavkina et al. 2020, sections 4.1
to 4.3).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from archwalk.errors import ArchwalkError, UsageError
from archwalk.estimators.base import Floats
from archwalk.estimators.policies.agent import Agent, seed_for
from archwalk.estimators.policies.games.base import Game
from archwalk.estimators.policies.settings import PolicySettings
from archwalk.estimators.policies.supernet import Supernet
from archwalk.estimators.trainings.attempts import placed
from archwalk.estimators.trainings.isolation import alone, repeatable, versions_on
from archwalk.learning.ppo import DivergedError
from archwalk.learning.rollouts import first_scores
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.networks import check_task
from archwalk.spaces.policy_cnn.declaration import ChoiceBlockSpace

_JUDGE = 3
"""What a seed is for, beside what `agent.py` names."""


class PolicySupernet:
    """One supernet on one game. Satisfies `SharedWeights`; the same seed gives the same bits on one CPU.

    So it does where its state was restored, if the game has one to save; games of Atari and Gymnasium begin anew then,
    and the turns after it are others (see `Agent`).
    """

    def __init__(
        self,
        space: SearchSpace,
        game: Game,
        settings: PolicySettings,
        seed: int,
        device: str = "cpu",
    ) -> None:
        if not isinstance(space, ChoiceBlockSpace):
            raise UsageError(
                f"a supernet is made of choice blocks, which the space {space.name} does not have"
            )
        check_task(space, game.task)
        self.space, self.game, self.settings, self.device, self.seed = space, game, settings, device, seed
        with alone(device, seed):
            made = Supernet(space.declaration, game.task)
        self.supernet: Supernet = placed(made, device)
        self.agent = Agent(game, self.supernet.parameters(), settings, seed, device)
        self.judged = 0

    @property
    def identity(self) -> dict[str, Any]:
        """See `SharedWeights`."""
        return {
            "networks": self.space.declaration.as_dict(),
            "game": self.game.fingerprint,
            "training": self.settings.as_dict(),
            "seed": self.seed,
            **versions_on(self.device),
        }

    @property
    def total(self) -> int:
        """Turns that there are: updates of PPO."""
        return self.agent.ppo.updates

    @property
    def done(self) -> int:
        """Turns that were taken."""
        return self.agent.ppo.done

    @property
    def steps(self) -> int:
        """Timesteps played, those of `scores` too."""
        return self.agent.actor.steps + self.judged

    def learn(self, code_L: Codes) -> float:
        """One architecture plays a rollout and is improved; returns the raw reward that an environment gave it.

        Mazyavkina et al. 2020 calls it the reward of the child. Its code sums clipped rewards over interleaved
        environments; an episode's score would often not be known yet. Raises ArchwalkError where a loss is not a
        number.
        """
        try:
            with repeatable(self.device):
                rollout, _ = self.agent.advance(self.supernet.path(self.space.options(code_L)))
        except DivergedError as error:
            raise ArchwalkError(
                f"the supernet on {self.game.name} diverged at timestep {self.agent.actor.steps:,}: {error}"
            ) from error
        return float(rollout.reward_SN.sum(axis=0).mean())

    def scores(self, codes_BL: Codes, episodes: int, limit: int) -> Floats:
        """Mean raw scores (B,) with the weights as they are: each plays the same `episodes`, of at most `limit` steps.

        What is not over by then counts as it stands.
        """
        env = self.game.make(episodes)
        found = []
        for code_L in codes_BL:
            path, seed = self.supernet.path(self.space.options(code_L)), seed_for(self.seed, _JUDGE)
            with repeatable(self.device):
                score_N, steps = first_scores(env, path, seed, limit, self.device)
            self.judged += steps
            found.append(score_N.mean())
        env.close()
        return np.array(found)

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next turn depends on, copied."""
        weights = {name: weight.clone() for name, weight in self.supernet.state_dict().items()}
        return {"supernet": weights, "agent": self.agent.state_dict(), "judged": self.judged}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.supernet.load_state_dict(state["supernet"])
        self.agent.load_state_dict(state["agent"])
        self.judged = int(state["judged"])
