"""ReMAADE (Krishna et al. 2020): reinforcement learning with an autoregressive policy of masked attention."""

from archwalk.strategies.remaade.search import ReMAADE, make_policy, parameter_counts
from archwalk.strategies.remaade.settings import RemaadeSettings

__all__ = ["ReMAADE", "RemaadeSettings", "make_policy", "parameter_counts"]
