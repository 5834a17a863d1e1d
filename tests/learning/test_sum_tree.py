import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archwalk.learning.sum_tree import SumTree


def naive_find(values, units):
    """The first place whose cumulative sum is beyond the share; whole numbers, so nothing is rounded."""
    return np.searchsorted(np.cumsum(values), units * values.sum(), side="right")


@settings(deadline=None, max_examples=200)
@given(capacity=st.integers(1, 40), data=st.data())
def test_it_is_that_of_the_naive_way(capacity, data):
    tree, values = SumTree(capacity), np.zeros(capacity)
    for _ in range(data.draw(st.integers(1, 4))):
        named = st.tuples(st.integers(0, capacity - 1), st.integers(1, 1000))
        rows, new = np.array(data.draw(st.lists(named, min_size=1, max_size=60))).T
        tree.set(rows, new.astype(float))
        for row, value in zip(rows, new, strict=True):
            values[row] = value
        np.testing.assert_array_equal(tree.values, values)
        assert (tree.total, tree.smallest) == (values.sum(), values[values > 0].min())
        units = np.random.default_rng(data.draw(st.integers(0, 2**32))).integers(0, 2**10, 64) / 2**10
        np.testing.assert_array_equal(tree.find(units), naive_find(values, units))


@settings(deadline=None, max_examples=200)
@given(
    values=st.lists(st.one_of(st.none(), st.floats(1e-300, 1e300)), min_size=1, max_size=33),
    units=st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=20),
)
def test_an_empty_place_is_never_found_whatever_is_rounded(values, units):
    filled = np.array([i for i, value in enumerate(values) if value is not None], np.int64)
    tree = SumTree(len(values))
    tree.set(filled, np.array([values[i] for i in filled]))
    units = np.array([*units, 0.0, np.nextafter(1, 0)])
    if len(filled):
        assert set(tree.find(units)) <= set(filled)
    else:
        with pytest.raises(ValueError, match="nothing can be drawn"):
            tree.find(units)


def test_the_leaves_alone_say_what_it_is():
    """Many settings one after the other and one setting give the same bits: nothing drifts."""
    rng = np.random.default_rng(0)
    one, other = SumTree(1000), SumTree(1000)
    for _ in range(200):
        one.set(rng.integers(0, 1000, 50), rng.exponential(size=50) ** 4)
    filled = np.flatnonzero(one.values)
    other.set(filled, one.values[filled])
    assert (one.total, one.smallest) == (other.total, other.smallest)
    units = rng.random(10_000)
    np.testing.assert_array_equal(one.find(units), other.find(units))


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_what_cannot_be_a_priority_is_refused_and_changes_nothing(bad):
    tree = SumTree(4)
    tree.set(np.array([1]), np.array([2.0]))
    with pytest.raises(ValueError, match="above 0"):
        tree.set(np.array([0, 1]), np.array([1.0, bad]))
    assert tree.values.tolist() == [0, 2, 0, 0]


def test_places_and_numbers_must_pair():
    with pytest.raises(ValueError, match="2 places and 1 priorities"):
        SumTree(4).set(np.array([0, 1]), np.array([1.0]))
