import pytest

from archwalk.spaces.base import SearchSpace
from archwalk.spaces.nsc import NSC, Chain, CodeTable, NetworkSettings
from archwalk.testing.spaces import EnumerableSpaceConformance, SpaceConformance

SMALL = NetworkSettings(image_shape=(3, 32, 32), dense=16)


class TestMultiBranch(SpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return NSC(10, network=SMALL)


class TestLongChain(SpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return NSC(10, "chain", network=SMALL)


class TestOtherLayers(SpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        kernels = (("max-pooling", (2,)), ("convolution", (1, 7)))
        return NSC(table=CodeTable(5, "multi-branch", kernels, ("concatenation",)), network=SMALL)


class TestChain(EnumerableSpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return Chain(network=SMALL)
