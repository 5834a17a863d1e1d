"""The contract of strategies on strings of decisions, on every kind of space."""

from dataclasses import replace
from functools import partial

import pytest

from archwalk.spaces.base import SearchSpace, remake
from archwalk.spaces.darts.space import DARTS
from archwalk.spaces.nasbench201.space import NASBench201
from archwalk.strategies.base import Trials
from archwalk.strategies.bohb import BOHB, BOHBSettings
from archwalk.strategies.catalogue import StrategyFactory
from archwalk.strategies.local_search_white import LocalSearchWhite, LocalSearchWhiteSettings
from archwalk.strategies.regularized_evolution import RegularizedEvolution, RegularizedEvolutionSettings
from archwalk.strategies.tpe import TPE, TPESettings
from archwalk.testing.strategies import StrategyConformance


@pytest.fixture(scope="module", params=["nasbench101", "nasbench201", "nas-bench-graph", "darts"])
def space(request, space4, proteins) -> SearchSpace:
    if request.param == "nasbench201":
        return remake(NASBench201)
    return {"nasbench101": space4, "nas-bench-graph": proteins, "darts": DARTS()}[request.param]


class TestRegularizedEvolution(StrategyConformance):
    rounds = 15

    @pytest.fixture
    @classmethod
    def factory(cls) -> StrategyFactory:
        return partial(RegularizedEvolution, settings=RegularizedEvolutionSettings(population=6, sample=3))


class TestLocalSearchWhite(StrategyConformance):
    rounds = 15

    @pytest.fixture(params=[True, False])
    @classmethod
    def factory(cls, request) -> StrategyFactory:
        settings = LocalSearchWhiteSettings(starts=2, first_improvement=request.param)
        return partial(LocalSearchWhite, settings=settings)


class TestBOHB(StrategyConformance):
    """With one number of epochs, and with three (that nothing tells the rewards of does not matter here)."""

    rounds = 15

    @pytest.fixture(params=[(1,), (4, 12, 36)])
    @classmethod
    def factory(cls, request) -> StrategyFactory:
        def make(trials: Trials) -> BOHB:
            return BOHB(replace(trials, fidelities=request.param), BOHBSettings(samples=8))

        return make


class TestTPE(StrategyConformance):
    rounds = 6

    @pytest.fixture
    @classmethod
    def space(cls, space4) -> SearchSpace:
        return space4

    @pytest.fixture
    @classmethod
    def factory(cls) -> StrategyFactory:
        return partial(TPE, settings=TPESettings(startup=4, candidates=4))


class TestTPEOfAllDecisionsTogether(StrategyConformance):
    rounds = 6

    @pytest.fixture
    @classmethod
    def space(cls) -> SearchSpace:
        return remake(NASBench201)

    @pytest.fixture
    @classmethod
    def factory(cls) -> StrategyFactory:
        return partial(TPE, settings=TPESettings(startup=4, candidates=4, multivariate=True))
