"""Agents by name: how each is trained, and what training gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archwalk.registry import Registry

if TYPE_CHECKING:
    from archwalk.agents.base import Agent
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
        "preference-planner": "archwalk.agents.preference_planner:PREFERENCE_PLANNER",
        "climber": "archwalk.agents.climber:CLIMBER",
        "transfer": "archwalk.agents.transfer:TRANSFER",
    },
)
"""Agents that must be trained first, as (settings, trainer); `archwalk train` makes a run folder, which then
names the agent."""

AGENTS: Registry[type[Agent]] = Registry(
    "agent",
    "archwalk.agents",
    {
        "apex": "archwalk.agents.apex.agent:ApexAgent",
        "construction-dqn": "archwalk.agents.construction_dqn.agent:ConstructionDQNAgent",
        "dqn": "archwalk.agents.dqn.agent:DQNAgent",
        "meta-rl": "archwalk.agents.meta_rl.agent:MetaRLAgent",
        "planner": "archwalk.agents.planner.agent:PlannerAgent",
        "preference-planner": "archwalk.agents.preference_planner.agent:PreferencePlannerAgent",
        "climber": "archwalk.agents.climber.agent:ClimberAgent",
        "transfer": "archwalk.agents.transfer.agent:TransferAgent",
    },
)
"""The classes of trained agents by their `name`: what is saved under it is loaded by it."""
