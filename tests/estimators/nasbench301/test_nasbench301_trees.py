import itertools
from dataclasses import replace

import numpy as np
import pytest
import xgboost
from nasbench301_models import FEATURES, make_rows, snapshot, train

from archwalk.estimators.nasbench301.boosters import read_booster
from archwalk.estimators.nasbench301.trees import Nodes, make_trees


def predictions(booster, rows):
    """Of xgboost itself, by both of its ways."""
    whole = booster.predict(xgboost.DMatrix(rows))
    np.testing.assert_array_equal(whole, booster.inplace_predict(rows))
    return whole


@pytest.fixture(
    scope="module", params=[{}, {"max_depth": 12}, {"tree_method": "exact"}, {"num_parallel_tree": 3}]
)
def booster(request):
    return train(**request.param)


@pytest.fixture(scope="module")
def trees(booster):
    return read_booster(snapshot(booster), "test")


@pytest.mark.parametrize("missing", [0, 0.1, 1])
@pytest.mark.parametrize("n", [1, 63, 64, 65, 500])
def test_bit_by_bit_as_xgboost(booster, trees, n, missing):
    rows = make_rows(np.random.default_rng(n), n, missing=missing)
    np.testing.assert_array_equal(trees.predict(rows), predictions(booster, rows))


def test_rows_on_and_around_thresholds(booster, trees):
    rng = np.random.default_rng(0)
    rows = rng.choice(trees.threshold_C, (300, FEATURES))
    for shifted in (
        rows,
        np.nextafter(rows, np.float32(-9)),
        np.nextafter(rows, np.float32(9)),
        -rows,
        1e30 * rows,
    ):
        np.testing.assert_array_equal(trees.predict(shifted), predictions(booster, shifted))


def test_missing_values_go_where_training_sent_them(trees):
    assert 0 < trees.missing_left_C.mean() < 1


def test_large_batches_run_in_parts(trees):
    rows = make_rows(np.random.default_rng(0), 3000)
    np.testing.assert_array_equal(
        trees.predict(rows), np.concatenate([trees.predict(r) for r in np.split(rows, 60)])
    )


def test_rows_of_other_types_and_layouts(trees):
    rows = make_rows(np.random.default_rng(0), 100)
    for same in (np.asfortranarray(rows), rows.astype(np.float64), np.repeat(rows, 2, axis=0)[::2]):
        np.testing.assert_array_equal(trees.predict(same), trees.predict(rows))


def test_no_rows(trees):
    assert trees.predict(np.empty((0, FEATURES), np.float32)).shape == (0,)


@pytest.mark.parametrize("shape", [(3, FEATURES - 1), (3, FEATURES + 1), (FEATURES,)])
def test_rows_of_another_width_are_refused(trees, shape):
    with pytest.raises(ValueError, match="rows of 56 features"):
        trees.predict(np.zeros(shape, np.float32))


@pytest.fixture
def two_trees():
    """x0 < 1 ? 10 : (x1 < 2 or missing ? 20 : 30), and a leaf."""
    return Nodes(
        left_N=np.array([1, -1, 3, -1, -1, -1], np.int32),
        right_N=np.array([2, -1, 4, -1, -1, -1], np.int32),
        feature_N=np.array([0, 0, 1, 0, 0, 0], np.int32),
        value_N=np.array([1, 10, 2, 20, 30, 0.5], np.float32),
        missing_left_N=np.array([False, False, True, False, False, False]),
        root_T=np.array([0, 5], np.int32),
        base=100.0,
        features=2,
    )


def test_trees_by_hand(two_trees):
    trees = make_trees(two_trees)
    assert (trees.depth, len(trees.feature_C)) == (2, 2)
    nan = np.nan
    rows = np.array([[0, 9], [1, 1], [1, 2], [nan, 0], [nan, nan], [-np.inf, 5]], np.float32)
    np.testing.assert_array_equal(trees.predict(rows), 100.5 + np.array([10, 20, 30, 20, 20, 10], np.float32))


def test_order_of_nodes_does_not_matter(two_trees):
    rng, rows = (
        np.random.default_rng(0),
        np.array(list(itertools.product((0, 1, np.nan), repeat=2)), np.float32),
    )
    wanted = make_trees(two_trees).predict(rows)
    for _ in range(20):
        old = rng.permutation(6)
        new = np.argsort(old).astype(np.int32)
        shuffled = replace(
            two_trees,
            left_N=np.where(two_trees.left_N[old] >= 0, new[two_trees.left_N[old]], -1).astype(np.int32),
            right_N=np.where(two_trees.right_N[old] >= 0, new[two_trees.right_N[old]], -1).astype(np.int32),
            feature_N=two_trees.feature_N[old],
            value_N=two_trees.value_N[old],
            missing_left_N=two_trees.missing_left_N[old],
            root_T=new[two_trees.root_T],
        )
        np.testing.assert_array_equal(make_trees(shuffled).predict(rows), wanted)


@pytest.mark.parametrize(
    ("column", "at", "value", "message"),
    [
        ("left_N", 0, 6, "child that is not there"),
        ("right_N", 2, -1, "child that is not there"),
        ("left_N", 5, 0, "child that is not there"),
        ("left_N", 2, 0, "child of two nodes"),
        ("right_N", 0, 0, "child of two nodes"),
        ("feature_N", 2, 2, "beyond the 2"),
        ("feature_N", 0, -1, "beyond the 2"),
        ("root_T", 1, 6, "without a root"),
        ("root_T", 1, -1, "without a root"),
        ("root_T", 1, 0, "child of two nodes"),
    ],
)
def test_what_is_no_tree_is_refused(two_trees, column, at, value, message):
    damaged = getattr(two_trees, column).copy()
    damaged[at] = value
    with pytest.raises(ValueError, match=message):
        make_trees(replace(two_trees, **{column: damaged}))


def test_no_trees_are_refused(two_trees):
    with pytest.raises(ValueError, match="no trees"):
        make_trees(replace(two_trees, root_T=np.empty(0, np.int32)))
