from functools import partial

import pytest

from archwalk.spaces.base import SearchSpace
from archwalk.strategies.catalogue import STRATEGIES, StrategyFactory
from archwalk.strategies.local_search import LocalSearch, LocalSearchSettings
from archwalk.testing.strategies import ImproverConformance


@pytest.fixture(scope="module", params=["nasbench101", "nas-bench-graph"])
def space(request, space4, proteins) -> SearchSpace:
    return {"nasbench101": space4, "nas-bench-graph": proteins}[request.param]


class TestRandomSearch(ImproverConformance):
    @pytest.fixture
    @classmethod
    def factory(cls) -> StrategyFactory:
        return STRATEGIES.load("random-search")


class TestRandomWalk(ImproverConformance):
    @pytest.fixture
    @classmethod
    def factory(cls) -> StrategyFactory:
        return STRATEGIES.load("random-walk")


class TestLocalSearch(ImproverConformance):
    @pytest.fixture
    @classmethod
    def factory(cls) -> StrategyFactory:
        return STRATEGIES.load("local-search")


class TestLocalSearchOfFewNeighbours(ImproverConformance):
    @pytest.fixture
    @classmethod
    def factory(cls) -> StrategyFactory:
        return partial(LocalSearch, settings=LocalSearchSettings(5))
