"""The largest of values that are dear to compute."""

import numpy as np
import pytest

from archwalk.learning.shortlists import largest


@pytest.mark.parametrize("slack", [0.0, 0.05, 10.0])
@pytest.mark.parametrize("wanted", [1, 5, 700, 3000])
def test_the_largest_are_found_and_little_else_is_computed(slack, wanted):
    rng = np.random.default_rng(0)
    values_N = np.round(rng.normal(size=3000), 2)  # many are equal
    asked = []

    def compute(places_K):
        asked.extend(places_K)
        return values_N[places_K]

    found = largest(values_N + slack * rng.random(3000), compute, wanted)
    expected = np.sort(np.argsort(-values_N, kind="stable")[:wanted])
    np.testing.assert_array_equal(found, expected)
    assert len(asked) == len(set(asked))
    if slack < 1 and wanted < 100:
        assert len(asked) < 600


def test_of_fewer_than_are_wanted_all_are_the_largest():
    np.testing.assert_array_equal(largest(np.ones(3), lambda places_K: np.zeros(len(places_K)), 5), [0, 1, 2])
    assert len(largest(np.empty(0), lambda places_K: np.zeros(len(places_K)), 5)) == 0
