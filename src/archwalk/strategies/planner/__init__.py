"""Model-based search: learn what architectures are worth, plan on the neighbour graph, distil the plan."""

from archwalk.strategies.planner.settings import PlannerSettings
from archwalk.strategies.planner.trainer import PlannerTrainer

PLANNER = (PlannerSettings, PlannerTrainer)
