"""SPOS on agents: a supernet trained on uniform paths, then a search with its weights (Mazyavkina et al. 2020,
section 4.3).
"""

from archwalk.strategies.spos.search import SPOS
from archwalk.strategies.spos.settings import SPOSSettings

__all__ = ["SPOS", "SPOSSettings"]
