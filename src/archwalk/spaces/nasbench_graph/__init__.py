"""NAS-Bench-Graph: graph neural networks of four operations, for node classification."""

from archwalk.spaces.nasbench_graph.canonical import OPERATIONS
from archwalk.spaces.nasbench_graph.settings import PUBLISHED, NetworkSettings
from archwalk.spaces.nasbench_graph.space import PROTEINS_OPERATIONS, NASBenchGraph

__all__ = ["OPERATIONS", "PROTEINS_OPERATIONS", "PUBLISHED", "NASBenchGraph", "NetworkSettings"]
