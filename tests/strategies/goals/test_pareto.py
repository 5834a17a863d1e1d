"""Fronts, hypervolumes, ranks and expected improvements against slow definitions of them."""

import itertools

import numpy as np
import pytest

from archwalk.strategies.goals.graph_gp import hypervolume_improvement, open_boxes, thinned
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


@pytest.mark.parametrize("goals", [1, 2, 3, 4])
def test_expected_improvement_is_the_mean_of_what_is_gained(goals):
    rng = np.random.default_rng(goals)
    values = rng.normal(size=(8, goals))
    known = values[front(values)]
    reference = known.min(axis=0) - 0.3
    mean, deviation = rng.normal(0.5, 0.7, (3, goals)), rng.uniform(0.1, 0.8, (3, goals))
    expected = hypervolume_improvement(mean, deviation, known, reference)
    before = hypervolume(known, reference)
    drawn = rng.normal(mean, deviation, (4_000 if goals < 3 else 1_500, 3, goals))
    gained = [[hypervolume(np.vstack([known, one]), reference) - before for one in row] for row in drawn]
    np.testing.assert_allclose(np.mean(gained, axis=0), expected, rtol=0.03, atol=0.05)
    assert (expected > 0).all()


@pytest.mark.parametrize("goals", [2, 3, 4])
def test_boxes_are_all_that_is_not_dominated(goals):
    """Points drawn by lot lie in exactly one box, or in none where the front dominates them."""
    rng = np.random.default_rng(goals)
    values = rng.integers(0, 6, (12, goals)).astype(float)
    known, reference = values[front(values)], np.zeros(goals)
    lower_CG, upper_CG = open_boxes(known, reference)
    drawn = rng.uniform(0, 7, (500, goals))
    inside = ((drawn[:, None] > lower_CG) & (drawn[:, None] < upper_CG)).all(axis=2).sum(axis=1)
    dominated = (known[None] > drawn[:, None]).all(axis=2).any(axis=1)
    np.testing.assert_array_equal(inside, np.where(dominated, 0, 1))
    assert 0 < dominated.mean() < 1


def test_a_front_is_thinned_where_it_is_crowded():
    angle = np.append(np.linspace(0, 1, 60), np.linspace(0.5, 0.51, 20))
    many = np.stack([np.cos(angle), np.sin(angle), 1 - angle / 2], axis=1)
    left = thinned(many)
    assert len(left) == 50
    assert {0.0, 1.0} <= set(2 * (1 - left[:, 2])), "its ends stay"
    assert ((left[:, 2] > 0.744) & (left[:, 2] < 0.751)).sum() < 8
