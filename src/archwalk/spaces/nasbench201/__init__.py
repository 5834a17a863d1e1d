"""NAS-Bench-201: cells of four nodes with one of five operations on each of their six edges."""

from archwalk.spaces.nasbench201.cell import EDGES, OPERATIONS
from archwalk.spaces.nasbench201.space import NASBench201

__all__ = ["EDGES", "OPERATIONS", "NASBench201"]
