import pytest

from archwalk.spaces.base import SearchSpace
from archwalk.spaces.nsc import NSC, Chain, CodeTable, NSCSize
from archwalk.spaces.task import Task
from archwalk.testing.spaces import EnumerableSpaceConformance, SpaceConformance

SMALL = {"task": Task((3, 32, 32), 10), "size": NSCSize(dense=16)}


class TestMultiBranch(SpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return NSC(10, **SMALL)


class TestLongChain(SpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return NSC(10, "chain", **SMALL)


class TestOtherLayers(SpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        kernels = (("max-pooling", (2,)), ("convolution", (1, 7)))
        return NSC(table=CodeTable(5, "multi-branch", kernels, ("concatenation",)), **SMALL)


class TestChain(EnumerableSpaceConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> SearchSpace:
        return Chain(**SMALL)
