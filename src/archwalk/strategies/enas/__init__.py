"""ENAS on agents: a controller that learns which children of a supernet earn most (Mazyavkina et al. 2020, section
4.2).
"""

from archwalk.strategies.enas.search import ENAS
from archwalk.strategies.enas.settings import ENASSettings

__all__ = ["ENAS", "ENASSettings"]
