from functools import partial

import pytest

from archwalk.agents.trainable import NetworkSettings, make_network
from archwalk.agents.walking import TrainedAgent
from archwalk.spaces.base import SearchSpace
from archwalk.strategies.catalogue import STRATEGIES, StrategyFactory
from archwalk.strategies.local_search import LocalSearch, LocalSearchSettings
from archwalk.testing.strategies import ImproverConformance


@pytest.fixture(scope="module", params=["nasbench101", "nasbench_graph"])
def space(request, space4, proteins) -> SearchSpace:
    return {"nasbench101": space4, "nasbench_graph": proteins}[request.param]


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


class TestTrainedAgent(ImproverConformance):
    rounds = 4

    @pytest.fixture
    @classmethod
    def factory(cls, space: SearchSpace, trained_network) -> StrategyFactory:
        return partial(
            TrainedAgent,
            network=trained_network(space),
            neighbours=6,
            training_queries=40,
            training_unique=30,
            training_seconds=1.0,
        )


class TestAgentOfOtherNetworks(ImproverConformance):
    """The same agent, walking by an after-state network (the planner's) and by P1's."""

    rounds = 4

    @pytest.fixture(params=["after-state", "first-token"])
    @classmethod
    def factory(cls, request, space: SearchSpace) -> StrategyFactory:
        settings = NetworkSettings(neighbours=6, width=8, layers=2, heads=2, members=2, kind=request.param)
        return partial(
            TrainedAgent,
            network=make_network(settings, space.feature_count, seed=0),
            neighbours=6,
            training_queries=40,
            training_unique=40,
            training_seconds=1.0,
        )
