import pytest

from archwalk.spaces.base import SearchSpace
from archwalk.spaces.nasbench101.space import NASBench101
from archwalk.spaces.nasbench_graph import PROTEINS_OPERATIONS, NASBenchGraph
from archwalk.testing.spaces import EnumerableSpaceConformance


class TestNASBench101(EnumerableSpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return NASBench101(max_vertices=5)


class TestNASBenchGraph(EnumerableSpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return NASBenchGraph()


class TestNASBenchGraphProteins(EnumerableSpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return NASBenchGraph(PROTEINS_OPERATIONS)
