"""DARTS: a normal and a reduction cell of four nodes, each the sum of two operations."""

from archwalk.spaces.darts.code import OPERATIONS
from archwalk.spaces.darts.space import DARTS

__all__ = ["DARTS", "OPERATIONS"]
