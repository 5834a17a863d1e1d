"""The known architectures of a space as a space of their own."""

import numpy as np
import pytest

from archwalk.errors import InvalidArchitectureError
from archwalk.spaces.base import EnumerableSpace
from archwalk.spaces.catalogue import SpaceReference
from archwalk.spaces.known import NEAREST, KnownSpace
from archwalk.spaces.nasbench101.space import NASBench101
from archwalk.spaces.nasbench201.space import NASBench201
from archwalk.testing.spaces import EnumerableSpaceConformance
from declared_cases import large, small_file


def some_known(whole, n, linked=False):
    rng = np.random.default_rng(3)
    codes_NL = whole.sample(rng, n)
    near_NL = whole.neighbours(codes_NL[:20]).codes_EL
    known_NL = np.unique(np.concatenate([codes_NL, near_NL]), axis=0)
    return KnownSpace(whole, rng.permutation(known_NL), linked)


class KnownSpaceConformance(EnumerableSpaceConformance):
    def test_a_file_says_which_space_it_is_of(self, space, codes):
        """The whole one, in which an architecture can be built, whatever is known."""
        reference = SpaceReference.of(space)
        assert (reference.name, reference.parameters) == (
            getattr(space.whole, "made_as", space.whole.name), getattr(space.whole, "parameters", {}),
        )  # fmt: skip
        for code_L in codes[:5]:
            np.testing.assert_array_equal(
                space.whole.parse(space.describe(code_L)), space.codes_NL[code_L[0]]
            )


class TestKnownCells(KnownSpaceConformance):
    """Of NAS-Bench-201, which shows graphs."""

    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> EnumerableSpace:
        return some_known(NASBench201(), 12_000)  # each has neighbours


class TestLinkedOfALargeSpace(KnownSpaceConformance):
    """Of 10^14 architectures, next to none of which are neighbours."""

    @pytest.fixture(scope="class")
    @classmethod
    def space(cls) -> EnumerableSpace:
        return some_known(large(), 150, linked=True)


def test_neighbours_are_the_known_ones_of_the_whole():
    whole = NASBench201()
    known = some_known(whole, 300)
    ids = {int(code): i for i, code in enumerate(known.codes_NL[:, 0])}
    for i in range(0, known.size, 11):
        expected = [
            ids[int(c)] for c in whole.neighbours(known.codes_NL[[i]]).codes_EL[:, 0] if int(c) in ids
        ]
        start, stop = known.graph.offsets[i : i + 2]
        assert known.graph.targets_E[start:stop].tolist() == expected
    assert known.dag_operations == whole.dag_operations
    np.testing.assert_array_equal(
        known.dags(np.array([[5]], np.int32)).labels_BCV, whole.dags(known.codes_NL[[5]]).labels_BCV
    )


def test_what_is_not_known_is_refused_and_no_string():
    whole = NASBench101(max_vertices=4)
    known = KnownSpace(whole, np.array([[7], [3]], np.int32))
    assert known.order_N.tolist() == [1, 0]
    assert known.parse(whole.describe(np.array([7], np.int32))) == 1
    with pytest.raises(InvalidArchitectureError, match="does not hold this architecture"):
        known.parse(whole.describe(np.array([8], np.int32)))
    assert known.from_choices(whole.to_choices(np.array([[3], [8]], np.int32)))[:, 0].tolist() == [0, -1]


def test_links_lead_both_ways_to_the_nearest(tmp_path):
    whole = large()
    codes_NL = whole.sample(np.random.default_rng(0), 60)
    assert KnownSpace(whole, codes_NL).graph.edges == 0
    linked = KnownSpace(whole, codes_NL, linked=True)
    assert linked.edit_kinds[-1] == NEAREST
    assert linked.graph.degrees.min() >= 10
    pairs = set(zip(np.repeat(np.arange(60), linked.graph.degrees), linked.graph.targets_E, strict=True))
    assert {(t, s) for s, t in pairs} == pairs
    features = linked.feature_table.astype(int)
    distance = np.abs(features[:, None] - features).sum(axis=2)
    start, stop = linked.graph.offsets[0:2]
    ten = np.sort(distance[0][1:])[:10]
    assert np.sort(distance[0][linked.graph.targets_E[start:stop]])[:10].tolist() == ten.tolist()
    assert KnownSpace(whole, codes_NL).connected == pytest.approx(1 / 60)


def test_a_declared_space_tells_how_many_are_connected(tmp_path):
    from archwalk.spaces.declared import read_space

    whole = read_space(small_file(tmp_path))
    assert KnownSpace(whole, np.arange(whole.size, dtype=np.int32)[:, None]).connected == 1
