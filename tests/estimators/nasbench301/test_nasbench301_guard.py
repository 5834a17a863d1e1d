import numpy as np
import pytest

from archwalk.estimators.nasbench301.guard import LOWEST_SCORE, guarded, is_trusted
from archwalk.spaces.darts.space import DARTS

MAX, AVG, SKIP, SEP3, SEP5, DIL3, DIL5 = range(7)


def code(normal, reduce):
    """An architecture of these operations, each node on the states 0 and 1."""
    operations = np.concatenate([normal, reduce])
    return np.stack([np.tile([0, 1], 8), operations], axis=1).reshape(1, 32).astype(np.int32)


@pytest.mark.parametrize(
    ("normal", "reduce", "trusted"),
    [
        ([SEP3] * 8, [DIL5] * 8, True),
        ([SKIP] * 8, [SKIP] * 8, False),
        ([SKIP] * 4 + [SEP3] * 4, [SKIP] * 5 + [SEP3] * 3, True),
        ([SKIP] * 5 + [SEP3] * 3, [SEP3] * 8, False),
        ([SEP3] * 8, [SKIP] * 6 + [SEP3] * 2, False),
        ([MAX] * 8, [AVG] * 5 + [SEP5, DIL3, DIL5], True),
        ([MAX] * 8, [AVG] * 6 + [SEP5, DIL3], False),
        ([MAX] * 8, [AVG] * 8, False),
    ],
)
def test_what_is_trusted(normal, reduce, trusted):
    assert is_trusted(code(normal, reduce)).tolist() == [trusted]


def test_scores_are_cut_and_never_raised():
    codes = np.concatenate([code([SEP3] * 8, [SEP3] * 8), *[code([SKIP] * 8, [SKIP] * 8)] * 2])
    np.testing.assert_array_equal(guarded(np.array([95.0, 95.0, 80.0]), codes), [95, LOWEST_SCORE, 80])


def test_no_architectures():
    assert guarded(np.empty(0), np.empty((0, 32), np.int32)).shape == (0,)


def test_random_architectures_are_trusted_but_for_a_few():
    codes = DARTS().sample(np.random.default_rng(0), 50_000)
    assert 0.001 < 1 - is_trusted(codes).mean() < 0.005
