"""Model-based search where a space is too large to plan on: learn what architectures are worth, climb it."""

from archwalk.agents.climber.settings import ClimberSettings
from archwalk.agents.climber.trainer import ClimberTrainer

CLIMBER = (ClimberSettings, ClimberTrainer)
