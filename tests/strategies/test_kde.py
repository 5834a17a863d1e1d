from itertools import product

import numpy as np
import pytest

from archwalk.strategies.kde import StringDensity

SIZES = np.array([2, 3, 1, 4])
EVERY = np.array(list(product(*map(range, SIZES))), np.int32)


@pytest.fixture(scope="module")
def density() -> StringDensity:
    strings_NC = np.random.default_rng(0).integers(0, SIZES, (9, 4), dtype=np.int32)
    return StringDensity(strings_NC, SIZES, np.array([0.3, 0.4, 0.0, 0.5]))


def test_probabilities_sum_to_one(density):
    probability_B = density.density(EVERY)
    assert (probability_B > 0).all()
    assert probability_B.sum() == pytest.approx(1)


@pytest.mark.parametrize("n", [2, 30])
def test_fitted_probabilities_sum_to_one(n):
    """Also where the data hold one value of a decision only, for which statsmodels divides by zero."""
    strings_NC = np.random.default_rng(0).integers(0, SIZES, (n, 4), dtype=np.int32)
    strings_NC[:, 1] = 2
    assert StringDensity.fit(strings_NC, SIZES, 0.3).density(EVERY).sum() == pytest.approx(1)


def test_the_kernel_is_aitchison_and_aitken_s(density):
    one = StringDensity(np.array([[1, 2, 0, 3]], np.int32), SIZES, density.bandwidths_C)
    same, other = [0.7, 0.6, 1, 0.5], [0.3, 0.2, 1, 0.5 / 3]
    for string_C, probability in zip(EVERY, one.density(EVERY), strict=True):
        expected = np.prod([same[c] if string_C[c] == (1, 2, 0, 3)[c] else other[c] for c in range(4)])
        assert probability == pytest.approx(expected)


def test_a_density_is_the_mean_of_its_strings_kernels(density):
    alone = [
        StringDensity(row[None], SIZES, density.bandwidths_C).density(EVERY) for row in density.strings_NC
    ]
    np.testing.assert_allclose(density.density(EVERY), np.mean(alone, axis=0))


def test_bandwidths_follow_the_rule_of_thumb_between_the_least_and_the_uniform():
    strings_NC = np.array([[0, 0, 0, 0]] * 3 + [[1, 2, 0, 3]] * 3, np.int32)
    sizes_C = np.array([2, 40, 1, 4])
    fitted = StringDensity.fit(strings_NC, sizes_C, 0.3)
    rule_C = 1.06 * strings_NC.std(axis=0) * 6 ** (-1 / 8)
    np.testing.assert_allclose(fitted.bandwidths_C, [rule_C[0], rule_C[1], 0, 3 / 4])
    assert StringDensity.fit(strings_NC[:3], sizes_C, 0.3).bandwidths_C.tolist() == [0.3, 0.3, 0, 0.3]


def test_samples_are_strings_of_the_data_partly_drawn_anew(density):
    strings_BC = density.sample(np.random.default_rng(1), 60_000)
    assert strings_BC.dtype == np.int32
    for c, (size, bandwidth) in enumerate(zip(SIZES, density.bandwidths_C, strict=True)):
        data = np.bincount(density.strings_NC[:, c], minlength=size) / 9
        found = np.bincount(strings_BC[:, c], minlength=size) / 60_000
        np.testing.assert_allclose(found, (1 - bandwidth) * data + bandwidth / size, atol=0.01)
