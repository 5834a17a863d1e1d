"""Training further: an agent begins with what another has learned on another task of its space (Cassimon et al.
2024b).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from archwalk.agents.base import Agent, NetworkAgent
from archwalk.errors import UsageError

if TYPE_CHECKING:  # who only looks whether an agent can be trained further needs no torch
    from torch import nn


@runtime_checkable
class FurtherTrainer(Protocol):
    """A trainer that can begin with the weights of a trained agent; all else is as in any training."""

    def begin_from(self, agent: Agent) -> None:
        """Take the weights over, before `run`. Raises UsageError where they are those of another network."""


def take_over(network: nn.Module, own: NetworkAgent[Any, Any], agent: Agent) -> None:
    """Give a network, which is that of `own` as trained so far, the weights of an agent.

    Raises UsageError where the agent is of another kind, or its network of another shape.
    """
    if not isinstance(agent, type(own)):
        raise UsageError(
            f"{own.name} goes on from what {own.name} has learned, not from an agent of {agent.name}"
        )
    theirs, ours = asdict(agent.shape), asdict(own.shape)
    differing = [f"{name} {theirs[name]}, not {ours[name]}" for name in ours if theirs[name] != ours[name]]
    if differing:
        raise UsageError(
            f"the agent's network is another one: {'; '.join(differing)}; train with the settings that it was "
            "trained with"
        )
    network.load_state_dict(agent.network.state_dict())
