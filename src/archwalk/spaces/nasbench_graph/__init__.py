"""NAS-Bench-Graph: graph neural networks of four operations, for node classification."""

from archwalk.spaces.nasbench_graph.canonical import OPERATIONS
from archwalk.spaces.nasbench_graph.size import PUBLISHED, NASBenchGraphSize
from archwalk.spaces.nasbench_graph.space import PROTEINS_OPERATIONS, NASBenchGraph

__all__ = ["OPERATIONS", "PROTEINS_OPERATIONS", "PUBLISHED", "NASBenchGraph", "NASBenchGraphSize"]
