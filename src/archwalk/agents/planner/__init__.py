"""Model-based search: learn what architectures are worth, plan on the neighbour graph, distil the plan."""

from archwalk.agents.planner.settings import PlannerSettings
from archwalk.agents.planner.trainer import PlannerTrainer

PLANNER = (PlannerSettings, PlannerTrainer)
