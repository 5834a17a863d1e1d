"""An agent in training: it plays, and PPO improves whatever network it played by."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from torch import nn

from archwalk.estimators.policies.games.base import Game
from archwalk.estimators.policies.settings import PolicySettings
from archwalk.learning.episodes import EpisodeScores
from archwalk.learning.ppo import PPO
from archwalk.learning.rollouts import Actor, Rollout

_PLAY, _LEARN = 1, 2
"""What a seed is for beside first weights (`isolation.py`): each draws from a stream of its own."""


class Agent:
    """Plays a game by networks whose weights are among `parameters`, and learns, for `settings.steps` timesteps.

    The same seed gives the same bits on one CPU, across `state_dict` too where the game has a state to save (MinAtar's
    have; Atari's begin anew, see `Actor`). The networks' weights are not part of the state.
    """

    def __init__(
        self, game: Game, parameters: Iterable[nn.Parameter], settings: PolicySettings, seed: int, device: str
    ) -> None:
        self.settings = settings
        ppo = replace(settings.ppo, clip_rewards=game.clip_rewards)
        self.actor = Actor(game.make(ppo.environments), seed_for(seed, _PLAY), device)
        self.ppo = PPO(parameters, ppo, settings.updates, seed_for(seed, _LEARN))

    @property
    def scores(self) -> EpisodeScores:
        """Of the episodes so far."""
        return self.actor.scores

    @property
    def done(self) -> bool:
        """Whether all updates were made."""
        return self.ppo.done >= self.ppo.updates

    def advance(self, network: nn.Module) -> tuple[Rollout, dict[str, float]]:
        """Play by a network and improve it, once. Raises DivergedError, as `PPO.update` does."""
        rate = self.ppo.learning_rate
        rollout = self.actor.play(network, self.settings.ppo.rollout)
        metrics = self.ppo.update(network, rollout, self.actor.scale)
        return rollout, {"charts/learning_rate": rate, **metrics}

    def close(self) -> None:
        """End the games."""
        self.actor.env.close()

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on, beside the weights."""
        return {"actor": self.actor.state_dict(), "ppo": self.ppo.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.actor.load_state_dict(state["actor"])
        self.ppo.load_state_dict(state["ppo"])


def seed_for(seed: int, *purpose: int) -> int:
    """A seed of its own for a purpose."""
    return int(np.random.SeedSequence([seed, *purpose]).generate_state(1, np.uint64)[0])
