"""One agent's training, from an architecture to its scores (P2 section 5.3, the first step)."""

import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from archwalk.estimators.policies.agent import Agent
from archwalk.estimators.policies.checkpoint import Checkpoint, Curves
from archwalk.estimators.policies.games.base import Game
from archwalk.estimators.policies.settings import PolicySettings
from archwalk.estimators.store.records import DONE, RETURN, Outcome
from archwalk.estimators.trainings.isolation import alone, versions_on
from archwalk.estimators.trainings.limits import is_out_of_memory
from archwalk.estimators.trainings.pool import Arrays
from archwalk.learning.ppo import DivergedError
from archwalk.spaces.base import Codes, SearchSpace

N = TypeVar("N", bound=nn.Module)

POINTS = 60
"""Of a learning curve, at least; fewer than twice as many."""


@dataclass(frozen=True)
class PolicyTraining:
    """Everything about a training but the architecture and its seed.

    The networks of the space are made by `space.build(code_L, channels=..., actions=...)`. A training that takes long
    is kept in the folder `keep_in`, where there is one: after a kill it goes on, and to the bit where the game has a
    state to save (see `Agent`).
    """

    space: SearchSpace
    game: Game
    settings: PolicySettings
    device: str
    keep_in: Path | None = None

    def build(self, code_L: Codes) -> nn.Module:
        """A fresh network for the game; convolutions are quicker with channels last."""
        network: nn.Module = self.space.build(  # type: ignore[call-arg] # what spaces of policy networks take
            code_L, channels=self.game.observation[0], actions=self.game.actions
        )
        return to_device(network, self.device)

    def run(self, code_L: Codes, arrays: Arrays, seed: int) -> Outcome:
        """Train the agent of code (L,): its `mean_return` and `max_return` in raw scores (`learning/episodes.py`).

        The same arguments give the same bits on one CPU. What fails is an outcome too, with its curves so far. The
        process is left as it was.
        """
        clock = time.process_time if self.device == "cpu" else time.perf_counter
        checkpoint = Checkpoint(self.keep_in, self._identity(code_L, seed), clock)
        curves: Curves = {name: [] for name in ("steps", "mean_return", "entropy", "learning_rate")}
        parameters, scores, status, reason = None, (0.0, 0.0), DONE, ""
        try:
            with alone(self.device, seed):
                network = self.build(code_L)
                parameters = sum(weight.numel() for weight in network.parameters())
                with closing(
                    Agent(self.game, network.parameters(), self.settings, seed, self.device)
                ) as agent:
                    status, reason = self._train(network, agent, curves, checkpoint)
                if status == DONE:
                    scores = agent.scores.mean_return, agent.scores.max_return
        except DivergedError as error:
            status, reason = "diverged", str(error)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            status, reason = "memory", "memory ran out while it was trained"
        checkpoint.forget()
        versions = versions_on(self.device)
        return Outcome(
            status, reason, *scores, parameters, checkpoint.seconds, curves, versions, metric=RETURN
        )

    def _identity(self, code_L: Codes, seed: int) -> dict[str, Any]:
        """All that a training depends on."""
        return {
            "networks": self.space.declaration.as_dict(),  # type: ignore[attr-defined] # as all that `build` so
            "architecture": self.space.describe(code_L),
            "game": self.game.fingerprint,
            "training": self.settings.as_dict(),
            "seed": seed,
            **versions_on(self.device),
        }

    def _train(
        self, network: nn.Module, agent: Agent, curves: Curves, checkpoint: Checkpoint
    ) -> tuple[str, str]:
        """Train to the end, appending to `curves`; returns status and reason."""
        limit, every = self.settings.seconds_limit, max(1, self.settings.updates // POINTS)
        checkpoint.restore(network, agent, curves)
        while not agent.done:
            checkpoint.keep(network, agent, curves)
            if limit is not None and checkpoint.seconds > limit:
                return "time", f"not done after {limit:g} seconds, at timestep {agent.actor.steps:,}"
            _, metrics = agent.advance(network)
            if agent.scores.episodes and (agent.ppo.done % every == 0 or agent.done):
                curves["steps"].append(agent.actor.steps)
                curves["mean_return"].append(agent.scores.mean_return)
                curves["entropy"].append(metrics["charts/entropy"])
                curves["learning_rate"].append(metrics["charts/learning_rate"])
        if not agent.scores.episodes:
            return "time", f"no episode was over after {agent.actor.steps:,} timesteps"
        return DONE, ""


def to_device(network: N, device: str) -> N:
    """A network where it is trained, with channels last."""
    moved: N = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload] # PyTorch knows it
    return moved
