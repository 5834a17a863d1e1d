"""Fronts, hypervolumes, ranks and expected improvements against slow definitions of them."""

import itertools

import numpy as np
import pytest

from archwalk.strategies.goals.graph_gp import hypervolume_improvement
from archwalk.strategies.goals.pareto import crowding, front, hypervolume, ranks, reference_point


def slow_front(values):
    """By the definition; of equal ones the first."""
    found = []
    for i, one in enumerate(values):
        beaten = any((other >= one).all() and (other > one).any() for other in values)
        repeats = any((values[j] == one).all() for j in range(i))
        if not beaten and not repeats and not np.isnan(one).any():
            found.append(i)
    return found


@pytest.mark.parametrize("goals", [1, 2, 3, 4])
def test_front_is_what_the_definition_says(goals):
    rng = np.random.default_rng(goals)
    for _ in range(20):
        values = rng.integers(0, 5, (rng.integers(1, 25), goals)).astype(float)
        assert front(values).tolist() == slow_front(values)


def test_what_is_not_known_is_in_no_front():
    assert front(np.array([[np.nan, 5], [1, 1], [5, np.nan]])).tolist() == [1]
    assert front(np.empty((0, 2))).tolist() == []


@pytest.mark.parametrize("goals", [1, 2, 3])
def test_hypervolume_counts_the_cells_that_are_dominated(goals):
    rng = np.random.default_rng(goals)
    for _ in range(10):
        values = rng.integers(-1, 6, (6, goals))
        cells = sum(
            any((value > cell).all() for value in values)
            for cell in itertools.product(range(6), repeat=goals)
        )
        assert hypervolume(values.astype(float), np.zeros(goals)) == cells


def test_reference_point_lies_a_tenth_beyond():
    np.testing.assert_allclose(reference_point(np.array([[0.0, 10], [5, 0]])), [-0.5, -1])
    np.testing.assert_allclose(reference_point(np.array([[4.0, -3]])), [3.6, -3.3])


def test_ranks_put_what_breaks_limits_behind():
    values = np.array([[1.0, 1], [2, 0], [0, 0], [9, 9], [1, 1], [np.nan, 1]])
    violations = np.array([0, 0, 0, 0.5, 0, 0.0])
    found = ranks(values, np.where(np.isnan(values).any(axis=1), np.inf, violations))
    assert found.tolist() == [0, 0, 1, 2, 0, 3]


def test_crowding_keeps_the_ends_and_what_is_alone():
    found = crowding(np.array([[0.0, 10], [1, 9], [2, 8], [10, 0]]))
    assert np.isinf(found[[0, 3]]).all()
    assert found[2] > found[1]


@pytest.mark.parametrize("goals", [1, 2])
def test_expected_improvement_is_the_mean_of_what_is_gained(goals):
    rng = np.random.default_rng(goals)
    values = rng.normal(size=(8, goals))
    known = values[front(values)]
    reference = known.min(axis=0) - 0.3
    mean, deviation = rng.normal(0.5, 0.7, (3, goals)), rng.uniform(0.1, 0.8, (3, goals))
    expected = hypervolume_improvement(mean, deviation, known, reference)
    before = hypervolume(known, reference)
    drawn = rng.normal(mean, deviation, (4_000, 3, goals))
    gained = [[hypervolume(np.vstack([known, one]), reference) - before for one in row] for row in drawn]
    np.testing.assert_allclose(np.mean(gained, axis=0), expected, atol=0.05)
    assert (expected > 0).all()
