"""What a game is to the training of agents."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from gymnasium.vector import VectorEnv

from archwalk.spaces.task import ACTOR_CRITIC, Task

LOWEST = -1e6
"""Below all scores of a game of which nothing is known."""

Family = Literal["minatar", "atari", "images"]


@dataclass(frozen=True)
class Game:
    """A task for agents: observations are planes (C, H, W), actions are discrete.

    `make(n)` gives n games side by side as a `VectorEnv` that begins a finished one anew in the same step
    (`AutoresetMode.SAME_STEP`). Rewards are raw. Where episodes are cut for learning before a game is over (at the
    loss of a life), `info["game_over"]` (N,) says where scores end. It is pickled for the workers.
    """

    name: str
    """As in benchmarks, say `MinAtar-Breakout`."""
    family: Family
    observation: tuple[int, int, int]
    actions: int
    clip_rewards: bool
    """Whether agents learn from the signs of rewards, as the standard preprocessing of Atari has it."""
    fingerprint: str
    """Of all that decides on what is seen and paid."""
    lowest: float
    """What an agent scores whose training failed: no score is lower."""
    make: Callable[[int], VectorEnv[Any, Any, Any]]

    @property
    def task(self) -> Task:
        """That of an agent's network."""
        return Task(self.observation, self.actions, ACTOR_CRITIC)
