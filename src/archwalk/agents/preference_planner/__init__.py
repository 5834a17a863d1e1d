"""The planning agent for several goals: its reward takes a preference as input, and one training serves any."""

from archwalk.agents.preference_planner.settings import PreferencePlannerSettings
from archwalk.agents.preference_planner.trainer import PreferencePlannerTrainer

PREFERENCE_PLANNER = (PreferencePlannerSettings, PreferencePlannerTrainer)
