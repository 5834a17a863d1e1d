"""One agent's training, from an architecture to its scores (P2 section 5.3, the first step)."""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import nn

from archwalk.estimators.policies.agent import Agent
from archwalk.estimators.policies.games.base import Game
from archwalk.estimators.policies.settings import PolicySettings
from archwalk.estimators.store.records import DONE, RETURN, Outcome
from archwalk.estimators.training.isolation import alone, versions_on
from archwalk.estimators.training.limits import is_out_of_memory
from archwalk.estimators.training.pool import Arrays
from archwalk.learning.ppo import DivergedError
from archwalk.spaces.base import Codes, SearchSpace

N = TypeVar("N", bound=nn.Module)

POINTS = 60
"""Of a learning curve, at least; fewer than twice as many."""


@dataclass(frozen=True)
class PolicyTraining:
    """Everything about a training but the architecture and its seed.

    The networks of the space are made by `space.build(code_L, channels=..., actions=...)`.
    """

    space: SearchSpace
    game: Game
    settings: PolicySettings
    device: str

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
        started = clock()
        curves: dict[str, list[float]] = {
            name: [] for name in ("steps", "mean_return", "entropy", "learning_rate")
        }
        parameters, scores, status, reason = None, (0.0, 0.0), DONE, ""
        try:
            with alone(self.device, seed):
                network = self.build(code_L)
                parameters = sum(weight.numel() for weight in network.parameters())
                with closing(
                    Agent(self.game, network.parameters(), self.settings, seed, self.device)
                ) as agent:
                    status, reason = self._train(network, agent, curves, lambda: clock() - started)
                if status == DONE:
                    scores = agent.scores.mean_return, agent.scores.max_return
        except DivergedError as error:
            status, reason = "diverged", str(error)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            status, reason = "memory", "memory ran out while it was trained"
        seconds = clock() - started
        return Outcome(
            status, reason, *scores, parameters, seconds, curves, versions_on(self.device), metric=RETURN
        )

    def _train(
        self, network: nn.Module, agent: Agent, curves: dict[str, list[float]], spent: Callable[[], float]
    ) -> tuple[str, str]:
        """Train to the end, appending to `curves`; returns status and reason."""
        limit, every = self.settings.seconds_limit, max(1, self.settings.updates // POINTS)
        while not agent.done:
            if limit is not None and spent() > limit:
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
