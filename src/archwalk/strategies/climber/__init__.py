"""Model-based search where a space is too large to plan on: learn what architectures are worth, climb it."""

from archwalk.strategies.climber.settings import ClimberSettings
from archwalk.strategies.climber.trainer import ClimberTrainer

CLIMBER = (ClimberSettings, ClimberTrainer)
