"""Settings of the climbing agent."""

from dataclasses import dataclass

from archwalk.agents.accuracy_model import ModelSettings
from archwalk.strategies.checks import Count


@dataclass(frozen=True)
class ClimberSettings(ModelSettings):
    """Model-based search on any space: learn accuracies where walks lead that climb what was learned so far.

    In each round every member of the ensemble walks for itself (as in Thompson sampling), from `round` starts
    together; where the walks stop is evaluated. The network that is distilled in the end has two layers of
    `distil_width`.
    """

    distil_width: Count = 32
