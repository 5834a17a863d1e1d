"""One agent's training, from an architecture to its scores (Mazyavkina et al. 2020, section 5.3, the first step)."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from archwalk.estimators.policies.agent import Agent
from archwalk.estimators.policies.checkpoint import Checkpoint, Curves
from archwalk.estimators.policies.games.base import Game
from archwalk.estimators.policies.settings import PolicySettings
from archwalk.estimators.store.records import RETURN, Outcome
from archwalk.estimators.trainings.attempts import TrainingFailedError, attempt, check_time, clock_on, placed
from archwalk.estimators.trainings.isolation import versions_on
from archwalk.estimators.trainings.pool import Arrays
from archwalk.learning.ppo import DivergedError
from archwalk.spaces.base import Codes, SearchSpace
from archwalk.spaces.networks import build_network, network_settings

POINTS = 60
"""Of a learning curve, at least; fewer than twice as many."""


@dataclass(frozen=True)
class PolicyTraining:
    """Everything about a training but the architecture and its seed.

    A training that takes long is kept in the folder `keep_in`, where there is one: after a kill it goes on, and to the
    bit where the game has a state to save (see `Agent`).
    """

    space: SearchSpace
    game: Game
    settings: PolicySettings
    device: str
    keep_in: Path | None = None
    size: Any = None

    def build(self, code_L: Codes) -> nn.Module:
        """A fresh network for the game."""
        return placed(build_network(self.space, code_L, self.game.task, self.size), self.device)

    def run(self, code_L: Codes, arrays: Arrays, seed: int) -> Outcome:
        """Train the agent of code (L,): its `mean_return` and `max_return` in raw scores (`learning/episodes.py`).

        The same arguments give the same bits on one CPU. What fails is an outcome too, with its curves so far. The
        process is left as it was.
        """
        checkpoint = Checkpoint(self.keep_in, self._identity(code_L, seed), clock_on(self.device))
        curves: Curves = {name: [] for name in ("steps", "mean_return", "entropy", "learning_rate")}
        parameters: int | None = None
        scores = 0.0, 0.0

        def work() -> None:
            nonlocal parameters, scores
            network = self.build(code_L)
            parameters = sum(weight.numel() for weight in network.parameters())
            with closing(Agent(self.game, network.parameters(), self.settings, seed, self.device)) as agent:
                self._train(network, agent, curves, checkpoint)
            scores = agent.scores.mean_return, agent.scores.max_return

        status, reason = attempt(work, self.device, seed)
        checkpoint.forget()
        versions = versions_on(self.device)
        return Outcome(
            status, reason, *scores, parameters, checkpoint.seconds, curves, versions, metric=RETURN
        )

    def _identity(self, code_L: Codes, seed: int) -> dict[str, Any]:
        """All that a training depends on."""
        return {
            **network_settings(self.space, self.size),
            "architecture": self.space.describe(code_L),
            "game": self.game.fingerprint,
            "training": self.settings.as_dict(),
            "seed": seed,
            **versions_on(self.device),
        }

    def _train(self, network: nn.Module, agent: Agent, curves: Curves, checkpoint: Checkpoint) -> None:
        """Train to the end, appending to `curves`. Raises TrainingFailedError."""
        every = max(1, self.settings.updates // POINTS)
        checkpoint.restore(network, agent, curves)
        while not agent.done:
            checkpoint.keep(network, agent, curves)
            where = f"at timestep {agent.actor.steps:,}"
            check_time(checkpoint.seconds, self.settings.seconds_limit, where)
            try:
                _, metrics = agent.advance(network)
            except DivergedError as error:
                raise TrainingFailedError("diverged", str(error)) from error
            if agent.scores.episodes and (agent.ppo.done % every == 0 or agent.done):
                curves["steps"].append(agent.actor.steps)
                curves["mean_return"].append(agent.scores.mean_return)
                curves["entropy"].append(metrics["charts/entropy"])
                curves["learning_rate"].append(metrics["charts/learning_rate"])
        if not agent.scores.episodes:
            raise TrainingFailedError("time", f"no episode was over after {agent.actor.steps:,} timesteps")
