"""Agents by name: what must be trained before it searches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archwalk.registry import Registry

if TYPE_CHECKING:
    from archwalk.agents.trainable import TrainerFactory

TRAINERS: Registry[tuple[type[Any], TrainerFactory]] = Registry(
    "strategy to train",
    "archwalk.trainers",
    {
        "apex": "archwalk.agents.apex:APEX",
        "construction-dqn": "archwalk.agents.construction_dqn:CONSTRUCTION_DQN",
        "dqn": "archwalk.agents.dqn:DQN",
        "meta-rl": "archwalk.agents.meta_rl:META_RL",
        "planner": "archwalk.agents.planner:PLANNER",
        "climber": "archwalk.agents.climber:CLIMBER",
    },
)
"""Agents that must be trained first, as (settings, trainer); `archwalk train` makes a run folder, which then
names the agent."""
